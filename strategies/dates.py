"""The dates of the plan, past and coming: as a list of all strategies, and as the way of one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from strategies.models import Milestone, Phase, Strategy
from strategies.wording import clock, day, days_of, last_day, last_weekday, state, tally, weekday


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
        on, title = phase.answered_at, _("Answer of the administration")
        yield Entry("answer", on, weekday(on), title, phase, strategy, on <= today)
    elif phase.answer_by:
        on, title = phase.answer_by, _("The administration answers by this day")
        yield Entry("answer", on, weekday(on), title, phase, strategy, on < today)


def _of_milestone(strategy, milestone):
    on, is_past = milestone.day, milestone.day < localtime(milestone.now).date()
    return Entry("milestone", on, weekday(on), milestone.title, milestone, strategy, is_past)


@dataclass(frozen=True)
class Step:
    """A station on the way of a strategy. ``state`` is done, current, planned or late; ``about``
    says that the title is the town's. An ``edition``, in its words, stands for the day."""

    title: str
    when: str
    state: str
    detail: str = ""
    about: Phase | Milestone | None = None
    edition: str = ""

    @property
    def state_in_words(self) -> str:
        return {
            "done": _("done"),
            "current": _("under way"),
            "planned": _("planned"),
            "late": _("still to come"),
        }[self.state]

    @property
    def is_today(self) -> bool:
        return self.state == "current" and isinstance(self.about, Milestone)


def timeline(
    strategy: Strategy, phases: Sequence[Phase], milestones: Sequence[Milestone]
) -> list[Step]:
    """The way of a strategy, day by day. All come with ``now``, phases with their tally."""
    dated = [each for phase in phases for each in _steps_of_phase(phase)]
    dated += [(milestone.day, _step_of_milestone(milestone)) for milestone in milestones]
    dated.sort(key=lambda each: each[0])
    if strategy.is_public:
        when, said = day(strategy.published_at), "done"
    else:
        when, said = _("not yet published"), "current"
    draft = Step(_("Draft"), when, said, edition=strategy.edition)
    return [draft, *(step for _day, step in dated)]


def _steps_of_phase(phase: Phase) -> Iterator[tuple[date, Step]]:
    now = state(phase, phase.now)
    said = {"before": "planned", "open": "current", "closed": "done"}[now]
    detail = tally(phase.contributions, phase.participants) if now != "before" else ""
    first = localtime(phase.opens_at).date()
    yield first, Step(phase.title, days_of(phase), said, detail, phase)
    answer = _("Answer of the administration")
    if on := phase.answered_at:
        yield on, Step(answer, day(on), "done")
    elif by := phase.answer_by:
        said = "late" if by < localtime(phase.now).date() else "planned"
        yield by, Step(answer, _("by {day}").format(day=day(by)), said)


def _step_of_milestone(milestone: Milestone) -> Step:
    on, today = milestone.day, localtime(milestone.now).date()
    said = "current" if on == today else "done" if on < today else "planned"
    return Step(milestone.title, day(on), said, about=milestone)
