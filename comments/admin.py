from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Q, TextField, Value, When
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html_join
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.admin import OnlyListedFilters, already_taken_back, offer_undo
from accounts.forms import posted
from accounts.messages import in_one_line
from accounts.numbers import row_number
from comments.actions import (
    EditedMeanwhile,
    ModerationRefused,
    dismiss_reports,
    hide_comment,
    restore_comment,
    take_back_decision,
)
from comments.admin_forms import DismissForm, HideForm
from comments.models import READABLE, Comment, Decision, Report
from comments.reports import OPEN_REPORTS, in_words, report_in_words
from comments.rules import may_moderate
from strategies.models import TAKE_BACK, Phase, Strategy
from strategies.wording import clock, day_and_time

AT_ONCE = 100
"""How many comments one decision may be about: they are all shown before."""


class StrategyFilter(admin.SimpleListFilter):
    title = gettext_lazy("strategy")
    parameter_name = "strategy"

    def lookups(self, request, model_admin):
        return [(strategy.pk, str(strategy)) for strategy in Strategy.objects.all()]

    def queryset(self, request, queryset):
        chosen = row_number(self.value())
        return queryset.filter(phase__strategy=chosen) if chosen else queryset


class PhaseFilter(admin.SimpleListFilter):
    title = gettext_lazy("phase")
    parameter_name = "phase"

    def lookups(self, request, model_admin):
        phases = Phase.objects.select_related("strategy").order_by("strategy__number", "opens_at")
        if chosen := row_number(request.GET.get("strategy")):
            phases = phases.filter(strategy=chosen)
        return [(phase.pk, str(phase)) for phase in phases]

    def queryset(self, request, queryset):
        chosen = row_number(self.value())
        return queryset.filter(phase=chosen) if chosen else queryset


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [
            ("reported", _("Reported")),
            ("visible", _("Visible")),
            ("hidden", _("Hidden")),
            ("withdrawn", _("Withdrawn")),
        ]

    def queryset(self, request, queryset):
        if self.value() == "reported":
            open_reports = Report.objects.open().values("comment")
            return queryset.filter(pk__in=open_reports)
        states = {
            "visible": READABLE,
            "hidden": ~Q(hidden_by=None),
            "withdrawn": ~Q(withdrawn_at=None),
        }
        return queryset.filter(states.get(self.value(), Q()))


