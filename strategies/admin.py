from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import connection, models, transaction
from django.db.models import Exists, OuterRef, Prefetch
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin import OnlyListedFilters, already_taken_back, offer_undo
from accounts.forms import DayField, posted
from lenzen.richtext import editor_csp
from strategies.actions import (
    PhaseRefused,
    StrategyRefused,
    missing,
    publish_strategy,
    revise_goal,
    take_back_event,
    unpublish_strategy,
)
from strategies.admin_deeds import DEEDS, possible
from strategies.admin_forms import (
    GoalForm,
    GoalFormSet,
    PhaseForm,
    PhaseFormSet,
    StrategyForm,
    WordingForm,
)
from strategies.models import TAKE_BACK, Goal, Milestone, Participation, Phase, PhaseEvent, Strategy
from strategies.wording import clock, day, event_sentence, last_moment, state, tally, timing


class GoalInline(admin.StackedInline):
    model = Goal
    form = GoalForm
    formset = GoalFormSet
    extra = 0
    fields = ["number", "title", "text", "wording"]
    readonly_fields = ["wording"]

    def get_queryset(self, request):
        goals = super().get_queryset(request).select_related("strategy")
        # Whoever writes the first comment waits until these words are saved, and we see
        # every comment that was faster.
        return goals.select_for_update(of=("self",)) if request.method == "POST" else goals

    def view_on_site(self, goal):
        return goal.get_absolute_url() if goal.strategy.is_public else None

    @admin.display(description=gettext_lazy("Wording"))
    def wording(self, goal):
        if not goal.commented_at:
            return _("Can be changed until somebody comments on it.")
        return format_html(
            '{} <a href="{}">{}<span class="visually-hidden"> ({})</span></a>',
            _("There are comments, so the words change only with a public reason."),
            reverse("admin:strategies_strategy_revise_goal", args=[goal.pk]),
            _("Change the words…"),
            goal,
        )


class PhaseInline(admin.StackedInline):
    model = Phase
    form = PhaseForm
    formset = PhaseFormSet
    extra = 0
    fields = ["title", "description", "opens_at", "closes_at", "deeds"]
    fields += ["answer_by", "answered_at"]
    readonly_fields = ["deeds"]
    formfield_overrides = {
        models.DateField: {"form_class": DayField},
        models.TextField: {"widget": forms.Textarea({"rows": 3})},
    }

    def get_queryset(self, request):
        begun = Phase.objects.begun().filter(pk=OuterRef("pk"))
        phases = super().get_queryset(request).clocked().annotate(has_begun=Exists(begun))
        phases = phases.select_related("strategy")
        return phases.select_for_update(of=("self",)) if request.method == "POST" else phases

    @admin.display(description=gettext_lazy("Time"))
    def deeds(self, phase):
        if phase.pk is None or not (phase.has_begun or phase.strategy.is_public):
            return _("The dates can be changed until the phase has opened.")
        return format_html_join(
            " ",
            '<a class="deed" href="{}">{}<span class="visually-hidden"> ({})</span></a>',
            (
                (
                    reverse("admin:strategies_strategy_phase", args=[phase.pk, name]),
                    DEEDS[name].link,
                    phase,
                )
                for name in possible(phase)
            ),
        )


class MilestoneInline(admin.StackedInline):
    model = Milestone
    extra = 0
    fields = ["day", "title"]
    formfield_overrides = {models.DateField: {"form_class": DayField}}


