"""Days and times as people write them, in German or English."""

import re
from datetime import date, datetime, time, timedelta

from django.utils import timezone

_MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "januar jänner january jan",
            "februar february feb",
            "märz march mär mrz mar",
            "april apr",
            "mai may",
            "juni june jun",
            "juli july jul",
            "august aug",
            "september sept sep",
            "oktober october okt oct",
            "november nov",
            "dezember december dez dec",
        ],
        start=1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_WEEKDAY = (
    "montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag|"
    "monday|tuesday|wednesday|thursday|friday|saturday|sunday|"
    "mo|di|mi|do|fr|sa|so|mon|tue|wed|thu|fri|sat|sun"
)
_LABEL = (
    r"zeitraum|laufzeit|dauer|termin|datum|frist|wann|when|period|duration|dates?|"
    r"\w*phase|vom|von|from|between"
)

_LONGEST = 150
"""Characters; matching a longer line could take long."""


def _moment(prefix: str, optional: str = "") -> str:
    """A pattern for a day with or without a time; its groups begin with ``prefix``.

    Month and year may be left out where ``optional`` is "?".
    """
    return rf"""
        (?:(?:{_WEEKDAY})\.?,?\s+)?
        (?:
            (?P<{prefix}iso>(?:19|20)\d\d-\d\d-\d\d)T?
          | (?P<{prefix}day>\d{{1,2}})(?:\.|st|nd|rd|th)?
            (?:\s*(?P<{prefix}month>{_MONTH}|\d{{1,2}}(?=\.))\.?){optional}
            (?:\s*(?P<{prefix}year>(?:19|20)\d\d)){optional}
          | (?P<{prefix}first_month>{_MONTH})\.?\s+(?P<{prefix}second_day>\d{{1,2}})
            (?:st|nd|rd|th)?(?:,?\s+(?P<{prefix}last_year>(?:19|20)\d\d)){optional}
        )
        (?:
            (?:,|\s|um|at)*
            (?P<{prefix}hour>\d{{1,2}}):(?P<{prefix}minute>\d\d)(?::\d\d)?
            (?:\s*(?P<{prefix}half>[ap])\.?m\b\.?)?(?:\s*(?:uhr|h)\b)?
        )?
    """


_DAY = re.compile(_moment(""), re.I | re.X)
_RANGE = re.compile(
    rf"(?:(?:{_LABEL})\s*:?\s*){{0,2}}{_moment('opens_', optional='?')}"
    rf"\s*,?\s*(?:–|—|-|bis(?:\s+einschließlich)?|to|until|till|and)\s*{_moment('closes_')}"
    r"\s*\.?",
    re.I | re.X,
)


def opening(text: str) -> datetime:
    """When a phase opens that opens on this day, or at this time. May raise ValueError."""
    return _read(text)[0]


def closing(text: str) -> datetime:
    """When a phase closes (exclusive) that ends with this day, or at this time. May raise
    ValueError.

    A day counts whole, and 23:59 means its end.
    """
    return _read(text)[1]


def opening_and_closing(line: str) -> tuple[datetime, datetime] | None:
    """When a phase opens and closes, by a line that says this and nothing else.

    None for any other line. Raise ValueError if there is no such day or time, or if
    the end is not after the beginning.
    """
    found = len(line) <= _LONGEST and _RANGE.fullmatch(line.strip())
    if not found:
        return None
    last_day = _day(found, "closes_")
    opens, _ = _instants(found, "opens_", _day(found, "opens_", last_day))
    _, closes = _instants(found, "closes_", last_day)
    if closes <= opens:
        raise ValueError(line)
    return opens, closes


def _read(text: str) -> tuple[datetime, datetime]:
    found = _DAY.fullmatch(text.strip())
    if not found:
        raise ValueError(text)
    return _instants(found, "", _day(found, ""))


def _day(found: re.Match, prefix: str, other: date | None = None) -> date:
    """The day that was found; month and year from the ``other`` where they are missing."""
    part = {name.removeprefix(prefix): value for name, value in found.groupdict().items()}
    if part["iso"]:
        return date.fromisoformat(part["iso"])
    month = part["month"] or part["first_month"]
    year = part["year"] or part["last_year"]
    return date(
        int(year) if year else other.year,
        (_MONTHS.get(month.lower()) or int(month)) if month else other.month,
        int(part["day"] or part["second_day"]),
    )


def _instants(found: re.Match, prefix: str, day: date) -> tuple[datetime, datetime]:
    """The beginning and the end of what was found: of a whole day, or twice the same time."""
    hour, minute, half = (found[prefix + name] for name in ("hour", "minute", "half"))
    midnight = datetime.combine(day, time())
    if hour is None:
        begins, ends = midnight, midnight + timedelta(days=1)
    else:
        hour = int(hour) % 12 + (12 if half in "pP" else 0) if half else int(hour)
        if hour > 24 or int(minute) > 59 or (hour == 24 and int(minute)):
            raise ValueError(found[0])
        begins = ends = midnight + timedelta(hours=hour, minutes=int(minute))
        if (hour, minute) == (23, "59"):
            ends = midnight + timedelta(days=1)
    return timezone.make_aware(begins), timezone.make_aware(ends)
