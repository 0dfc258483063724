"""The start page: what is open now, and what comes next."""

import pytest
from django.urls import reverse

from tests.factories import MilestoneFactory, PhaseFactory

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
