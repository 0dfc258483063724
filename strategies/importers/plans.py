"""Lines -> a plan of a strategy that can be shown before anything is saved."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.utils.html import escape
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from strategies.importers.dates import opening_and_closing
from strategies.importers.files import ImportRefused, Line
from strategies.importers.surroundings import begins_comments, is_surrounding
from strategies.models import ENDS_TOO_EARLY

LONGEST_TITLE = 200
LONGEST_HEADLINE = 120
"""Characters that a line may have to be the title of a goal where nothing marks it as one."""

LONGEST_DESCRIPTION = 150
"""Characters that a line may have to describe a phase; a longer one is the introduction."""

_HEADING = re.compile(r"(?:strategie|strategy)\s+(\d{1,3})(?:\s*[-–—:.|]\s*(.*))?", re.I)
_PHASE = re.compile(
    r"(?:phase \d+\b.{0,50}|(?:\w+ )?(?:kommentier|kommentierungs|beteiligungs|diskussions|dialog|"
    r"comment|commenting|participation|discussion)[ -]?phase)",
    re.I,
)
_NUMBERED = re.compile(
    r"(?:(?:leitziel|ziel|goal)\s+(?:\d+\.)?(\d{1,3})\s*[:.)–—-]|(?:\d+\.)?(\d{1,3})[.)])\s+(.+)",
    re.I,
)
# Whoever writes this means a goal, however long the line is and whatever it ends with.
_MARKED = re.compile(r"(?:leitziel|goal)\s+(?:\d+\.)?\d{1,3}\s*[:.)–—-]\s+.+", re.I)


@dataclass
class GoalPlan:
    """A goal as it stands in the file; ``text`` is HTML."""

    number: int
    title: str
    line: int
    lines: list[Line] = field(default_factory=list)

    @property
    def text(self) -> str:
        return rich_text(self.lines)


@dataclass
class PhasePlan:
    """A phase as it stands in the file; the dates may be missing."""

    title: str = "Kommentierphase"
    description: str = ""
    opens_at: datetime | None = None
    closes_at: datetime | None = None

    @property
    def has_dates(self) -> bool:
        return self.opens_at is not None and self.closes_at is not None


@dataclass
class StrategyPlan:
    """What would be saved. Every line of the file is in it, or in ``left_out``."""

    number: int
    title: str
    line: int
    introduction_lines: list[Line] = field(default_factory=list)
    goals: list[GoalPlan] = field(default_factory=list)
    phase: PhasePlan | None = None
    left_out: list[Line] = field(default_factory=list)

    @property
    def introduction(self) -> str:
        return rich_text(self.introduction_lines)

    @property
    def missing_numbers(self) -> list[int]:
        """Numbers that the goals leave out, up to the highest."""
        numbers = {goal.number for goal in self.goals}
        return [number for number in range(1, max(numbers)) if number not in numbers]

    def with_dates(self, opens_at: datetime | None, closes_at: datetime | None) -> "StrategyPlan":
        """The plan with the dates that staff gave. ImportRefused: one is missing, or the end
        is not later."""
        if not (opens_at or closes_at):
            return self
        phase = self.phase or PhasePlan()
        phase = replace(
            phase,
            opens_at=opens_at or phase.opens_at,
            closes_at=closes_at or phase.closes_at,
        )
        if not phase.has_dates:
            raise ImportRefused(
                _("The file does not say when its phase is: please give both --opens and --closes.")
            )
        if phase.closes_at <= phase.opens_at:
            raise ImportRefused(str(ENDS_TOO_EARLY))
        return replace(self, phase=phase)


def rich_text(lines: list[Line]) -> str:
    """The lines as paragraphs and lists."""
    html = ""
    for line in lines:
        tag = "li" if line.is_item else f"h{3 if line.level < 4 else 4}" if line.level else "p"
        html += f"<{tag}>{escape(line.text)}</{tag}>"
    return re.sub(r"(?:<li>.*?</li>)+", r"<ul>\g<0></ul>", html)


def plan_of(lines: list[Line]) -> StrategyPlan:
    """The strategy that the lines hold. Raise ``ImportRefused`` where they cannot be understood."""
    kept, left_out = [], []
    # The level of the heading over citizens' words, while they last.
    comments = 0
    for line in lines:
        if 0 < line.level <= comments:
            comments = 0
        if line.level and begins_comments(line.text):
            comments = line.level
        surrounding = comments or line.is_surrounding or is_surrounding(line.text)
        (left_out if surrounding else kept).append(line)
    place = _place_of_heading(kept)
    number, title, after = _heading(kept, place)
    plan = StrategyPlan(number, title, kept[place].number, left_out=left_out)
    _take_introduction(plan, _take_phase(plan, kept[:place], LONGEST_DESCRIPTION))
    # Among the goals a short line after the phase's title is rather the next goal's.
    _take_goals(plan, _take_phase(plan, kept[after:], 0))
    plan.left_out.sort(key=lambda line: line.number)
    return plan


def _place_of_heading(lines: list[Line]) -> int:
    """Where the strategy begins: at its last heading, for pages name it in a path before."""
    places = [i for i, line in enumerate(lines) if _HEADING.fullmatch(line.text)]
    # A list of all strategies, as menus have it, holds headings without anything beneath.
    places = [i for i in places if i + 1 < len(lines) and i + 1 not in places] or places[-1:]
    if not places:
        raise ImportRefused(
            _("No line begins a strategy, like “Strategie 1 - Title”."),
            line=lines[0].number if lines else 1,
        )
    for i in places:
        if _HEADING.fullmatch(lines[i].text)[1] != _HEADING.fullmatch(lines[places[0]].text)[1]:
            raise ImportRefused(
                _("A second strategy begins here; please give each a file of its own."),
                line=lines[i].number,
            )
    return places[-1]


def _heading(lines: list[Line], place: int) -> tuple[int, str, int]:
    """Number and title of the strategy, and where what follows them begins."""
    number, title = _HEADING.fullmatch(lines[place].text).groups()
    after = place + 1
    if not title and after < len(lines) and _is_headline(lines[after]):
        title = lines[after].text
        after += 1
    if not title:
        raise ImportRefused(
            _("Strategy {number} has no title.").format(number=number), line=lines[place].number
        )
    _check_title(title, lines[place])
    return int(number), title, after


def _check_title(title: str, line: Line) -> None:
    if len(title) > LONGEST_TITLE:
        raise ImportRefused(
            _("The title “{title}” has more than {limit} characters.").format(
                title=_short(title), limit=LONGEST_TITLE
            ),
            line=line.number,
        )


def _short(text: str) -> str:
    return Truncator(text).chars(50)


def _take_phase(plan: StrategyPlan, lines: list[Line], longest_description: int) -> list[Line]:
    """Put what the lines say of the phase into the plan; return the others.

    A plan has one phase; a second one is left out, for all to see.
    """
    others, may_describe = [], False
    for line in lines:
        dates, name = _dates(line), _phase_title(line)
        if dates and not (plan.phase and plan.phase.has_dates):
            plan.phase = replace(plan.phase or PhasePlan(), opens_at=dates[0], closes_at=dates[1])
            plan.phase.title = name or plan.phase.title
        elif name and not plan.phase:
            plan.phase = PhasePlan(name)
            may_describe = True
        elif dates or name:
            plan.left_out.append(line)
        elif may_describe and len(line.text) <= longest_description and line.text != plan.title:
            plan.phase.description = line.text
            may_describe = False
        else:
            others.append(line)
            may_describe = False
    return others


def _dates(line: Line) -> tuple[datetime, datetime] | None:
    try:
        return opening_and_closing(line.text)
    except ValueError:
        raise ImportRefused(
            _("“{text}” is no time that begins and then ends.").format(text=line.text),
            line=line.number,
        ) from None


def _phase_title(line: Line) -> str:
    """The title of a phase if the line is one, with or without dates behind a colon."""
    title = line.text.partition(":")[0] if _dates(line) else line.text
    return title if _PHASE.fullmatch(title) else ""


def _take_introduction(plan: StrategyPlan, lines: list[Line]) -> None:
    """What stands before the strategy in sentences introduces it; the rest is left out."""
    for line in lines:
        is_sentence = not _is_headline(line) or line.text.endswith(("?", "!"))
        is_title = line.level or line.text == plan.title or _HEADING.fullmatch(line.text)
        introduces = is_sentence and not is_title
        (plan.introduction_lines if introduces else plan.left_out).append(line)


def _take_goals(plan: StrategyPlan, lines: list[Line]) -> None:
    """Titles begin goals, and what follows a title is its text."""
    level = next((line.level for line in lines if line.level), 0)
    for line in lines:
        is_title = _is_headline(line) or _MARKED.fullmatch(line.text)
        if 0 < line.level <= level or (not level and is_title):
            _check_text(plan)
            plan.goals.append(_goal(plan, line))
        elif plan.goals:
            plan.goals[-1].lines.append(line)
        else:
            plan.introduction_lines.append(line)
    if not plan.goals:
        raise ImportRefused(_("This strategy has no goals."), line=plan.line)
    _check_text(plan)


def _goal(plan: StrategyPlan, line: Line) -> GoalPlan:
    number, title = len(plan.goals) + 1, line.text
    if numbered := _NUMBERED.fullmatch(title):
        number, title = int(numbered[1] or numbered[2]), numbered[3]
    _check_title(title, line)
    if number in {goal.number for goal in plan.goals}:
        raise ImportRefused(
            _("Goal {number} begins here a second time.").format(number=number), line=line.number
        )
    return GoalPlan(number, title, line.number)


def _check_text(plan: StrategyPlan) -> None:
    if plan.goals and not plan.goals[-1].lines:
        goal = plan.goals[-1]
        raise ImportRefused(
            _(
                "The goal “{title}” has no text. If this line is no goal, please delete it; "
                "if the next one is its text, please end it with a full stop."
            ).format(title=_short(goal.title)),
            line=goal.line,
        )


def _ends_a_sentence(text: str) -> bool:
    return text.rstrip("“”\"'»«)]").endswith((".", ":", ";", ",", "…"))


def _is_headline(line: Line) -> bool:
    """Whether the line may be the title of a goal where the file marks no headings."""
    short = len(line.text) <= LONGEST_HEADLINE
    return short and not line.is_item and not _ends_a_sentence(line.text)
