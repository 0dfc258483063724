"""When something goes wrong, people read what, and get their words back."""

from io import RawIOBase

import pytest
from django.core.exceptions import RequestDataTooBig
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils.html import escape
from django.utils.http import urlencode

from accounts.town import town
from comments.models import LONGEST_DRAFT
from lenzen.templatetags.lenzen import with_telephone
from lenzen.views import MOST_READ, bad_request, server_error
from tests.accounts.door import HOST
from tests.addresses import public_addresses
from tests.factories import GoalFactory, StrategyFactory

pytestmark = pytest.mark.django_db

TEXT = "Mehr Bäume & Bänke."
FORM = "application/x-www-form-urlencoded"


def test_a_fault_of_ours_gives_the_text_back_without_asking_the_database(
    django_assert_num_queries,
):
    request = RequestFactory().post("/", {"text": TEXT})

    with django_assert_num_queries(0):
        response = server_error(request)

    assert response.status_code == 500
    assert escape(TEXT) in response.content.decode()


@pytest.mark.parametrize("is_signed_in", [True, False])
def test_too_much_at_once_comes_back_as_far_as_it_can_be_read(goal, citizen, is_signed_in):
    client = Client(enforce_csrf_checks=True)
    if is_signed_in:
        client.force_login(citizen)
    said = TEXT + "ä" * LONGEST_DRAFT
    form = urlencode({"csrfmiddlewaretoken": "x", "text": said + "ö" * 200_000})

    response = client.post(goal.get_absolute_url(), form, FORM, headers=HOST)

    assert response.status_code == 413
    page = response.content.decode()
    assert f">{escape(said[:LONGEST_DRAFT])}</textarea>" in page
    assert "höchstens die ersten 16.000 Zeichen" in page


@pytest.mark.parametrize("form", [b"&" * 1_100_000, b"\xff\x00%" * 400_000])
def test_too_much_that_holds_no_text_is_told_all_the_same(client, goal, form):
    response = client.post(goal.get_absolute_url(), form, FORM)

    assert response.status_code == 413
    assert 'id="ihr-text"' not in response.content.decode()


def test_too_much_in_a_form_that_none_of_our_pages_sends(client, goal):
    response = client.post(goal.get_absolute_url(), {"text": "a" * 1_100_000})

    assert response.status_code == 413
    assert 'id="ihr-text"' not in response.content.decode()


class Flood(RawIOBase):
    """A form that never ends."""

    size = 0

    def read(self, number):
        self.size += number
        return b"text=" + b"a" * (number - 5)


def test_of_a_form_that_is_too_big_no_more_is_read_than_a_little():
    flood = Flood()
    request = RequestFactory().post(
        "/", content_type=FORM, **{"wsgi.input": flood, "CONTENT_LENGTH": "9000000000"}
    )

    response = bad_request(request, RequestDataTooBig())

    assert response.status_code == 413
    assert flood.size == MOST_READ


def test_a_page_that_is_not_there_shows_what_is(client):
    response = client.get("/gibt-es-nicht/")

    assert response.status_code == 404
    page = response.content.decode()
    assert 'href="/strategien/"' in page
    assert with_telephone(town().contact) in page


def test_who_is_refused_and_signed_in_is_not_told_to_sign_in(citizen, signed_in):
    strategy = StrategyFactory(published_at=None)

    response = signed_in(citizen).get(reverse("strategy_preview", args=[strategy.pk]))

    assert response.status_code == 403
    assert "Mein Konto" in response.content.decode()
    assert "Anmelden" not in response.content.decode()


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
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    own = "font-src connect-src form-action manifest-src script-src style-src".split()
    assert rules == dict.fromkeys(own, "'self'") | {
        "default-src": "'none'",
        "img-src": "'self' data:",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
