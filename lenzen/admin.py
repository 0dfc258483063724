"""The admin's first page is a list of work; the lists of tables stand below."""

from datetime import timedelta

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.db.models import Count, Exists, Min, OuterRef, QuerySet
from django.db.models.base import ModelBase
from django.db.models.functions import Now
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext

from accounts.models import Notification, TaskRun
from accounts.town import current_pages, current_statement, town
from comments.models import Comment, Decision, Report
from comments.reports import OPEN_REPORTS, report_in_words
from comments.rulebook import Rule
from comments.rules import may_moderate
from strategies.models import TAKE_BACK, Phase, PhaseEvent, Strategy, is_public
from strategies.wording import clock, event_sentence, tally, time_sentence

OUR_APPS = {"strategies", "comments", "accounts"}
RECENT = timedelta(days=7)
MOST = 10
"""Comments in a list of work."""

NO_WORK = {"worker", "deeds", "newest_comments"}
"""What stands on the first page though nobody need do anything about it."""

# So that all buttons say „Speichern“: Django's German has „Sichern“ on these.
gettext_noop("Save and add another")
gettext_noop("Save and continue editing")
gettext_noop("Save and view")

STANDSTILL = timedelta(minutes=5)
"""The worker checks the phases every minute; after this long, it does not."""
TASKS = {"close_due_phases", "send_notifications"}


class Site(admin.AdminSite):
    """The admin, entered through our own sign-in only."""

    site_title = site_header = gettext_lazy("Administration")
    index_title = gettext_lazy("What there is to do")
    enable_nav_sidebar = False

    def register(self, model_or_iterable, admin_class=None, **options):
        # Roles come from the code and sign-in has its own pages: what Django and allauth
        # would show here could only be set wrong, and shows addresses.
        models = model_or_iterable
        if isinstance(models, ModelBase):
            models = [models]
        ours = [model for model in models if model._meta.app_label in OUR_APPS]
        super().register(ours, admin_class, **options)

    def each_context(self, request):
        return super().each_context(request) | {"site_title": town().site_name}

    def index(self, request, extra_context=None):
        return super().index(request, (extra_context or {}) | work(request.user))

    def app_index(self, request, app_label, extra_context=None):
        # Lists stand in the head of each page; the crumbs lead here, to a page with nothing more.
        return redirect("admin:index")

    @method_decorator(secure_admin_login)
    def login(self, request, extra_context=None):
        return redirect("admin:index")

    def logout(self, request, extra_context=None):
        return redirect("account_logout")

    def password_change(self, request, extra_context=None):
        return redirect("account_change_password")


def work(user) -> dict:
    """What stands on the first page for ``user``: only what they can do something about."""
    found = {"worker": worker()}
    if user.has_perm("strategies.change_strategy"):
        found |= {
            "open_phases": open_phases(),
            "late_answers": late_answers(),
            "drafts": Strategy.objects.exclude(is_public()),
        }
    if user.has_perm("accounts.add_pageversion"):
        found["gaps"] = gaps()
    if not may_moderate(user):
        found["reported_comments"] = reported_comments()
        found["newest_comments"] = newest_comments()
    if user.has_perm("accounts.view_notification"):
        found |= unsent()
    found["deeds"] = recent_deeds(user)
    found["is_nothing_to_do"] = not any(found[name] for name in found if name not in NO_WORK)
    return found


def open_phases() -> list[dict]:
    phases = Phase.objects.open().clocked().with_tally().select_related("strategy")
    return [
        {
            "phase": phase,
            "sentence": time_sentence(phase, phase.now),
            "tally": tally(phase.contributions, phase.participants),
        }
        for phase in phases.prefetch_related("events")
    ]


def late_answers() -> QuerySet[Phase]:
    """Phases whose answer was promised and is still to come."""
    phases = Phase.objects.published().filter(closes_at__lte=Now(), answered_at=None)
    return phases.exclude(answer_by=None).select_related("strategy").order_by("answer_by")