@admin.register(Strategy)
class StrategyAdmin(OnlyListedFilters, admin.ModelAdmin):
    """A strategy with its goals, phases and milestones on one page."""

    list_display = ["title_with_number", "public", "time"]
    list_display_links = ["title_with_number"]
    search_fields = ["title", "goals__title"]
    form = StrategyForm
    inlines = [GoalInline, PhaseInline, MilestoneInline]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "opened_with",
                    "number",
                    "title",
                    "slug",
                    "summary",
                    "edition",
                    "introduction",
                ]
            },
        ),
        (
            gettext_lazy("Needed before it is published"),
            {"fields": ["next_steps", "contact", "commenting_intended"]},
        ),
    ]
    formfield_overrides = {models.TextField: {"widget": forms.Textarea({"rows": 4})}}
    actions = None

    def get_queryset(self, request):
        phases = Phase.objects.clocked().prefetch_related("events")
        strategies = super().get_queryset(request)
        strategies = strategies.prefetch_related(Prefetch("phases", queryset=phases))
        # Whoever publishes it or takes it back waits until this is saved, and we see who was
        # faster. Pages that save nothing have no transaction to hold anything in.
        is_saving = request.method == "POST" and connection.in_atomic_block
        return strategies.select_for_update() if is_saving else strategies

    @admin.display(description=gettext_lazy("strategy"), ordering="number")
    def title_with_number(self, strategy):
        return str(strategy)

    @admin.display(description=gettext_lazy("public"), ordering="published_at")
    def public(self, strategy):
        if not strategy.is_public:
            return _("Draft")
        return _("Since {day}").format(day=day(strategy.published_at))

    @admin.display(description=gettext_lazy("commenting"))
    def time(self, strategy):
        return timing(strategy, list(strategy.phases.all())).short

    def get_readonly_fields(self, request, obj=None):
        return ["slug"] if obj and obj.has_been_public else []

    @method_decorator(editor_csp)
    def changeform_view(self, *args, **kwargs):
        return super().changeform_view(*args, **kwargs)

    def get_inline_formsets(self, request, formsets, *args, **kwargs):
        # Django pairs what was sent with the rows that are there now. Where somebody has
        # deleted one meanwhile, what was typed about the last would not be shown again.
        for formset in [one for one in formsets if one.is_bound]:
            sent = (form.instance for form in formset.initial_forms)
            formset._queryset = [row if row.pk else None for row in sent]
        return super().get_inline_formsets(request, formsets, *args, **kwargs)

    def save_model(self, request, obj, form, change):
        # Only what was typed: a strategy published meanwhile stays published.
        only = {"update_fields": [*form.changed_data, "changed_at"]} if change else {}
        obj.save(**only)

    def has_delete_permission(self, request, obj=None):
        """What was published or commented on stays."""
        may = super().has_delete_permission(request, obj)
        if obj is None:
            return may
        used = obj.phases.filter(participations__isnull=False).exists()
        return may and not (obj.is_public or used)

    def get_urls(self):
        pages = {
            "<int:pk>/publish/": (self.publish, "publish"),
            "<int:pk>/unpublish/": (self.unpublish, "unpublish"),
            "goals/<int:pk>/": (self.revise_goal, "revise_goal"),
            "phases/<int:pk>/<str:name>/": (self.phase, "phase"),
            "events/<int:pk>/take-back/": (self.take_back, "take_back"),
        }
        return [
            path(address, self.admin_site.admin_view(view), name=f"strategies_strategy_{name}")
            for address, (view, name) in pages.items()
        ] + super().get_urls()

    def publish(self, request, pk):
        """Say what becomes public and what is missing; then publish."""
        strategy = self._find(request, Strategy, pk)
        return self._publication(
            request,
            strategy,
            publish_strategy,
            title=_("Publish"),
            consequence=_(
                "Everybody can read the strategy, its goals and its phases, and comment while a"
                " phase is open. You can take it back at any time."
            ),
            done=_("The strategy is published."),
            missing=missing(strategy),
            warning=_before_publishing(strategy),
        )

    def unpublish(self, request, pk):
        """Say what vanishes; then take the strategy back into the draft."""
        strategy = self._find(request, Strategy, pk)
        said = Participation.objects.filter(phase__strategy=strategy).tally()
        warning = ""
        if said["contributions"]:
            warning = _("What vanishes from the public with it: {tally}.").format(
                tally=tally(**said)
            )
        return self._publication(
            request,
            strategy,
            unpublish_strategy,
            title=_("Take back into the draft"),
            consequence=_(
                "For the public the strategy does not exist any more, nor do its goals and"
                " comments; links to them lead nowhere, and messages about it that have not left"
                " yet are taken back. Nothing else is deleted: once published again, everything is"
                " back."
            ),
            done=_("The strategy is a draft again."),
            warning=warning,
        )

    def _publication(self, request, strategy, action, *, title, done, **context):
        form = forms.Form(posted(request))
        if form.is_valid():
            try:
                action(strategy=strategy)
            except StrategyRefused as refused:
                form.add_error(None, refused.reason)
            else:
                messages.success(request, done)
                return self._back_to(strategy)
        return self._deed_page(request, strategy, title, form, **context)

    @method_decorator(editor_csp)
    def revise_goal(self, request, pk):
        """Change the words of a goal that has comments, with a public reason."""
        goal = self._find(request, Goal, pk, "strategy")
        form = WordingForm(posted(request), goal=goal)
        if form.is_bound and self._revise(request, goal, form):
            return self._back_to(goal.strategy)
        consequence = _("The old words are kept, and the page says when they changed and why.")
        title = _("Change the words of {goal}").format(goal=goal)
        context = {"consequence": consequence, "button": _("Change the words")}
        return self._deed_page(request, goal.strategy, title, form, **context)

    @transaction.atomic
    def _revise(self, request, goal, form):
        if not form.is_valid():
            return False
        try:
            changed = revise_goal(goal=goal, by=request.user, **form.cleaned_data)
        except StrategyRefused as refused:
            form.add_error(None, refused.reason)
            return False
        text = _("The words were changed.") if changed else _("Nothing was changed.")
        messages.success(request, text)
        return True

    def phase(self, request, pk, name):
        """Open, close, extend or reopen a phase, with a public reason."""
        if name not in DEEDS:
            raise Http404
        phase, deed = self._find(request, Phase, pk, "strategy"), DEEDS[name]
        form = deed.form(posted(request))
        if form.is_valid():
            try:
                event = deed.action(phase=phase, by=request.user, **form.cleaned_data)
            except PhaseRefused as refused:
                form.add_error(None, refused.reason)
            else:
                self._offer_undo(request, event)
                return self._back_to(phase.strategy)
        context = {"button": deed.title, "consequence": deed.consequence, "can_be_undone": True}
        if "closes_at" in form.fields:
            context["so_far"] = _("Last day so far: {day}").format(day=last_moment(phase.closes_at))
        title = f"{deed.title}: {phase}"
        return self._deed_page(request, phase.strategy, title, form, **context)

    def _offer_undo(self, request, event):
        offer_undo(
            request,
            done=event_sentence(event),
            about=event.about,
            time=clock(event.moment + TAKE_BACK),
            url=reverse("admin:strategies_strategy_take_back", args=[event.pk]),
        )

    def take_back(self, request, pk):
        if request.method != "POST":
            # They had to sign in on the way; the button is there.
            return redirect("admin:index")
        if not self.has_change_permission(request):
            raise PermissionDenied
        event = PhaseEvent.objects.select_related("phase__strategy").filter(pk=pk).first()
        if event is None:
            return already_taken_back(request)
        try:
            take_back_event(event=event)
        except PhaseRefused as refused:
            messages.error(request, refused.reason)
        else:
            messages.success(request, _("It was taken back. No message leaves."))
        return self._back_to(event.phase.strategy)

    def _find(self, request, model, pk, *related):
        if not self.has_change_permission(request):
            raise PermissionDenied
        return get_object_or_404(model.objects.select_related(*related), pk=pk)

    def _back_to(self, strategy):
        return redirect("admin:strategies_strategy_change", strategy.pk)

    def _deed_page(self, request, strategy, title, form, **context):
        context |= {
            "title": title,
            "form": form,
            "strategy": strategy,
            "back": reverse("admin:strategies_strategy_change", args=[strategy.pk]),
            "media": self.media + form.media,
        }
        context = self.admin_site.each_context(request) | context
        return TemplateResponse(request, "admin/strategies/strategy/deed.html", context)


def _before_publishing(strategy: Strategy) -> str:
    """What might not be meant that way."""
    sentences = []
    if not strategy.goals.exists():
        text = _(
            "This strategy has no goals. People can only comment on it as a whole. If it is not"
            " meant that way, please add them before you publish it."
        )
        sentences.append(text)
    phases = list(strategy.phases.clocked())
    if phases and all(state(phase, phase.now) == "closed" for phase in phases):
        text = _(
            "All phases of this strategy lie in the past, so nobody can comment. If it is not"
            " meant that way, please change the days before you publish it."
        )
        sentences.append(text)
    for phase in phases:
        if state(phase, phase.now) == "open":
            text = _(
                "With that commenting is open at once; its last day is {day}. If it is not meant"
                " that way, please change the days before you publish it."
            )
            sentences.append(text.format(day=last_moment(phase.closes_at)))
    return " ".join(sentences)
