import qrcode
from django.contrib import admin
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe
from qrcode.image.svg import SvgPathFillImage

from accounts.messages import absolute
from strategies.calendar import calendar
from strategies.dates import entries, timeline
from strategies.following import with_is_followed
from strategies.models import Goal, Milestone, Phase, PhaseEvent, Strategy
from strategies.wording import day, event_day, event_sentence, timing


def published_strategies() -> list[Strategy]:
    """Every public strategy with phases, milestones and ``time``: four queries."""
    described = Prefetch("phases", queryset=Phase.objects.described())
    clocked = Prefetch("milestones", queryset=Milestone.objects.clocked())
    strategies = list(Strategy.objects.published().prefetch_related(described, clocked))
    for strategy in strategies:
        strategy.time = timing(strategy, list(strategy.phases.all()))
    return strategies


@require_safe
def strategy_list(request):
    context = {"strategies": published_strategies()}
    return render(request, "strategies/strategy_list.html", context)


@require_safe
def strategy(request, slug):
    """A strategy with its goals, and the way it takes."""
    return _show(request, Strategy.objects.published().filter(slug=slug), is_preview=False)


@require_safe
@login_required
@permission_required("strategies.change_strategy", raise_exception=True)
def preview(request, pk):
    """A strategy as the public would see it, for those who may enter the admin and change it."""
    # The role alone is not enough: whoever worked here may still have it.
    if not admin.site.has_permission(request):
        raise PermissionDenied
    return _show(request, Strategy.objects.filter(pk=pk), is_preview=True)


def _show(request, strategies, is_preview):
    # With the strategy, because the page asks for eight things as it is.
    strategies = strategies.annotate(has_goals=Exists(Goal.objects.filter(strategy=OuterRef("pk"))))
    if request.user.is_authenticated and request.user.wants_news:
        strategies = with_is_followed(strategies, request.user)
    strategy = get_object_or_404(strategies)
    phases = list(strategy.phases.described().with_tally())
    context = {
        "strategy": strategy,
        "is_preview": is_preview,
        "time": timing(strategy, phases),
        "phase": next((phase for phase in phases if phase.is_open), None),
        "timeline": timeline(strategy, phases, strategy.milestones.clocked()),
        "goals": strategy.goals.all(),
        "history": _history(phases),
    }
    return render(request, "strategies/strategy.html", context)


def _history(phases):
    events = [event for phase in phases for event in phase.events.all()]
    told = [event for event in events if event.kind != PhaseEvent.Kind.CLOSING_SOON]
    return [
        {
            "date": day(event_day(event)),
            "sentence": event_sentence(event),
            "reason": event.reason,
        }
        for event in sorted(told, key=lambda event: event.moment, reverse=True)
    ]


@require_safe
def dates(request):
    """All dates, coming ones first."""
    found = entries(published_strategies())
    context = {
        "coming": [entry for entry in found if not entry.is_past],
        "past": [entry for entry in reversed(found) if entry.is_past],
        "calendar_address": absolute(reverse("calendar")),
    }
    return render(request, "strategies/dates.html", context)


@conditional_page
@require_safe
def calendar_file(request):
    """All dates, for programs that subscribe to them."""
    return HttpResponse(
        calendar(published_strategies()),
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'inline; filename="termine.ics"'},
    )


@require_safe
def short_address(request, number, goal=None):
    """What stands on a leaflet: „/3/2/“ is goal 2 of strategy 3."""
    if goal is None:
        return redirect(get_object_or_404(Strategy.objects.published(), number=number))
    goals = Goal.objects.published().select_related("strategy")
    return redirect(get_object_or_404(goals, strategy__number=number, number=goal))


@require_safe
def tell(request, slug):
    """A notice to hang up and words to copy, for whoever wants others to know."""
    strategy = get_object_or_404(Strategy.objects.published(), slug=slug)
    address = _short_address(strategy)
    context = {
        "strategy": strategy,
        "time": timing(strategy, list(strategy.phases.described()), remaining=False),
        "address": address,
        "address_on_paper": address.partition("://")[2],
    }
    return render(request, "strategies/tell.html", context)


@require_safe
@cache_control(public=True, max_age=24 * 60 * 60)
def tell_code(request, slug):
    """The short address as a QR code: black on white, whatever the page looks like."""
    strategy = get_object_or_404(Strategy.objects.published(), slug=slug)
    code = qrcode.make(_short_address(strategy), image_factory=SvgPathFillImage, border=4)
    return HttpResponse(code.to_string(), content_type="image/svg+xml")


def _short_address(strategy):
    return absolute(reverse("short_strategy", args=[strategy.number]))