def reported_comments() -> list[Comment]:
    """What nobody has decided about yet: as against the law first, then what waits longest."""
    reports = Report.objects.open()
    against_the_law = reports.filter(comment=OuterRef("pk"), rule=Rule.LAW)
    comments = Comment.objects.filter(reports__in=reports).annotate(
        waits_since=Min("reports__reported_at")
    )
    comments = comments.order_by(Exists(against_the_law).desc(), "waits_since")
    comments = _with_place(comments.prefetch_related(OPEN_REPORTS))
    for comment in comments:
        comment.reported = [report_in_words(report) for report in comment.open_reports]
    return comments


def newest_comments() -> list[Comment]:
    """What came in lately; what was reported stands above."""
    comments = Comment.objects.visible().contributions().filter(posted_at__gt=Now() - RECENT)
    return _with_place(comments.exclude(pk__in=Report.objects.open().values("comment")))


def _with_place(comments) -> list[Comment]:
    return list(comments.select_related("author", "goal", "phase__strategy")[:MOST])


def unsent() -> dict[str, int]:
    """How many messages were given up, and how many expired, lately."""
    failed = Notification.objects.failed().filter(ended_at__gt=Now() - RECENT)
    numbers = dict(failed.values_list("outcome").annotate(Count("pk")).order_by())
    return {
        "given_up": numbers.get(Notification.Outcome.GIVEN_UP, 0),
        "expired": numbers.get(Notification.Outcome.EXPIRED, 0),
    }


def recent_deeds(user) -> list[dict]:
    """What staff did and can still take back, newest first, with how many messages wait for it."""
    deeds = []
    if user.has_perm("strategies.change_phase"):
        events = PhaseEvent.objects.revocable()
        for event in events.select_related("phase__strategy"):
            what = f"{event.phase}: {event_sentence(event)}"
            deeds.append((event, what, event.moment, "strategies_strategy"))
    if not may_moderate(user):
        for decision in Decision.objects.revocable().select_related("comment"):
            deeds.append((decision, f"{decision}.", decision.decided_at, "comments_comment"))
    deeds.sort(key=lambda deed: (deed[2], deed[0].pk), reverse=True)
    waiting = Notification.objects.waiting().filter(about__in=[deed[0].about for deed in deeds])
    messages = dict(waiting.values_list("about").annotate(Count("pk")).order_by())
    return [
        {
            "what": what,
            "messages": messages.get(deed.about, 0),
            "time": clock(done_at + TAKE_BACK),
            "url": reverse(f"admin:{admin_name}_take_back", args=[deed.pk]),
        }
        for deed, what, done_at, admin_name in deeds
    ]


def gaps() -> list[dict]:
    """What staff still have to say about the town, and where."""
    found = []
    if not town().pk:
        url = reverse("admin:accounts_town_add")
        found.append({"what": _("Name and contact of the town"), "url": url, "number": 0})
    for page in current_pages():
        if number := len(page.gaps):
            url = reverse("admin:accounts_pageversion_add", query={"page": page.page})
            found.append({"what": page.get_page_display(), "url": url, "number": number})
    if number := current_statement().gaps:
        url = reverse("admin:accounts_statement_add")
        found.append({"what": _("Declaration on accessibility"), "url": url, "number": number})
    return found


def worker() -> dict:
    """When the worker last did something, and whether it has come to a standstill."""
    runs = list(TaskRun.objects.filter(task__in=TASKS).annotate(now=Now()))
    if not runs:
        return {"sentence": _("The worker has not run yet."), "stands_still": True}
    latest = max(run.finished_at for run in runs)
    sentence = _("The worker last ran {age} ago.").format(age=_age(runs[0].now - latest))
    late = [run for run in runs if run.now - run.finished_at > STANDSTILL]
    return {
        "sentence": sentence,
        "checked_at": clock(latest),
        # One that has not run yet is none: the closings are first looked for after a minute.
        "stands_still": bool(late),
    }


def _age(age: timedelta) -> str:
    seconds = max(0, int(age.total_seconds()))
    if seconds < 120:
        text, number = ngettext("{number} second", "{number} seconds", seconds), seconds
    elif seconds < 7200:
        number = seconds // 60
        text = ngettext("{number} minute", "{number} minutes", number)
    else:
        number = seconds // 3600
        text = ngettext("{number} hour", "{number} hours", number)
    return text.format(number=number)
