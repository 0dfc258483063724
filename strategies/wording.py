"""What is said about time: one place for pages, mails, feeds and print.

Days are calendar days in the town's time zone. Nothing here asks a clock: the caller
passes the database's time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import chain

from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from strategies.constraints import OVERLAP
from strategies.models import Goal, Phase, PhaseEvent, Strategy

ANSWERED = PhaseEvent.Kind.ANSWERED
_NO_BREAK = str.maketrans({" ": "\N{NO-BREAK SPACE}"})


@dataclass(frozen=True)
class Timing:
    """What a page says about the time of a strategy."""

    state: str  # open, before, closed, none
    heading: str
    sentence: str
    short: str
    phase: Phase | None = None

    @property
    def reason(self) -> str:
        """The words of the town in ``sentence``, if it holds any."""
        kinds = PhaseEvent.Kind
        deed = self.phase and _deed(self.phase, kinds.CLOSED, kinds.EXTENDED, kinds.REOPENED)
        return deed.reason if deed else ""

    @property
    def on_notice(self) -> str:
        """``sentence``; while people can comment only until when, not why."""
        is_open = self.state == "open"
        return _until(self.phase, self.phase.now, remaining=False) if is_open else self.sentence

    @property
    def answer(self) -> str:
        """What the administration answered, in its words; empty while people can comment."""
        return answer(self.phase) if self.phase and self.state == "closed" else ""


def day(value: date | datetime) -> str:
    """„31. Mai 2026“, in one piece."""
    if isinstance(value, datetime):
        value = localtime(value).date()
    return _day(value, get_language())


@lru_cache(maxsize=1000)
def _day(value: date, language: str | None) -> str:
    # A page of a hundred comments names the same few days: a tenth of its time.
    return date_format(value, "DATE_FORMAT").translate(_NO_BREAK)


def weekday(value: date | datetime) -> str:
    """„Sonntag, 31. Mai 2026“."""
    if isinstance(value, datetime):
        value = localtime(value).date()
    return f"{date_format(value, 'l')}, {day(value)}"


def clock(value: datetime) -> str:
    """„9:12 Uhr“, in one piece."""
    return _clock(localtime(value).time())


def _clock(value: time | None) -> str:
    hours = "24:00" if value is None else f"{value.hour}:{value.minute:02}"
    return pgettext("time of day", "{time}").format(time=hours).translate(_NO_BREAK)


def day_and_time(value: datetime) -> str:
    """„22. Mai 2026, 9:12 Uhr“."""
    return f"{day(value)}, {clock(value)}"


def last_day(closes_at: datetime) -> tuple[date, time | None]:
    """The last day of something that ends at ``closes_at``, and the time when it ends.

    What ends at midnight ends on the day before, at 24:00 (None).
    """
    local = localtime(closes_at)
    if local.time() == time.min:
        return local.date() - timedelta(days=1), None
    return local.date(), local.time()


def end_of_day(closes_at: datetime) -> str:
    """„24:00 Uhr“: the time of day at which something ends."""
    return _clock(last_day(closes_at)[1])


def last_moment(closes_at: datetime) -> str:
    """„31. Mai 2026“, or with a time of day where it is not midnight."""
    last, until = last_day(closes_at)
    return day(last) if until is None else f"{day(last)}, {_clock(until)}"


def last_weekday(closes_at: datetime, midnight: bool = False) -> str:
    """„Sonntag, 31. Mai 2026“, with the time of day where it is not midnight; with
    ``midnight`` also there („24:00 Uhr“)."""
    last, until = last_day(closes_at)
    if until is None and not midnight:
        return weekday(last)
    return f"{weekday(last)}, {_clock(until)}"


def _days(number: int) -> str:
    days = ngettext("{number} day", "{number} days", number)
    return days.format(number=number).translate(_NO_BREAK)


def _in_days(number: int) -> str:
    days = ngettext("in {number} day", "in {number} days", number).format(number=number)
    return days.translate(_NO_BREAK)


def _reason(event: PhaseEvent | None) -> str:
    """A whole sentence, so that another can follow."""
    if not event or not event.reason:
        return ""
    is_ended = event.reason.rstrip("“”«»\"'").endswith((".", "!", "?", "…"))
    return _("Reason: {reason}").format(reason=event.reason) + ("" if is_ended else ".")


def _deed(phase: Phase, *kinds: str) -> PhaseEvent | None:
    """The deed of staff that set the date on which the phase closes, if it was one of these."""
    deeds = [event for event in phase.events.all() if event.by_id and event.kind != ANSWERED]
    latest = deeds[-1] if deeds else None
    valid = latest and latest.kind in kinds and latest.date_after == phase.closes_at
    return latest if valid else None


def answer(phase: Phase) -> str:
    """What the administration answered, in its words; empty when only the day is known."""
    said = [event.reason for event in phase.events.all() if event.kind == ANSWERED]
    return said[-1] if said and phase.answered_at else ""


def state(phase: Phase, at: datetime) -> str:
    """``before``, ``open`` or ``closed``: only for words. Who may write is asked of ``open()``."""
    if at < phase.opens_at:
        return "before"
    return "open" if at < phase.closes_at else "closed"


def time_sentence(
    phase: Phase, at: datetime, remaining: bool = True, following: Phase | None = None
) -> str:
    """When one may comment, said in full at the instant ``at``.

    With ``remaining=False`` nothing in it goes stale: for mails, feeds, calendar and
    print. ``following`` is the next phase of the strategy. The events of ``phase`` are
    read; prefetch them for lists.
    """
    now = state(phase, at)
    if now == "before":
        return _sentence_before(phase, at, remaining)
    if now == "open":
        return _sentence_open(phase, at, remaining)
    return _sentence_closed(phase, at, following)


def _sentence_before(phase: Phase, at: datetime, remaining: bool) -> str:
    opens, today = localtime(phase.opens_at), localtime(at).date()
    days = (opens.date() - today).days
    moment = weekday(phase.opens_at)
    at_time = "" if opens.time() == time.min else f", {clock(phase.opens_at)}"
    if not remaining:
        first = _("Commenting is possible from {moment}.").format(moment=moment + at_time)
    elif days == 0:
        text = _("Commenting is possible from today, {time}.")
        first = text.format(time=clock(phase.opens_at))
    elif days == 1:
        text = _("Commenting is possible from tomorrow, {moment}.")
        first = text.format(moment=moment + at_time)
    else:
        text = _("Commenting is possible from {moment} ({in_days}).")
        first = text.format(moment=moment + at_time, in_days=_in_days(days))
    last = _("The last day is {day}.").format(day=last_weekday(phase.closes_at))
    return f"{first} {last}"


def _sentence_open(phase: Phase, at: datetime, remaining: bool) -> str:
    parts = [_until(phase, at, remaining)]
    extended = _deed(phase, PhaseEvent.Kind.EXTENDED)
    if extended:
        moved = _("The end was moved on {day}; before, it was {before}.")
        before = last_moment(extended.date_before)
        parts.append(moved.format(day=day(extended.moment), before=before))
    reason = _reason(extended or _deed(phase, PhaseEvent.Kind.REOPENED))
    return " ".join(filter(None, [*parts, reason]))


def _until(phase: Phase, at: datetime, remaining: bool) -> str:
    last, until = last_day(phase.closes_at)
    days = (last - localtime(at).date()).days
    moment = last_weekday(phase.closes_at, midnight=True)
    if _deed(phase, PhaseEvent.Kind.REOPENED):
        return _("Commenting is possible again until {moment}.").format(moment=moment)
    if not remaining:
        return _("Commenting is possible until {moment}.").format(moment=moment)
    if days == 0:
        return _("Commenting is possible only today, until {time}.").format(time=_clock(until))
    if days == 1:
        return _("Commenting is possible until tomorrow, {moment}.").format(moment=moment)
    text = _("Commenting is possible until {moment} ({days} left).")
    return text.format(moment=moment, days=_days(days))


def _sentence_closed(phase: Phase, at: datetime, following: Phase | None) -> str:
    early = _deed(phase, PhaseEvent.Kind.CLOSED)
    moment = last_weekday(phase.closes_at)
    if early:
        text = _(
            "Commenting was ended early on {day}, at {time}; it was meant to last until {before}."
        )
        ended = text.format(
            day=weekday(early.moment),
            time=clock(early.moment),
            before=last_moment(early.date_before),
        )
        ended = f"{ended} {_reason(early)}"
        if not following:
            return f"{ended} {outcome(phase, at)}"
    elif not following:
        ended = _("Commenting was possible until {moment}.").format(moment=moment)
        return f"{ended} {outcome(phase, at)}"
    if early:
        again = _("Commenting is possible again from {moment}.")
        return f"{ended} {again.format(moment=weekday(following.opens_at))}"
    text = _("Commenting was possible until {moment}, and is possible again from {again}.")
    return text.format(moment=moment, again=weekday(following.opens_at))


def outcome(phase: Phase, at: datetime) -> str:
    """What becomes of the comments on a phase that has closed."""
    if phase.answered_at:
        text = _("The comments stay readable. The administration answered on {day}.")
        return text.format(day=day(phase.answered_at))
    if phase.answer_by is None:
        return _("The comments stay readable and are being evaluated.")
    if localtime(at).date() > phase.answer_by:
        text = _(
            "The comments stay readable. The administration had announced its answer by {day};"
            " it is still to come."
        )
    else:
        text = _("The comments stay readable. The administration answers by {day}.")
    return text.format(day=day(phase.answer_by))


def timing(strategy: Strategy, phases: Sequence[Phase], remaining: bool = True) -> Timing:
    """What is said about ``strategy``, whose phases come with ``now`` (``clocked()``)."""
    if not phases:
        if strategy.commenting_intended:
            sentence = _("It is not yet settled when you can comment.")
            return Timing("none", _("Date to follow"), sentence, _("Date to follow"))
        sentence = _("Commenting on this strategy is not intended.")
        return Timing("none", _("For reading"), sentence, _("For reading"))
    at = phases[0].now
    coming = next((phase for phase in phases if state(phase, at) == "before"), None)
    current = next((phase for phase in phases if state(phase, at) == "open"), None)
    past = [phase for phase in phases if state(phase, at) == "closed"]
    phase = current or (past[-1] if past else coming)
    following = coming if phase is not coming else None
    now = state(phase, at)
    return Timing(
        now,
        _heading(phase, at),
        time_sentence(phase, at, remaining, following),
        _short(following if now == "closed" and following else phase, at),
        phase,
    )


def _heading(phase: Phase, at: datetime) -> str:
    now, today = state(phase, at), localtime(at).date()
    if now == "closed":
        return _("Answer published") if phase.answered_at else _("Ended")
    if now == "open":
        days = (last_day(phase.closes_at)[0] - today).days
        if days == 0:
            return _("Only today")
        return ngettext("{number} day left", "{number} days left", days).format(number=days)
    days = (localtime(phase.opens_at).date() - today).days
    if days == 0:
        return _("Begins today")
    return ngettext("Begins in {number} day", "Begins in {number} days", days).format(number=days)


def _short(phase: Phase, at: datetime) -> str:
    now = state(phase, at)
    if now == "before":
        return _("From {day}").format(day=weekday(phase.opens_at))
    if now == "open":
        return _("Open until {day}").format(day=last_weekday(phase.closes_at))
    return _("Ended on {day}").format(day=last_moment(phase.closes_at))


def tally(contributions: int, participants: int) -> str:
    """„62 Beiträge von 38 Teilnehmenden“."""
    text = ngettext("{number} contribution", "{number} contributions", contributions)
    people = ngettext("from {number} participant", "from {number} participants", participants)
    return f"{text.format(number=contributions)} {people.format(number=participants)}"


def named(strategy: Strategy, goal: Goal | None = None) -> str:
    """What the public may call the goal or strategy; of a draft it does not know the title."""
    if not strategy.is_public:
        return _("A strategy that is not public at present")
    return str(goal or strategy)


def days_of(phase: Phase) -> str:
    """„1. Mai bis 31. Mai 2026“."""
    first, last = localtime(phase.opens_at).date(), last_day(phase.closes_at)[0]
    if first == last:
        return day(first)
    short = date_format(first, "MONTH_DAY_FORMAT").translate(_NO_BREAK)
    begin = short if first.year == last.year else day(first)
    return _("{first} to {last}").format(first=begin, last=day(last))


def overlap_named(refused: ValidationError) -> ValidationError:
    """``refused``, as the model says it; where another phase is in the way, this names it."""
    for error in chain(*refused.error_dict.values()):
        if error.code == OVERLAP:
            other = error.params["other"]
            text = _(
                "In this time lies the phase “{title}” ({days}). Please choose a time before or"
                " after it."
            )
            error.message = text.format(title=other.title, days=days_of(other))
    return refused


def event_day(event: PhaseEvent) -> date:
    """The day on which something happened; a phase that ends at midnight ended the day before."""
    if event.kind == PhaseEvent.Kind.CLOSED:
        return last_day(event.moment)[0]
    return localtime(event.moment).date()


def event_sentence(event: PhaseEvent) -> str:
    """What happened to a phase, for the public history. Its date is said beside it."""
    kinds = PhaseEvent.Kind
    if event.kind == kinds.EXTENDED:
        text = _("The time for comments was extended: until {after} instead of {before}.")
    elif event.kind == kinds.REOPENED:
        text = _("Commenting was opened again, until {after}.")
    elif event.kind == kinds.OPENED:
        text = _("Commenting began.")
    elif event.kind == kinds.CLOSING_SOON:
        text = _("Those who follow were reminded of the end.")
    elif event.kind == kinds.ANSWERED:
        text = _("The administration answered:")
    elif event.by_id:
        text = _("Commenting was ended early; it was meant to last until {before}.")
    else:
        text = _("Commenting ended.")
    sentence = text.format(
        before=last_moment(event.date_before) if event.date_before else "",
        after=last_moment(event.date_after) if event.date_after else "",
    )
    parts = [sentence, event.reason if event.kind == kinds.ANSWERED else _reason(event)]
    if event.contributions is not None and event.kind == kinds.CLOSED:
        parts.append(tally(event.contributions, event.participants) + ".")
    return " ".join(filter(None, parts))
