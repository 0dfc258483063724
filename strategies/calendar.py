"""The dates as a calendar that programs subscribe to (RFC 5545)."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.utils.translation import get_language
from icalendar import Calendar, Event

from accounts.messages import absolute, host
from accounts.town import town
from strategies.dates import Entry, entries
from strategies.models import Phase, Strategy
from strategies.wording import time_sentence

_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
_INSTANT = timedelta(microseconds=1)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")


def calendar(strategies: Iterable[Strategy]) -> bytes:
    """Their openings, last days, answers and milestones, all with ``now`` and phases with
    their events.

    The same dates make the same bytes. What moves keeps its UID and gets a higher
    SEQUENCE, so that a calendar moves it, too, instead of showing it twice.
    """
    result = Calendar()
    result.add("prodid", f"-//{host()}//dates//{get_language().upper()}")
    result.add("version", "2.0")
    for name in ("name", "x-wr-calname"):
        result.add(name, town().site_name)
    result.add("refresh-interval", timedelta(hours=12), {"value": "DURATION"})
    for entry in entries(strategies):
        result.add_component(_event(entry))
    return result.to_ical()


def _event(entry: Entry) -> Event:
    about, strategy = entry.about, entry.strategy
    changed_at = max(about.changed_at, strategy.changed_at).replace(microsecond=0)
    address = absolute(strategy.get_absolute_url())
    if entry.is_milestone:
        name, description = f"milestone-{about.pk}", address
    else:
        name = f"phase-{about.pk}-{entry.kind}"
        description = f"{_sentence(about, entry.kind)}\n\n{address}"
    event = Event()
    event.add("uid", f"{name}@{host()}")
    event.add("dtstamp", changed_at)
    event.add("last-modified", changed_at)
    # It may never fall, not even when a deed is taken back: so it is no number of
    # deeds, but the seconds until the last change.
    event.add("sequence", int((changed_at - _SINCE).total_seconds()))
    event.add("dtstart", entry.on)
    event.add("dtend", entry.on + timedelta(days=1))
    event.add("summary", printable(f"{entry.title}: {strategy.title}"))
    event.add("description", printable(description))
    event.add("url", address)
    event.add("transp", "TRANSPARENT")
    return event


def _sentence(phase: Phase, kind: str) -> str:
    # Said as of a moment of the phase, not of now: else every day would change the text.
    moments = {"opening": phase.opens_at - _INSTANT, "closing": phase.opens_at}
    return time_sentence(phase, moments.get(kind, phase.closes_at), remaining=False)


def printable(text: str) -> str:
    """Without the control characters that neither calendars nor feeds may hold; texts
    that were copied from Word or a PDF are full of them. Line breaks stay."""
    return _CONTROL.sub("", text)
