"""Forms of the admin for strategies, goals and phases."""

from collections.abc import Iterable
from datetime import timedelta
from hashlib import sha256
from itertools import combinations

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.html import format_html, strip_tags
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.town import SOMEBODY_WAS_FASTER
from accounts.town_admin import Unseen
from lenzen.richtext import RichText
from strategies.addresses import free_slug
from strategies.fields import ClosingField, OpeningField
from strategies.models import Goal, Phase, Strategy
from strategies.wording import day, day_and_time, days_of, last_day, last_moment, overlap_named

OUT_OF_THE_WAY = 10_000
"""No goal has a number as high."""

A_DAY = timedelta(days=1)

REASON_HELP = gettext_lazy("Everybody can read it, on the page and in the message.")


class Said(forms.Widget):
    """Shows a moment in words and takes nothing; for fields that are disabled."""

    def __init__(self, words):
        super().__init__()
        self.words = words

    def id_for_label(self, id_):
        return None

    def render(self, name, value, attrs=None, renderer=None):
        return format_html('<div class="readonly">{}</div>', self.words(value))


def rows_on_page(strategy: Strategy) -> list[QuerySet]:
    """What the page of a strategy shows for change."""
    related = [strategy.goals, strategy.phases, strategy.milestones]
    rows = [Strategy.objects.filter(pk=strategy.pk), *(manager.all() for manager in related)]
    return [some.order_by("pk") for some in rows]


def fingerprint(rows: Iterable[QuerySet]) -> str:
    """What these rows say where people can change it, as one short text; two differ if they do."""
    said = [
        list(some.values_list(*(field.name for field in some.model._meta.fields if field.editable)))
        for some in rows
    ]
    return sha256(repr(said).encode()).hexdigest()


class Fingerprint(forms.CharField):
    """Comes back as it went out; nobody types it."""

    widget = Unseen

    def has_changed(self, initial, data):
        return False


class StrategyForm(forms.ModelForm):
    """A strategy; a published one keeps saying what people must know.

    Who was faster, with anything on the page, is not overwritten.
    """

    opened_with = Fingerprint(required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].required = False
            self.fields["slug"].help_text += " " + _("Left empty, it is made from the title.")
        if self.instance.pk and not self.is_bound:
            self.initial["opened_with"] = fingerprint(rows_on_page(self.instance))

    def clean_slug(self):
        typed, given = self.cleaned_data["slug"], self.cleaned_data
        if typed or "title" not in given or "number" not in given:
            return typed
        return free_slug(title=given["title"], number=given["number"])

    def clean(self):
        super().clean()
        if self.instance.pk:
            # Deeds hold the phase or the goal, not the strategy: all must wait for us.
            held = (rows.select_for_update() for rows in rows_on_page(self.instance))
            if self.cleaned_data.get("opened_with") != fingerprint(held):
                self.add_error(None, SOMEBODY_WAS_FASTER)
        return self.cleaned_data

    def _get_validation_exclusions(self):
        # It is no field of the form, but what the database demands depends on it.
        return super()._get_validation_exclusions() - {"published_at"}


