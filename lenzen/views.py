import re
import sys
from datetime import timedelta
from urllib.parse import parse_qs

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, InternalError, OperationalError
from django.db.models.functions import Now
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRefresh

from accounts.models import Notification, TaskRun
from accounts.town import last_known
from comments.models import LONGEST_DRAFT, about_comment
from lenzen.search import knows_word_forms, words_of
from lenzen.search import search as search_for
from strategies.dates import entries
from strategies.models import Phase, PhaseEvent
from strategies.views import published_strategies
from strategies.wording import answer, day

OVERDUE = timedelta(minutes=15)

MOST_READ = 3_000_000
"""How many bytes are read of a form that is too big."""

FORMS_ONLY = {"take_waiting_text", "vote"}
"""Addresses that take forms and show no page."""

SECRET = re.compile("password|code|credential")
"""Fields that are not written into a page."""


@require_safe
def home(request):
    """What this is, what is open now, and what comes next."""
    strategies = published_strategies()
    coming = [entry for entry in entries(strategies) if not entry.is_past]
    context = {
        "strategies": strategies,
        "open_strategies": [each for each in strategies if each.time.state == "open"],
        "next_dates": coming[:5],
        "answers": _newest_answers(strategies),
        "next_opening": next((entry for entry in coming if entry.is_opening), None),
    }
    return render(request, "home.html", context)


def _newest_answers(strategies):
    phases = [phase for strategy in strategies for phase in strategy.phases.all() if answer(phase)]
    phases.sort(key=lambda phase: phase.answered_at, reverse=True)
    return [
        {"strategy": phase.strategy, "day": day(phase.answered_at), "words": answer(phase)}
        for phase in phases[:3]
    ]


@require_safe
def search(request):
    """What holds the words that were typed; without any, only the form."""
    typed = request.GET.get("q", "").strip()[:200]
    words = words_of(typed)
    context = {
        "typed": typed,
        "page": search_for(words, request.GET.get("seite", 1)) if words else None,
        "knows_word_forms": knows_word_forms(),
    }
    return render(request, "search.html", context)


@never_cache
@require_safe
def alive(request):
    """The web process answers; asks nobody else."""
    return HttpResponse("ok", content_type="text/plain")


@never_cache
@require_safe
def health(request):
    """How old the worker's last runs are, and 503 when something is more than 15 minutes late.

    A task that has never run is not: nobody knows since when it should have.
    """
    late = Now() - OVERDUE
    overdue = {
        "messages": Notification.objects.overdue(late).count(),
        "events": sum(
            # What lies before the publishing is due since then.
            Phase.objects.due(kind)
            .filter(moment__lte=late, strategy__published_at__lte=late)
            .count()
            for kind in (PhaseEvent.Kind.OPENED, PhaseEvent.Kind.CLOSED)
        ),
    }
    runs = TaskRun.objects.annotate(now=Now())
    ages = {run.task: round((run.now - run.finished_at).total_seconds()) for run in runs}
    overdue["tasks"] = sum(ages.get(task, 0) > seconds for task, seconds in _pauses())
    answer = {
        "status": "late" if any(overdue.values()) else "ok",
        "seconds_since_last_run": ages,
        "overdue": overdue,
    }
    return JsonResponse(answer, status=503 if any(overdue.values()) else 200)


def _pauses():
    """Each task of the clock, and how many seconds may lie between two of its runs.

    Twice its interval and what counts as late: a clock that starts anew first waits for one.
    """
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        pause = 2 * entry["schedule"] + OVERDUE
        yield entry["task"].rpartition(".")[2], pause.total_seconds()


def csrf_failure(request, reason=""):
    """A form without its token: from a page that was open for long, or before signing in or out.

    All that was typed comes back; without knowing that it comes from us, only the text.
    """
    ours = (f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS)
    is_ours = request.headers.get("Origin") in ours
    if is_ours and request.htmx:
        # It shows nothing of a refusal.
        sentence = _(
            "The page was open for a long time, or you have signed in or out since. It has been"
            " loaded anew. Please try once more."
        )
        about = about_comment(request.resolver_match.kwargs.get("pk"))
        messages.error(request, sentence, extra_tags=about)
        return HttpResponseClientRefresh()
    typed = _typed(request) if is_ours else None
    context = {
        "text": request.POST.get("text", ""),
        "is_whole": typed is not None,
        "fields": [("parent", request.POST.get("parent", ""))] if typed is None else typed,
        "path": request.get_full_path(),
        "shows_page": request.resolver_match.url_name not in FORMS_ONLY,
    }
    return render(request, "csrf_failure.html", context, status=403)


def _typed(request):
    """The fields of a form besides its text; None if there are some that cannot come back."""
    if request.FILES or any(map(SECRET.search, request.POST)):
        return None
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    return [field for field in fields if field[0] not in ("text", "csrfmiddlewaretoken")]


def bad_request(request, exception):
    if isinstance(exception, RequestDataTooBig):
        most = number_format(LONGEST_DRAFT, force_grouping=True)
        return _plain("413.html", 413, text=_beginning(request), most=most)
    return _plain("400.html", 400)


def _beginning(request):
    """The beginning of the text in a form that was too big to be taken; empty if there is none.

    It also takes from the browser what it is still sending: one that cannot send all does
    not read the answer.
    """
    if request.content_type != "application/x-www-form-urlencoded":
        return ""
    try:
        fields = parse_qs(request.read(MOST_READ).decode("ascii", "replace"), max_num_fields=100)
    except (OSError, ValueError):
        # The line broke, or it is no form of ours.
        return ""
    return fields.get("text", [""])[0][:LONGEST_DRAFT]


def server_error(request):
    """Our fault, or the database is away; the typed text comes back."""
    # The last is what PostgreSQL says when it takes no writes.
    is_away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError | InternalError)
    template, status = ("503.html", 503) if is_away else ("500.html", 500)
    return _plain(template, status, text=request.POST.get("text", ""))


def _plain(template, status, **context):
    # No context processors: these pages must not ask the database or the session.
    context |= {"town": last_known(), "slots": (), "demo": settings.DEMO}
    response = HttpResponse(render_to_string(template, context), status=status)
    if status == 503:
        response["Retry-After"] = "120"
    return response
