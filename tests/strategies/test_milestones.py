"""Days on the way of a strategy that are no phase and no answer: where they stand, and how."""

import re
from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from strategies.models import Milestone
from strategies.wording import day
from tests.factories import CommentFactory, MilestoneFactory, PhaseFactory, StrategyFactory
from tests.pages import form_values

pytestmark = pytest.mark.django_db


def timeline(client, strategy) -> list[tuple[str, str, str]]:
    """Title, state in words and ``aria-current`` of each station on the page of a strategy."""
    page = client.get(strategy.get_absolute_url()).content.decode()
    stations = re.findall(r'<li class="timeline-[a-z]*"(.*?)>(.*?)</li>', page, re.DOTALL)
    return [
        (
            re.search("<strong>(.*?)</strong>", inner)[1],
            re.search('"timeline-state">(.*?)<', inner)[1],
            "".join(re.findall('aria-current="(.*?)"', attributes)),
        )
        for attributes, inner in stations
    ]


def test_they_stand_in_the_timeline_in_the_order_of_days(client):
    strategy = StrategyFactory()
    PhaseFactory(strategy=strategy, opens_in=-9, closes_in=9, title="Round one")
    PhaseFactory(strategy=strategy, opens_in=30, closes_in=40, title="Round two")
    MilestoneFactory(strategy=strategy, title="The council decides", in_days=20)
    MilestoneFactory(strategy=strategy, title="A walk", in_days=0)
    MilestoneFactory(strategy=strategy, title="The council begins", in_days=-20)

    assert timeline(client, strategy) == [
        ("Entwurf", "erledigt", ""),
        ("The council begins", "erledigt", ""),
        ("Round one", "läuft", "step"),
        ("A walk", "läuft", "date"),
        ("The council decides", "geplant", ""),
        ("Round two", "geplant", ""),
    ]


def test_a_draft_is_not_done_in_its_preview(signed_in, editor):
    strategy = StrategyFactory(published_at=None, edition="")

    preview = signed_in(editor).get(reverse("strategy_preview", args=[strategy.pk]))

    draft = preview.context["timeline"][0]
    assert (draft.when, draft.state_in_words) == ("noch nicht veröffentlicht", "läuft")


def test_a_promised_answer_stands_after_what_comes_before_it(client):
    soon = timezone.localdate() + timedelta(days=30)
    phase = PhaseFactory(opens_in=-9, closes_in=-3, title="Round one", answer_by=soon)
    MilestoneFactory(strategy=phase.strategy, title="The council decides", in_days=20)

    titles = [title for title, _state, _current in timeline(client, phase.strategy)]

    assert titles[1:] == ["Round one", "The council decides", "Antwort der Verwaltung"]


def test_the_dates_name_past_and_coming_ones(client):
    past = MilestoneFactory(title="The council began", in_days=-1)
    coming = MilestoneFactory(strategy=past.strategy, in_days=0)

    page = client.get(reverse("dates"))

    assert [entry.about for entry in page.context["coming"]] == [coming]
    assert [entry.about for entry in page.context["past"]] == [past]
    text = page.content.decode()
    assert f'The council decides: <a href="{coming.strategy.get_absolute_url()}">' in text
    assert day(coming.day) in text


def test_the_start_page_names_the_next(client):
    milestone = MilestoneFactory()

    response = client.get(reverse("home"))

    assert [entry.about for entry in response.context["next_dates"]] == [milestone]
    assert "The council decides" in response.content.decode()


def test_those_of_a_draft_are_nowhere(client):
    MilestoneFactory(strategy__published_at=None)

    pages = [client.get(reverse(name)).content.decode() for name in ("home", "dates", "calendar")]

    assert [page for page in pages if "The council decides" in page] == []


def test_a_title_is_no_markup(client):
    milestone = MilestoneFactory(title="<b>Rat</b>")

    for address in (reverse("dates"), milestone.strategy.get_absolute_url()):
        assert "<b>Rat" not in client.get(address).content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_of_a_strategy_asks_as_often_for_three_as_for_one(
    signed_in, citizen, number, django_assert_num_queries
):
    strategy = CommentFactory().phase.strategy
    MilestoneFactory.create_batch(number, strategy=strategy)
    client = signed_in(citizen)

    with django_assert_num_queries(8):
        page = client.get(strategy.get_absolute_url())

    assert page.content.decode().count("The council decides") == number


def test_editors_write_move_and_remove_them(signed_in, editor):
    strategy, client = StrategyFactory(), signed_in(editor)
    page = reverse("admin:strategies_strategy_change", args=[strategy.pk])

    def save(**changes):
        values = form_values(client.get(page), "strategy_form")
        assert client.post(page, values | changes).status_code == 302
        return list(Milestone.objects.values_list("strategy", "title", "day"))

    new = {"milestones-TOTAL_FORMS": "1", "milestones-0-title": "The council decides"}

    written = save(**new, **{"milestones-0-day": "2036-05-01"})
    moved = save(**{"milestones-0-day": "2036-06-01"})
    removed = save(**{"milestones-0-DELETE": "on"})

    assert written == [(strategy.pk, "The council decides", date(2036, 5, 1))]
    assert moved == [(strategy.pk, "The council decides", date(2036, 6, 1))]
    assert removed == []
