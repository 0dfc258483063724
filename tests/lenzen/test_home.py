"""The start page: what is open now, what comes next, and what was answered."""

from datetime import date

import pytest
from django.urls import reverse

from strategies.models import PhaseEvent
from tests.factories import MilestoneFactory, PhaseEventFactory, PhaseFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_only_what_is_open_stands_under_open_now(client):
    phase = PhaseFactory()
    PhaseFactory(opens_in=-9, closes_in=-5)
    PhaseFactory(opens_in=5, closes_in=9)

    context = client.get(reverse("home")).context

    assert context["open_strategies"] == [phase.strategy]
    assert len(context["strategies"]) == 3


def test_next_dates_lie_ahead(client):
    MilestoneFactory(in_days=-1)
    coming = MilestoneFactory(in_days=3)

    dates = client.get(reverse("home")).context["next_dates"]

    assert [entry.about for entry in dates] == [coming]


@pytest.mark.parametrize("number", [1, 3])
def test_what_became_of_earlier_comments_stands_there(client, number, django_assert_num_queries):
    phases = [
        PhaseFactory(opens_in=-40, closes_in=-30, answered_at=date(2026, 1, day + 1))
        for day in range(number)
    ]
    editor = UserFactory(is_staff=True)
    for phase in phases:
        said = f"Antwort zu {phase.strategy.number} mit <b>."
        PhaseEventFactory(phase=phase, kind=PhaseEvent.Kind.ANSWERED, by=editor, reason=said)
    PhaseFactory(opens_in=-40, closes_in=-30, answered_at=date(2026, 2, 1))

    with django_assert_num_queries(5):
        response = client.get(reverse("home"))

    answers = response.context["answers"]
    assert [answer["strategy"] for answer in answers] == [phase.strategy for phase in phases[::-1]]
    assert "mit &lt;b&gt;." in response.content.decode()


def test_an_answer_stands_there_also_while_the_next_phase_is_open(client):
    phase = PhaseFactory(opens_in=-40, closes_in=-30, answered_at=date(2026, 1, 5))
    PhaseEventFactory(
        phase=phase,
        kind=PhaseEvent.Kind.ANSWERED,
        by=UserFactory(is_staff=True),
        reason="Der Radweg kommt.",
    )
    PhaseFactory(strategy=phase.strategy)

    html = client.get(reverse("home")).content.decode()

    assert "Was aus früheren Kommentaren wurde" in html
    assert "<p>Der Radweg kommt.</p>" in html