class GoalForm(forms.ModelForm):
    """A goal; once there are comments, its words are shown and not changed here."""

    class Meta:
        model = Goal
        fields = ["number", "title", "text"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["number"].validators.append(MaxValueValidator(OUT_OF_THE_WAY - 1))
        if self.instance.commented_at:
            for field in self.fields.values():
                field.disabled = True
            self.fields["text"].widget = RichText()


class PhaseForm(forms.ModelForm):
    """A phase; once it has begun, its dates are shown and not changed here."""

    opens_at = OpeningField(label=gettext_lazy("Opens"))
    closes_at = ClosingField(
        label=gettext_lazy("Last day"),
        help_text=gettext_lazy("Counts whole, unless you give a time."),
    )

    class Meta:
        model = Phase
        fields = ["title", "description", "opens_at", "closes_at", "answer_by", "answered_at"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if getattr(self.instance, "has_begun", False):
            for name, words in (("opens_at", day_and_time), ("closes_at", last_moment)):
                self.fields[name] = forms.Field(
                    label=self.fields[name].label, disabled=True, widget=Said(words)
                )

    def clean(self):
        super().clean()
        given = self.cleaned_data
        # A new phase does not come from the database, nor its time.
        now = getattr(self.instance, "now", timezone.now())
        if "opens_at" in given and "closes_at" in given:
            self._check_opening(given["opens_at"], given["closes_at"], now)
            self._check_answer(last_day(given["closes_at"])[0], timezone.localdate(now))
        return given

    def _check_opening(self, opens_at, closes_at, now):
        would_open = "opens_at" in self.changed_data and opens_at < now - A_DAY and now < closes_at
        if would_open and Strategy.objects.published().filter(pk=self.instance.strategy_id):
            text = _(
                "This beginning has passed, and the phase would open at once. Please take today as"
                " the first day."
            )
            self.add_error("opens_at", text)

    def _check_answer(self, last, today):
        for name in ("answer_by", "answered_at"):
            # A deed that moves the end keeps nobody from saving the rest of the page.
            was_changed = {name, "closes_at"}.intersection(self.changed_data)
            on = self.cleaned_data.get(name) if was_changed else None
            if on and on < last:
                text = _("This is before the last day of the phase, {day}.").format(day=day(last))
                self.add_error(name, text)
            elif on and name == "answered_at" and on > today:
                self.add_error(name, _("This day is still to come."))

    def _update_errors(self, errors):
        super()._update_errors(overlap_named(errors))


def _remaining(formset):
    """The forms whose rows stay, and the rows that are to be deleted."""
    stay, go = [], []
    for form in formset.forms:
        if form.errors or (not form.has_changed() and form.instance.pk is None):
            continue
        if formset._should_delete_form(form):
            go.append(form.instance)
        else:
            stay.append(form.instance)
    return stay, go


class GoalFormSet(forms.BaseInlineFormSet):
    def clean(self):
        # Before Django says it, naming every comment.
        stay, go = _remaining(self)
        for goal in go:
            if goal.commented_at:
                text = _("{goal} has comments and cannot be deleted.")
                raise ValidationError(text.format(goal=goal))
        for one, other in combinations(stay, 2):
            if one.number == other.number:
                text = _("Two goals have the number {number}. Please give each its own.")
                raise ValidationError(text.format(number=one.number))
        super().clean()

    def save_existing_objects(self, commit=True):
        # Row by row two goals could not swap their numbers: those that leave one go first.
        leaving = [
            form.instance.pk
            for form in self.initial_forms
            if "number" in form.changed_data or form in self.deleted_forms
        ]
        Goal.objects.filter(pk__in=leaving).update(number=F("number") + OUT_OF_THE_WAY)
        return super().save_existing_objects(commit)


class PhaseFormSet(forms.BaseInlineFormSet):
    def clean(self):
        stay, go = _remaining(self)
        for phase in go:
            if phase.participations.exists():
                text = _("The phase “{title}” has comments and cannot be deleted.")
                raise ValidationError(text.format(title=phase.title))
        # Against the rows in the database each form was checked by itself; not yet
        # against the others that arrive with it.
        for one, other in combinations(stay, 2):
            if one.opens_at < other.closes_at and other.opens_at < one.closes_at:
                text = _(
                    "“{one}” ({days}) and “{other}” ({other_days}) overlap. Please change one of"
                    " them: only one phase can be open at a time."
                )
                days, other_days = days_of(one), days_of(other)
                raise ValidationError(
                    text.format(one=one.title, days=days, other=other.title, other_days=other_days)
                )
        super().clean()


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Public reason"), max_length=300, help_text=REASON_HELP
    )


class AnswerForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("What the administration answers"),
        max_length=300,
        widget=forms.Textarea({"rows": 4}),
        help_text=gettext_lazy(
            "A few sentences: what becomes of the comments, and where the whole answer stands."
            " Everybody can read them, on the page and in the message."
        ),
    )


class NewEndForm(ReasonForm):
    closes_at = ClosingField(
        label=gettext_lazy("New last day"),
        help_text=gettext_lazy("Counts whole, unless you give a time."),
    )
    field_order = ["closes_at", "reason"]


class WordingForm(forms.Form):
    """New words for a goal that people have commented on; who was faster is not overwritten."""

    opened_with = Fingerprint(required=False)
    title = Goal._meta.get_field("title").formfield()
    text = Goal._meta.get_field("text").formfield()
    reason = forms.CharField(
        label=gettext_lazy("Public reason"),
        max_length=300,
        help_text=gettext_lazy("Everybody can read it, beside the old words, which are kept."),
    )

    def __init__(self, *args, goal, **kwargs):
        super().__init__(*args, **kwargs)
        self.goals = Goal.objects.filter(pk=goal.pk)
        self.initial = {"title": goal.title, "text": goal.text}
        if not self.is_bound:
            self.initial["opened_with"] = fingerprint([self.goals])

    def clean_text(self):
        if self.initial["text"] and not strip_tags(self.cleaned_data["text"]).strip():
            raise ValidationError(_("People have commented on this text: it cannot be empty."))
        return self.cleaned_data["text"]

    def clean(self):
        # A colleague who saves at the same time waits for us, or we for them.
        held = self.goals.select_for_update()
        if self.cleaned_data.pop("opened_with", None) != fingerprint([held]):
            raise ValidationError(SOMEBODY_WAS_FASTER)
        return self.cleaned_data
