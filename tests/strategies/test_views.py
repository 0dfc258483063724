"""What pages say about the way of a strategy: the dates, and what has happened."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from strategies.models import PhaseEvent
from tests.factories import (
    GoalFactory,
    MilestoneFactory,
    PhaseEventFactory,
    PhaseFactory,
    UserFactory,
    days,
)

pytestmark = pytest.mark.django_db

Kind = PhaseEvent.Kind


@pytest.mark.parametrize(("in_days", "list_of_dates"), [(0, "coming"), (-1, "past")])
def test_an_answer_is_late_only_after_the_day_it_was_promised_by(client, in_days, list_of_dates):
    promised = timezone.localdate() + timedelta(days=in_days)
    PhaseFactory(opens_in=-9, closes_in=-3, answer_by=promised)

    found = client.get(reverse("dates")).context[list_of_dates]

    assert [entry.on for entry in found if entry.kind == "answer"] == [promised]


def test_of_past_dates_the_latest_comes_first(client):
    long_ago = MilestoneFactory(in_days=-20)
    lately = MilestoneFactory(in_days=-2)

    past = client.get(reverse("dates")).context["past"]

    assert [entry.about for entry in past] == [lately, long_ago]


@pytest.mark.parametrize(("in_days", "words"), [(0, "geplant"), (-1, "steht noch aus")])
def test_an_answer_that_is_late_is_not_planned(client, in_days, words):
    promised = timezone.localdate() + timedelta(days=in_days)
    phase = PhaseFactory(opens_in=-9, closes_in=-3, answer_by=promised)

    steps = client.get(phase.strategy.get_absolute_url()).context["timeline"]

    assert [step.state_in_words for step in steps] == ["erledigt", "erledigt", words]


def test_the_answer_stands_beside_the_time_of_all_that_was_commented_on(client):
    phase = PhaseFactory(opens_in=-9, closes_in=-1, answered_at="2026-01-05")
    goal = GoalFactory(strategy=phase.strategy)
    said = "Der Radweg kommt. Alles steht auf https://www.amt.example/antwort <b>"
    PhaseEventFactory(phase=phase, kind=Kind.ANSWERED, reason=said, by=UserFactory(is_staff=True))
    paper = reverse("print", args=[phase.strategy.slug])

    for address in (phase.strategy.get_absolute_url(), goal.get_absolute_url(), paper):
        html = client.get(address).content.decode()
        assert "<p>Der Radweg kommt. Alles steht auf " in html
        assert "&lt;b&gt;" in html
    linked = client.get(goal.get_absolute_url()).content.decode()
    assert 'href="https://www.amt.example/antwort"' in linked


def test_the_history_names_what_happened_newest_first_and_no_reminders(client):
    phase = PhaseFactory(opens_in=-9, closes_in=-1)
    for kind, moment in [
        (Kind.OPENED, phase.opens_at),
        (Kind.CLOSING_SOON, days(-4)),
        (Kind.CLOSED, phase.closes_at),
    ]:
        PhaseEventFactory(phase=phase, kind=kind, moment=moment)

    history = client.get(phase.strategy.get_absolute_url()).context["history"]

    said = [entry["sentence"] for entry in history]
    assert said == ["Das Kommentieren endete.", "Das Kommentieren begann."]
