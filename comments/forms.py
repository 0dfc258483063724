from django import forms
from django.utils.formats import number_format
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.forms import AddressField, DoorForm, possible_name
from comments.models import MAX_LENGTH, Comment, Label, Report
from comments.rulebook import Rule, rules_in_force
from comments.rules import too_long


def _as_counted(text: str) -> str:
    # Browsers send a line break as two characters.
    return text.replace("\r\n", "\n").replace("\r", "\n")


class LimitedField(forms.CharField):
    """A text of at most ``most`` characters.

    The browser takes more, so that nobody loses the end of a text when pasting it.
    """

    def __init__(self, *, most: int, **options):
        super().__init__(**options)
        self.most = most

    def to_python(self, value):
        return _as_counted(super().to_python(value))

    def validate(self, value):
        super().validate(value)
        over = len(value) - self.most
        if over > 0:
            sentence = ngettext(
                "Your text is {over} character too long. {most} are allowed. Please shorten it.",
                "Your text is {over} characters too long. {most} are allowed. Please shorten it.",
                over,
            )
            numbers = {"over": _number(over), "most": _number(self.most)}
            raise forms.ValidationError(sentence.format(**numbers), code="too_long")


def _number(number):
    return number_format(number, force_grouping=True)


class WordsForm(forms.Form):
    """A text of at most ``most`` characters, and what kind of comment it is. Checks the text and
    only the text."""

    limit = MAX_LENGTH
    """What a page counts against; a draft may be longer."""

    label = forms.ChoiceField(
        label=_("What kind of comment is it?"),
        choices=[("", _("Not specified")), *Label.choices],
        required=False,
    )
    agrees_to = forms.IntegerField(required=False)
    text = forms.CharField(
        label=_("Your comment"),
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _("Please write something first.")},
    )

    def __init__(self, *args, strategy, most=MAX_LENGTH, **kwargs):
        super().__init__(*args, **kwargs)
        self.strategy, self.most = strategy, most

    def clean_text(self):
        field = self.fields["text"]
        text = _as_counted(self.cleaned_data["text"])
        if len(text) > self.most:
            raise forms.ValidationError(too_long(len(text), self.strategy), code="too_long")
        # Signs that nobody sees, as they come with a copied text, are no words.
        if not any(sign.isprintable() and not sign.isspace() for sign in text):
            raise forms.ValidationError(field.error_messages["required"], code="required")
        return text


class EditForm(WordsForm):
    """The same for a change, with what its author was told about the words before."""

    leaves_nothing = forms.BooleanField(required=False)


class CommentForm(WordsForm):
    """A comment or, with the comment it answers and its version, a reply."""

    parent = forms.ModelChoiceField(
        Comment.objects.none(), required=False, widget=forms.HiddenInput
    )
    version = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args, strategy, goal, **kwargs):
        super().__init__(*args, strategy=strategy, **kwargs)
        if self.is_bound:
            place = Comment.objects.discussion(strategy.pk, goal.pk if goal else None)
            self.fields["parent"].queryset = place.published()

    def clean(self):
        # Replies belong to a comment that has one.
        if self.cleaned_data.get("parent"):
            self.cleaned_data["label"] = ""
        return self.cleaned_data


class VisitorCommentForm(DoorForm, CommentForm):
    """The same for whoever is not signed in: who they are stands in it, as at the door."""

    def clean_name(self):
        return possible_name(self.cleaned_data["name"])


def _rules():
    return [(rule.number, capfirst(rule.short)) for rule in rules_in_force()]


class ReportForm(forms.Form):
    """What is wrong with a comment, and where the answer goes."""

    rule = forms.ChoiceField(
        label=_("What is wrong with the comment?"),
        choices=_rules,
        widget=forms.RadioSelect,
        error_messages={"required": _("Please choose what is wrong with the comment.")},
    )
    words = LimitedField(
        label=_("What do you mean?"),
        most=Report._meta.get_field("words").max_length,
        widget=forms.Textarea({"rows": 4}),
        required=False,
        help_text=format_lazy(
            "{} {}",
            _("Only the moderation reads this. If it is against the law, please say why."),
            _("At most 1,000 characters."),
        ),
    )

    def clean(self):
        if self.cleaned_data.get("rule") == Rule.LAW and self.cleaned_data.get("words") == "":
            # Without, nobody can tell what to look for (Article 16 of Regulation (EU) 2022/2065).
            self.add_error("words", _("Please say why it is against the law."))
        return self.cleaned_data


class VisitorReportForm(ReportForm):
    """The same for whoever is not signed in: name and address may stay empty."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=Report._meta.get_field("name").max_length,
        widget=forms.TextInput({"autocomplete": "name"}),
        required=False,
        help_text=_("Only the moderation reads it."),
    )
    email = AddressField(
        required=False,
        help_text=_("So that you hear what came of it. Is not published."),
    )
