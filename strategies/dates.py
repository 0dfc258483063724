"""The dates of the plan, past and coming: openings, closings, promised answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from strategies.models import Strategy
from strategies.wording import clock, last_day, last_weekday, weekday


@dataclass(frozen=True)
class Entry:
    on: date
    date: str
    title: str
    strategy: Strategy
    is_past: bool
    is_opening: bool = False


def entries(strategies: Iterable[Strategy]) -> list[Entry]:
    """The dates of these strategies in order; their phases come with ``now``."""
    found = []
    for strategy in strategies:
        for phase in strategy.phases.all():
            found += _of(strategy, phase)
    return sorted(found, key=lambda entry: (entry.on, entry.strategy.number))


def _of(strategy, phase):
    opens, today = localtime(phase.opens_at), localtime(phase.now).date()
    opening = weekday(phase.opens_at)
    if opens.hour or opens.minute:
        opening = f"{opening}, {clock(phase.opens_at)}"
    title, has_begun = _("Commenting begins"), phase.opens_at <= phase.now
    yield Entry(opens.date(), opening, title, strategy, has_begun, is_opening=True)
    last, _time = last_day(phase.closes_at)
    title = _("Last day to comment")
    closing = last_weekday(phase.closes_at)
    yield Entry(last, closing, title, strategy, phase.closes_at <= phase.now)
    if phase.answered_at:
        day = phase.answered_at
        yield Entry(day, weekday(day), _("Answer of the administration"), strategy, day <= today)
    elif phase.answer_by:
        day = phase.answer_by
        title = _("The administration has answered by then")
        yield Entry(day, weekday(day), title, strategy, day < today)
