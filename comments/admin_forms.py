"""Forms of the admin for decisions about comments."""

from django import forms
from django.utils.translation import gettext_lazy

from comments.models import Decision
from comments.rulebook import rules_in_force
from comments.rules import no_reason


class ExplanationField(forms.CharField):
    """A sentence that people read, as long as a decision holds."""

    def __init__(self, **options):
        super().__init__(
            max_length=Decision._meta.get_field("explanation").max_length,
            widget=forms.Textarea({"rows": 4}),
            help_text=gettext_lazy("At most 1,000 characters."),
            **options,
        )


class HideForm(forms.Form):
    """Which rule, and the sentence that the author reads."""

    rule = forms.CharField(widget=forms.HiddenInput)
    rule_words = forms.CharField(required=False)
    explanation = ExplanationField(label=gettext_lazy("What the author reads"))

    def __init__(self, *args, house_rule, reports, **kwargs):
        super().__init__(*args, auto_id=f"id_{house_rule.number}_%s", **kwargs)
        self.house_rule, self.reports = house_rule, reports
        self.initial = {"rule": house_rule.number, "explanation": house_rule.explanation}

    def clean_explanation(self):
        explanation = self.cleaned_data["explanation"]
        if reason := no_reason(self.house_rule, explanation):
            raise forms.ValidationError(reason)
        return explanation

    @classmethod
    def each_rule(cls, data, reports):
        """One form for each rule with its sentence.

        First comes the one that was sent, which keeps what it holds, then what was reported.
        """
        sent = data.get("rule") if data else None
        each = [
            cls(
                data if rule.number == sent else None,
                house_rule=rule,
                reports=[report for report in reports if report.rule == rule.number],
            )
            for rule in rules_in_force()
        ]
        return sorted(each, key=lambda form: (not form.is_bound, not form.reports))


class DismissForm(forms.Form):
    """Why a comment that was reported stays."""

    explanation = ExplanationField(
        label=gettext_lazy("What those who reported it and the author read"),
        initial=gettext_lazy("The comment breaks no rule."),
    )
