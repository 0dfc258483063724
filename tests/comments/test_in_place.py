"""What changes in the page when the browser can: the same answers, smaller."""

import pytest
from django.urls import reverse

from tests.factories import CommentFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def comment(goal, open_phase):
    return CommentFactory(goal=goal, phase=open_phase)


def vote(client, comment, choice="ja"):
    return client.post(reverse("vote", args=[comment.pk]), {"stimme": choice}, headers=HTMX)


def test_vote_brings_its_buttons(signed_in, citizen, comment):
    response = vote(signed_in(citizen), comment).content.decode()

    assert response.count("<button") == 2
    assert 'aria-pressed="true">Sie stimmen zu (1)<' in response
    assert "<html" not in response


def test_refusal_is_said_beside_the_votes(signed_in, comment):
    response = vote(signed_in(comment.author), comment).content.decode()

    assert '<p role="alert">Über den eigenen Kommentar stimmt man nicht ab.</p>' in response


def test_who_is_no_longer_signed_in_is_led_to_the_door(client, comment):
    response = vote(client, comment)

    assert response["HX-Redirect"].startswith(reverse("account_login"))


def test_readers_vote_without_it(client, signed_in, citizen, comment):
    assert "hx-post" not in client.get(comment.goal.get_absolute_url()).content.decode()
    page = signed_in(citizen).get(comment.goal.get_absolute_url()).content.decode()
    assert page.count("hx-post") == 2


def test_focus_goes_to_the_heading_only_when_the_order_changes(client, comment):
    address = comment.goal.get_absolute_url()

    assert "autofocus" not in client.get(address).content.decode()
    changed = client.get(address, {"sortierung": "aelteste"}, headers=HTMX).content.decode()
    assert '<h2 id="kommentare" tabindex="-1" autofocus>' in changed
