"""Readers get no cookie, and their forms are taken from our own pages only."""

import inspect
import re
from html import unescape
from io import StringIO

import pytest
from django.conf import settings
from django.middleware.csrf import CsrfViewMiddleware
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from comments.models import Comment
from lenzen.middleware import ReaderCsrfMiddleware
from lenzen.views import FORMS_ONLY
from strategies.messages import unsubscribe_url
from strategies.models import Subscription
from tests.addresses import public_addresses
from tests.factories import (
    CommentFactory,
    ReplyFactory,
    SubscriptionFactory,
    UserFactory,
    hidden,
)

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
    reader.get(goal.get_absolute_url())
    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        assert reader.cookies[name]["httponly"]
        assert reader.cookies[name]["samesite"] == "Lax"


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


TYPED = re.compile(r'<input type="hidden" name="(?!csrf)(.*?)" value="(.*?)">', re.DOTALL)


def given_back(page):
    """The hidden fields of a page that asks to send a form once more."""
    return [(name, unescape(value)) for name, value in TYPED.findall(page.text)]


@pytest.fixture
def late(reader, citizen):
    """Somebody whose page is older than their sign-in."""
    reader.force_login(citizen)
    return reader


def test_a_form_of_ours_without_its_token_comes_back_whole(late, goal, open_phase):
    comment = CommentFactory(goal=goal, phase=open_phase, author=UserFactory())
    path = goal.get_absolute_url()
    said = {"text": TEXT, "label": "praise", "name": 'A "B"', "email": "elbe@example.org"}

    page = late.post(path, said | {"csrfmiddlewaretoken": "old"}, headers=OURS)

    assert f">\n{escape(TEXT)}</textarea>" in page.text
    assert given_back(page) == [(name, said[name]) for name in ("label", "name", "email")]
    report = late.post(
        f"/kommentare/{comment.pk}/melden/", {"rule": "1", "words": "Ä\nB"}, headers=OURS
    )
    assert given_back(report) == [("rule", "1"), ("words", "Ä\nB")]
    assert "Es ist nichts verloren." in report.text
    vote = late.post(f"/kommentare/{comment.pk}/stimme/?fassung=2", {"stimme": "ja"}, headers=OURS)
    assert given_back(vote) == [("stimme", "ja")]
    assert f'action="/kommentare/{comment.pk}/stimme/?fassung=2"' in vote.text


def test_what_came_back_can_be_sent(late, goal):
    said = {"text": TEXT, "label": "praise", "signed_in": "1"}
    page = late.post(goal.get_absolute_url(), said, headers=OURS)
    token = page.text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]

    again = dict(given_back(page)) | {"text": TEXT, "csrfmiddlewaretoken": token}
    late.post(goal.get_absolute_url(), again, headers=OURS)

    assert Comment.objects.get().label == "praise"


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "null"}, {"Origin": "https://elsewhere.example"}]
)
def test_to_other_sites_only_the_text_is_given_back(headers, late, goal):
    said = {"text": TEXT, "label": "praise", "parent": "7"}

    page = late.post(goal.get_absolute_url(), said, headers=headers)

    assert escape(TEXT) in page.text
    assert given_back(page) == [("parent", "7")]


def test_secrets_and_files_do_not_come_back(late):
    for said in ({"code": "482915"}, {"password": "Elbdeich"}, {"arms": StringIO("<svg/>")}):
        page = late.post("/konto/anmelden/?next=/termine/", said, headers=OURS)

        assert given_back(page) == []
        assert "<button" not in page.text
        assert '<a href="/konto/anmelden/?next=/termine/">' in page.text


def test_nobody_is_led_to_an_address_that_shows_no_page(reader, late, citizen):
    ways = dict(public_addresses()) | {"discard_draft": reverse("discard_draft", args=[1])}
    no_pages = {name for name, path in ways.items() if reader.get(path).status_code == 405}

    assert no_pages == FORMS_ONLY
    for name in no_pages:
        page = late.post(ways[name], {"stimme": "ja"})
        assert '<p><a href="/">Zur Startseite</a></p>' in page.text, name


def test_a_vote_in_place_without_token_loads_the_page_anew(late, goal, open_phase):
    comment = CommentFactory(goal=goal, phase=open_phase)
    headers = OURS | {"HX-Request": "true"}

    answer = late.post(f"/kommentare/{comment.pk}/stimme/", {"stimme": "ja"}, headers=headers)

    assert (answer.status_code, answer["HX-Refresh"]) == (200, "true")
    assert "Bitte versuchen Sie es noch einmal." in late.get(goal.get_absolute_url()).text


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


@pytest.mark.parametrize("charset", ["idna", "hex", "unicode_escape"])
def test_forms_and_addresses_are_read_as_what_we_write(client, charset):
    named = f"text/plain; charset={charset}"
    asked = client.generic("GET", "/suche/?q=%5Cud800B%C3%A4nke", content_type=named)
    assert "ud800Bänke" in asked.content.decode()

    named = f"multipart/form-data; boundary=x; charset={charset}"
    form = '--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n\\ud800Bänke\r\n--x--\r\n'
    sent = client.generic("POST", "/barriere-melden/", form, content_type=named)
    assert sent.url.endswith("?angekommen")
