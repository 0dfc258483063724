"""The dates of the plan, past and coming: openings, closings, promised answers, milestones."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from strategies.models import Milestone, Phase, Strategy
from strategies.wording import clock, last_day, last_weekday, weekday


@dataclass(frozen=True)
class Entry:
    """``kind`` is opening, closing or answer, of which a phase has one each at most, or
    milestone; then the title is the town's."""

    kind: str
    on: date
    date: str
    title: str
    about: Phase | Milestone
    strategy: Strategy
    is_past: bool

    @property
    def is_opening(self) -> bool:
        return self.kind == "opening"

    @property
    def is_milestone(self) -> bool:
        return self.kind == "milestone"


def entries(strategies: Iterable[Strategy]) -> list[Entry]:
    """The dates of these strategies in order; phases and milestones come with ``now``."""
    found = []
    for strategy in strategies:
        for phase in strategy.phases.all():
            found += _of(strategy, phase)
        found += [_of_milestone(strategy, each) for each in strategy.milestones.all()]
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
        day, title = phase.answer_by, _("The administration answers by this day")
        yield Entry("answer", day, weekday(day), title, phase, strategy, day < today)


def _of_milestone(strategy, milestone):
    day, is_past = milestone.day, milestone.day < localtime(milestone.now).date()
    return Entry("milestone", day, weekday(day), milestone.title, milestone, strategy, is_past)
