"""When something goes wrong, people read what, and get their words back."""

import pytest
from django.test import RequestFactory
from django.utils.html import escape

from accounts.town import town
from lenzen.views import server_error
from tests.addresses import public_addresses
from tests.factories import GoalFactory, StrategyFactory

pytestmark = pytest.mark.django_db

TEXT = "Mehr Bäume & Bänke."


def test_a_fault_of_ours_gives_the_text_back_without_asking_the_database(
    django_assert_num_queries,
):
    request = RequestFactory().post("/", {"text": TEXT})

    with django_assert_num_queries(0):
        response = server_error(request)

    assert response.status_code == 500
    assert escape(TEXT) in response.content.decode()


def test_too_much_at_once(client, goal):
    response = client.post(goal.get_absolute_url(), {"text": "a" * 1_100_000})

    assert response.status_code == 413
    assert "<h1>" in response.content.decode()


def test_a_page_that_is_not_there_shows_what_is(client):
    response = client.get("/gibt-es-nicht/")

    assert response.status_code == 404
    page = response.content.decode()
    assert 'href="/strategien/"' in page
    assert town().contact in page


def test_a_draft_does_not_exist_for_the_public(client):
    """Also not for those who guess its address."""
    secret = "Geheimer Titel"
    strategy = StrategyFactory(published_at=None, title=secret, slug="geheim", number=1)
    GoalFactory(strategy=strategy, number=1, title=secret)

    answers = {
        name: client.get(path, follow=True)
        for name, path in public_addresses(slug="geheim", number=1, goal=1, pk=strategy.pk)
    }

    shown = [name for name, answer in answers.items() if secret in b"".join(answer).decode()]
    assert shown == []
    for name in ("strategy", "goal", "discussion", "print", "short_strategy", "short_goal"):
        assert answers[name].status_code == 404


def test_browsers_are_told_to_let_nothing_in(client):
    headers = client.get("/").headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
