"""Readers get no cookie, and their forms are taken from our own pages only."""

import inspect

import pytest
from django.conf import settings
from django.middleware.csrf import CsrfViewMiddleware
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from comments.models import Comment
from lenzen.middleware import ReaderCsrfMiddleware
from strategies.messages import unsubscribe_url
from strategies.models import Subscription
from tests.addresses import public_addresses
from tests.factories import CommentFactory, ReplyFactory, SubscriptionFactory, hidden

pytestmark = pytest.mark.django_db

OURS = {"Origin": "http://testserver"}
TEXT = "Mehr Bäume & Bänke."


@pytest.fixture
def reader():
    """As a browser meets the site: with all checks."""
    return Client(enforce_csrf_checks=True)


def token_of(subscription):
    url = unsubscribe_url(subscription.strategy)(subscription.person)
    return url.partition("/abbestellen/")[2].rstrip("/")


def test_no_page_for_readers_sets_a_cookie(reader, goal, open_phase):
    comment = CommentFactory(goal=goal, phase=open_phase)
    ReplyFactory(parent=hidden(CommentFactory(goal=goal, phase=open_phase)))
    examples = {
        "slug": goal.strategy.slug,
        "number": goal.number,
        "goal": goal.number,
        "pk": comment.pk,
        "token": token_of(SubscriptionFactory(strategy=goal.strategy)),
    }
    goal.strategy.number = goal.number
    goal.strategy.save()

    answers = {name: reader.get(path) for name, path in public_addresses(**examples)}
    answers["a page that is not there"] = reader.get("/nichts/")
    for name in ("account_login", "account_login_password"):
        answers[name] = reader.get(reverse(name))
    answers["a reply"] = reader.get(goal.get_absolute_url(), {"antwort": comment.pk})

    assert {name: answer.cookies for name, answer in answers.items() if answer.cookies} == {}
    assert not reader.cookies
    ways = [name for name, answer in answers.items() if answer.status_code == 200]
    assert {"home", "strategy", "goal", "discussion", "print", "unsubscribe", "dates"} <= {*ways}


@pytest.mark.parametrize("path", ["goal", "discussion"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (OURS, 302),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "http://testserver.elsewhere.example"}, 403),
        ({"Origin": "http://testserver:8000"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
        ({"Referer": "http://testserver/"}, 403),
    ],
)
def test_without_a_session_our_own_origin_is_needed(path, headers, status, reader, goal):
    address = goal.get_absolute_url()
    if path == "discussion":
        address = f"{goal.strategy.get_absolute_url()}diskussion/"

    response = reader.post(address, {"text": TEXT, "email": "elbe@example.org"}, headers=headers)

    assert response.status_code == status
    if status == 403:
        assert escape(TEXT) in response.content.decode()
        assert not reader.cookies


def test_an_address_longer_than_the_database_takes_is_refused(reader, goal, open_phase):
    comment = CommentFactory(goal=goal, phase=open_phase)
    said = {"email": f"{'a' * 250}@example.org", "text": TEXT, "rule": "1"}
    report = f"/kommentare/{comment.pk}/melden/"
    paths = ["/konto/anmelden/", "/auf-dem-laufenden/", "/barriere-melden/", report]

    for path in [goal.get_absolute_url(), *paths]:
        answer = reader.post(path, said, headers=OURS)
        assert answer.context["form"].has_error("email"), path


def test_the_first_cookie_comes_with_the_first_form(reader, goal):
    said = {"text": TEXT, "email": "elbe@example.org"}
    reader.post(goal.get_absolute_url(), said, headers=OURS)

    assert settings.SESSION_COOKIE_NAME in reader.cookies


def test_with_a_session_the_token_is_needed(reader, goal, citizen):
    reader.force_login(citizen)

    response = reader.post(goal.get_absolute_url(), {"text": TEXT}, headers=OURS)

    assert response.status_code == 403
    assert not Comment.objects.exists()
    page = response.content.decode()
    assert "Die Seite war lange offen. Ihr Text ist noch da." in page
    assert escape(TEXT) in page


def test_with_a_session_the_form_brings_its_token(reader, goal, citizen):
    reader.force_login(citizen)
    page = reader.get(goal.get_absolute_url())
    form = next(form for form in page.content.decode().split("<form")[1:] if "<textarea" in form)
    token = form.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    said = {"text": TEXT, "csrfmiddlewaretoken": token}

    foreign = reader.post(
        goal.get_absolute_url(), said, headers={"Origin": "https://elsewhere.example"}
    )
    assert foreign.status_code == 403

    assert reader.post(goal.get_absolute_url(), said, headers=OURS).status_code == 302


def test_a_session_that_has_expired_still_needs_the_token(reader, goal, citizen):
    """The cookie is what another site could abuse; that it is worth nothing, nobody knows yet."""
    reader.cookies[settings.SESSION_COOKIE_NAME] = "expired"

    response = reader.post(goal.get_absolute_url(), {"text": TEXT}, headers=OURS)

    assert response.status_code == 403
    assert escape(TEXT) in response.content.decode()


def test_a_page_for_readers_holds_no_token(reader, goal):
    page = reader.get(goal.get_absolute_url()).content.decode()

    assert "<textarea" in page
    assert "csrfmiddlewaretoken" not in page


def test_mail_programs_unsubscribe_without_origin_and_cookie(reader):
    subscription = SubscriptionFactory()

    response = reader.post(
        f"/abbestellen/{token_of(subscription)}/", {"List-Unsubscribe": "One-Click"}
    )

    assert response.status_code == 200
    assert not response.cookies
    assert not Subscription.objects.current().exists()


def test_looking_at_the_link_unsubscribes_nobody(reader):
    subscription = SubscriptionFactory()

    reader.get(f"/abbestellen/{token_of(subscription)}/")

    assert Subscription.objects.current().get() == subscription


@pytest.mark.parametrize("change", [lambda t: f"9{t}", lambda t: t[:-1], lambda t: "1-1:x"])
def test_a_link_that_was_tampered_with_does_nothing(change, reader):
    subscription = SubscriptionFactory()

    response = reader.post(f"/abbestellen/{change(token_of(subscription))}/")

    assert response.status_code == 404
    assert Subscription.objects.current().exists()


def test_django_still_asks_in_the_order_that_this_rests_on():
    """``_check_token`` is private: Django may change it, and must not do so unnoticed."""
    source = inspect.getsource(CsrfViewMiddleware.process_view)

    assert source.index("self._origin_verified(request)") < source.index("self._check_token(")
    assert "_check_token" in vars(ReaderCsrfMiddleware)
    assert list(inspect.signature(CsrfViewMiddleware._check_token).parameters) == [
        "self",
        "request",
    ]
