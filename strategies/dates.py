"""The dates of the plan, past and coming: openings, closings, promised answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from strategies.models import Phase, Strategy
from strategies.wording import clock, last_day, last_weekday, weekday


@dataclass(frozen=True)
class Entry:
    """``kind`` is opening, closing or answer: a phase has one of each at most."""

    kind: str
    on: date
    date: str
    title: str
    phase: Phase
    strategy: Strategy
    is_past: bool

    @property
    def is_opening(self) -> bool:
        return self.kind == "opening"


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
    yield Entry("opening", opens.date(), opening, title, phase, strategy, has_begun)
    last, _time = last_day(phase.closes_at)
    title, has_ended = _("Last day to comment"), phase.closes_at <= phase.now
    closing = last_weekday(phase.closes_at)
    yield Entry("closing", last, closing, title, phase, strategy, has_ended)
    if phase.answered_at:
        day, title = phase.answered_at, _("Answer of the administration")
        yield Entry("answer", day, weekday(day), title, phase, strategy, day <= today)
    elif phase.answer_by:
        day, title = phase.answer_by, _("The administration has answered by then")
        yield Entry("answer", day, weekday(day), title, phase, strategy, day < today)
