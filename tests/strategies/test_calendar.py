"""The calendar of dates, as the programs read it that subscribe to it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from icalendar import Calendar

from strategies.actions import extend_phase, open_phase, take_back_event
from strategies.models import Milestone, Phase, Strategy
from tests.factories import MilestoneFactory, PhaseFactory, StrategyFactory, UserFactory, days

pytestmark = pytest.mark.django_db

MAY = {
    "opens_at": datetime(2026, 4, 30, 22, tzinfo=UTC),
    "closes_at": datetime(2026, 5, 31, 22, tzinfo=UTC),
    "answer_by": date(2026, 8, 31),
}
"""In Berlin: from 1 May 2026, 0:00, to 31 May 2026, 24:00."""


def events(client) -> dict:
    """The events of the calendar by UID; each is there once."""
    calendar = Calendar.from_ical(client.get("/termine.ics").content)
    found = {event["UID"]: event for event in calendar.walk("VEVENT")}
    assert len(found) == len(calendar.walk("VEVENT"))
    assert [event.errors for event in found.values() if event.errors] == []
    return found


def test_a_phase_is_three_whole_days(client):
    phase = PhaseFactory(**MAY, strategy__title="Lebendige Stadt")

    found = {
        uid: (str(event["SUMMARY"]), event["DTSTART"].dt, event["DTEND"].dt)
        for uid, event in events(client).items()
    }

    name = f"phase-{phase.pk}-{{}}@localhost".format
    assert found == {
        name("opening"): (
            "Kommentieren beginnt: Lebendige Stadt",
            date(2026, 5, 1),
            date(2026, 5, 2),
        ),
        name("closing"): (
            "Letzter Tag zum Kommentieren: Lebendige Stadt",
            date(2026, 5, 31),
            date(2026, 6, 1),
        ),
        name("answer"): (
            "Bis dahin antwortet die Verwaltung: Lebendige Stadt",
            date(2026, 8, 31),
            date(2026, 9, 1),
        ),
    }


def test_every_event_says_what_programs_need(client):
    phase = PhaseFactory(**MAY)

    response = client.get("/termine.ics")
    event = events(client)[f"phase-{phase.pk}-closing@localhost"]

    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert response.content.startswith(b"BEGIN:VCALENDAR\r\n")
    assert max(len(line) for line in response.content.split(b"\r\n")) <= 75
    assert b"\nDTSTART;VALUE=DATE:20260501\r\n" in response.content
    assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt
    assert event["DTSTAMP"].dt.utcoffset() == timedelta(0)
    address = f"{settings.SITE_URL}{phase.strategy.get_absolute_url()}"
    assert event["URL"] == address
    # A day on which one can comment leaves the day free.
    assert event["TRANSP"] == "TRANSPARENT"
    assert event["DESCRIPTION"].split("\n") == [
        "Kommentieren ist möglich bis Sonntag, 31.\xa0Mai\xa02026, 24:00\xa0Uhr.",
        "",
        address,
    ]


def test_a_milestone_is_a_whole_day(client):
    milestone = MilestoneFactory(
        title="Der Rat, die Stadt; und\x0b alle", day=date(2026, 6, 30), strategy__title="Stadt"
    )

    ((uid, event),) = events(client).items()

    assert uid == f"milestone-{milestone.pk}@localhost"
    assert event["SUMMARY"] == "Der Rat, die Stadt; und alle: Stadt"
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (date(2026, 6, 30), date(2026, 7, 1))
    assert event["DESCRIPTION"] == event["URL"]
    assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt


@pytest.fixture
def moved_dates(client):
    """What a calendar program knows of an event before and after a deed."""

    def moved(uid, deed):
        # The sequence counts seconds: what is known was written a minute ago.
        for model in (Strategy, Phase, Milestone):
            model.objects.update(changed_at=days(-1 / 24 / 60))
        before = events(client)[uid]
        deed()
        return before, events(client)[uid]

    return moved


def test_an_extended_phase_arrives_as_an_update(moved_dates, open_phase):
    later = open_phase.closes_at + timedelta(days=7)

    before, after = moved_dates(
        f"phase-{open_phase.pk}-closing@localhost",
        lambda: extend_phase(
            phase=open_phase, closes_at=later, by=UserFactory(is_staff=True), reason="Ferien"
        ),
    )

    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after["LAST-MODIFIED"].dt > before["LAST-MODIFIED"].dt
    assert after["DTSTART"].dt == before["DTSTART"].dt + timedelta(days=7)


def test_a_date_moved_before_the_opening_arrives_as_an_update(moved_dates):
    phase = PhaseFactory(opens_in=5, closes_in=9)

    def move():
        phase.opens_at += timedelta(days=1)
        phase.save()

    before, after = moved_dates(f"phase-{phase.pk}-opening@localhost", move)

    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after["DTSTART"].dt == before["DTSTART"].dt + timedelta(days=1)


def test_what_is_taken_back_arrives_as_an_update(moved_dates):
    phase, staff = PhaseFactory(opens_in=5, closes_in=9), UserFactory(is_staff=True)
    event = open_phase(phase=phase, by=staff, reason="Früher fertig")

    before, after = moved_dates(
        f"phase-{phase.pk}-opening@localhost", lambda: take_back_event(event=event)
    )

    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after["DTSTART"].dt == before["DTSTART"].dt + timedelta(days=5)


def test_a_new_title_arrives_as_an_update(moved_dates, open_phase):
    def rename():
        open_phase.strategy.title = "Grüne Stadt"
        open_phase.strategy.save()

    before, after = moved_dates(f"phase-{open_phase.pk}-closing@localhost", rename)

    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after["SUMMARY"].endswith("Grüne Stadt")


def test_a_moved_milestone_arrives_as_an_update(moved_dates):
    milestone = MilestoneFactory()

    def move():
        milestone.day += timedelta(days=7)
        milestone.save()

    before, after = moved_dates(f"milestone-{milestone.pk}@localhost", move)

    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after["DTSTART"].dt == before["DTSTART"].dt + timedelta(days=7)


def test_the_same_dates_are_not_sent_twice(client, open_phase):
    etag = client.get("/termine.ics")["ETag"]

    assert client.get("/termine.ics", headers={"If-None-Match": etag}).status_code == 304


def test_drafts_are_not_in_the_calendar(client):
    draft = StrategyFactory(published_at=None)
    PhaseFactory(strategy=draft)
    MilestoneFactory(strategy=draft)

    assert events(client) == {}


def test_control_characters_do_not_break_the_calendar(client):
    phase = PhaseFactory(**MAY, strategy__title="Stadt\x0bam Fluss; mit Fähre, Burg")

    event = events(client)[f"phase-{phase.pk}-opening@localhost"]

    assert event["SUMMARY"] == "Kommentieren beginnt: Stadtam Fluss; mit Fähre, Burg"


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow_with_phases_and_milestones(client, count, django_assert_num_queries):
    for phase in PhaseFactory.create_batch(count):
        MilestoneFactory(strategy=phase.strategy)

    with django_assert_num_queries(4):
        assert len(events(client)) == 3 * count


def test_the_dates_lead_to_the_calendar(client):
    response = client.get(reverse("dates"))

    assert 'href="/termine.ics"' in response.content.decode()
    assert response.cookies == {}