@admin.register(Comment)
class CommentAdmin(OnlyListedFilters, admin.ModelAdmin):
    """What people said, to read and to decide about. Nobody changes their words."""

    list_display = ["number", "excerpt", "who", "place", "date", "state", "deed"]
    list_display_links = ["number"]
    list_filter = [StrategyFilter, PhaseFilter, StateFilter]
    list_select_related = ["author", "goal", "phase__strategy", "hidden_by"]
    list_per_page = 50
    search_fields = ["said", "author__public_name"]
    search_help_text = gettext_lazy("Words of a comment, a name, or a number.")
    show_full_result_count = False
    fields = ["words", "who", "place", "date", "state", "reports", "history"]
    fields += ["replies_to", "answers"]
    readonly_fields = fields
    actions = ["hide_selected", "restore_selected", "dismiss_selected"]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related(OPEN_REPORTS)

    def get_search_results(self, request, queryset, search_term):
        # Withdrawn words are not found either: who finds them knows them.
        said = Case(
            When(withdrawn_at=None, then="text"), default=Value(""), output_field=TextField()
        )
        queryset = queryset.annotate(said=said)
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        if number := row_number(search_term.strip().removeprefix("Nr.").strip()):
            found |= queryset.filter(pk=number)
        return found, may_repeat

    @admin.display(description=gettext_lazy("No."), ordering="pk")
    def number(self, comment):
        return str(comment)

    @admin.display(description=gettext_lazy("text"))
    def excerpt(self, comment):
        return Truncator(self.words(comment)).chars(160)

    @admin.display(description=gettext_lazy("text"))
    def words(self, comment):
        # Who withdrew their words took them from everybody; hidden ones must be judged.
        return "–" if comment.withdrawn_at else comment.text

    @admin.display(description=gettext_lazy("author"), ordering="author__public_name")
    def who(self, comment):
        return f"{comment.author_name} ({comment.badge})" if comment.badge else comment.author_name

    @admin.display(description=gettext_lazy("place"))
    def place(self, comment):
        return comment.place

    @admin.display(description=gettext_lazy("posted"), ordering="posted_at")
    def date(self, comment):
        return day_and_time(comment.posted_at)

    @admin.display(description=gettext_lazy("state"))
    def state(self, comment):
        if comment.withdrawn_at:
            state = _("Withdrawn")
        elif comment.hidden_by:
            state = _("Hidden: {rule}").format(rule=comment.hidden_by.reason)
        else:
            state = _("Visible")
        return f"{state}. {in_words(comment.open_reports)}" if comment.open_reports else state

    @admin.display(description=gettext_lazy("open reports"))
    def reports(self, comment):
        return _in_lines(map(report_in_words, comment.open_reports)) or _("None.")

    @admin.display(description=gettext_lazy("decision"))
    def deed(self, comment):
        link = '<a class="deed" href="{}">{}<span class="visually-hidden"> ({})</span></a>'
        links = ((url, label, comment) for url, label in self.deeds(comment))
        return format_html_join(" ", link, links) or "–"

    def deeds(self, comment):
        """What can be decided about it now: addresses, and what the links say."""
        deeds = []
        if comment.hidden_by_id:
            deeds.append(("restore", _("Show again…")))
        elif not comment.withdrawn_at:
            deeds.append(("hide", _("Hide…")))
        if comment.open_reports:
            deeds.append(("dismiss", _("Dismiss reports…")))
        return [(_address(name, [comment.pk]), label) for name, label in deeds]

    @admin.display(description=gettext_lazy("decisions"))
    def history(self, comment):
        decisions = comment.decisions.select_related("decided_by")
        return "\n".join(_in_words(decision) for decision in decisions) or _("None so far.")

    @admin.display(description=gettext_lazy("reply to"))
    def replies_to(self, comment):
        return f"{comment.parent}: {self.words(comment.parent)}" if comment.parent else "–"

    @admin.display(description=gettext_lazy("replies"))
    def answers(self, comment):
        replies = comment.replies.select_related("author").order_by("posted_at", "pk")
        said = (f"{reply}, {reply.author_name}: {self.words(reply)}" for reply in replies)
        return _in_lines(said) or "–"

    @admin.action(description=gettext_lazy("Hide…"), permissions=["moderate"])
    def hide_selected(self, request, queryset):
        return self._lead_to("hide", request, queryset)

    @admin.action(description=gettext_lazy("Show again…"), permissions=["moderate"])
    def restore_selected(self, request, queryset):
        return self._lead_to("restore", request, queryset)

    @admin.action(description=gettext_lazy("Dismiss reports…"), permissions=["moderate"])
    def dismiss_selected(self, request, queryset):
        return self._lead_to("dismiss", request, queryset)

    def _lead_to(self, name, request, queryset):
        numbers = list(queryset.values_list("pk", flat=True)[: AT_ONCE + 1])
        if len(numbers) <= AT_ONCE:
            return redirect(_address(name, numbers))
        text = _("At most {number} comments at once, please.").format(number=AT_ONCE)
        messages.error(request, text)
        return None

    def has_moderate_permission(self, request):
        return not may_moderate(request.user)

    def has_view_permission(self, request, obj=None):
        # Others read comments where everybody does, without the hidden ones.
        return self.has_moderate_permission(request)

    def has_module_permission(self, request):
        return self.has_moderate_permission(request)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        context["deeds"] = self.deeds(obj)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def get_urls(self):
        pages = {
            "hide/": (self.hide, "hide"),
            "restore/": (self.restore, "restore"),
            "dismiss/": (self.dismiss, "dismiss"),
            "decisions/<int:pk>/take-back/": (self.take_back, "take_back"),
        }
        return [
            path(address, self.admin_site.admin_view(view), name=f"comments_comment_{name}")
            for address, (view, name) in pages.items()
        ] + super().get_urls()

    def hide(self, request):
        """Choose the rule and say why; one tap for those who need not change the sentence."""
        comments = self._chosen(request)
        reports = [report for comment in comments for report in comment.open_reports]
        rules = HideForm.each_rule(request.POST or None, reports)
        sent = next((form for form in rules if form.is_bound), None)
        if sent and sent.is_valid():
            done, comments = self._decide_as_shown(request, comments, hide_comment, sent)
            if not comments:
                return done
        return self._page(request, _("Hide"), comments, form=sent, forms=rules, template="hide")

    def restore(self, request):
        """Show what becomes visible again; then do it."""
        comments = self._chosen(request)
        if request.method == "POST":
            return self._after(request, self._decide(request, comments, restore_comment))
        hiding = Decision.objects.filter(pk__in=[comment.hidden_by_id for comment in comments])
        told = hiding.exclude(pk__in=Decision.objects.revocable())
        title = _("Restore")
        return self._page(request, title, comments, is_told=told.exists(), template="restore")

    def dismiss(self, request):
        """Say why the comments stay, to those who reported them."""
        comments = self._chosen(request)
        form = DismissForm(posted(request))
        if form.is_valid():
            done, comments = self._decide_as_shown(request, comments, dismiss_reports, form)
            if not comments:
                return done
        title = _("Dismiss reports")
        return self._page(request, title, comments, form=form, template="dismiss")

    def take_back(self, request, pk):
        if request.method != "POST":
            # They had to sign in on the way; the button is there.
            return redirect("admin:index")
        decision = Decision.objects.filter(pk=pk).first()
        if decision is None:
            return already_taken_back(request)
        try:
            take_back_decision(decision=decision, by=request.user)
        except ModerationRefused as refused:
            messages.error(request, refused.reason)
        else:
            messages.success(request, _("It was taken back. No message leaves."))
        return redirect("admin:index")

    def _chosen(self, request):
        if not self.has_moderate_permission(request):
            raise PermissionDenied
        numbers = filter(None, map(row_number, request.GET.getlist("ids")))
        related = self.list_select_related
        comments = Comment.objects.filter(pk__in=numbers).select_related(*related)
        comments = comments.prefetch_related(OPEN_REPORTS)
        if not comments:
            raise Http404
        return list(comments)

    def _decide(self, request, comments, action, **reasons):
        """Decide about each by itself: one that somebody else was faster with stops no other."""
        decisions = []
        for comment in comments:
            try:
                decisions.append(action(comment=comment, by=request.user, **reasons))
            except ModerationRefused as refused:
                messages.error(request, f"{comment}: {refused.reason}")
        return decisions

    def _decide_as_shown(self, request, comments, action, form):
        """Decide about the words that the form showed. Return the answer, and the comments that
        say something else by now."""
        decisions, edited = [], []
        for comment in comments:
            shown = row_number(request.POST.get(f"version_{comment.pk}")) or 0
            reasons = form.cleaned_data | {"version": shown}
            try:
                decisions += self._decide(request, [comment], action, **reasons)
            except EditedMeanwhile as refused:
                form.add_error(None, f"{comment}: {refused.reason}")
                comment.refresh_from_db()
                edited.append(comment)
        return self._after(request, decisions), edited

    def _after(self, request, decisions):
        """Say what was decided, and lead back. On the first page all can be taken back anyhow."""
        back, index = _back(request), reverse("admin:index")
        if not decisions:
            return redirect(back)
        first, *others = decisions
        time = clock(first.decided_at + TAKE_BACK)
        if others:
            text = _("{number} decisions were saved. Until {time} each can be taken back below.")
            messages.success(request, text.format(number=len(decisions), time=time))
            return redirect(index)
        if back == index:
            messages.success(request, f"{first}.")
        else:
            url = reverse("admin:comments_comment_take_back", args=[first.pk])
            offer_undo(request, done=f"{first}.", about=first.about, time=time, url=url)
        return redirect(back)

    def _page(self, request, title, comments, *, template, **context):
        said = [
            {
                "comment": comment,
                "who": self.who(comment),
                "words": self.words(comment),
                "reports": [report_in_words(one) for one in comment.open_reports],
            }
            for comment in comments
        ]
        number = len(comments)
        which = ngettext("{comment}", "{number} comments", number)
        query = request.GET.copy()
        query.setlist("ids", [comment.pk for comment in comments])
        context |= self.admin_site.each_context(request) | {
            "here": f"?{query.urlencode()}",
            "title": f"{title}: {which.format(comment=comments[0], number=number)}",
            "said": said,
            "back": _back(request),
        }
        return TemplateResponse(request, f"admin/comments/comment/{template}.html", context)


def _back(request):
    """Where a decision was started: on the first page, which says so, or in the list."""
    is_from_index = request.GET.get("from") == "index"
    return reverse("admin:index" if is_from_index else "admin:comments_comment_changelist")


def _address(name, numbers):
    return reverse(f"admin:comments_comment_{name}", query={"ids": list(numbers)})


def _in_lines(entries):
    # A line each: another one, written by a stranger, would look like another entry.
    return "\n".join(map(in_one_line, entries))


def _in_words(decision):
    parts = [day_and_time(decision.decided_at), decision.get_verdict_display()]
    parts += [str(decision.decided_by)]
    if decision.rule:
        parts.append(decision.reason)
    if decision.explanation:
        parts.append(decision.explanation)
    return " · ".join(parts)
