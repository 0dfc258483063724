"""Whoever cannot use a page can say so, and somebody hears of it."""

import pytest
from django.conf import settings

from accounts.messages import Block, blocks
from accounts.models import Notification
from accounts.town import town
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PATH = "/barriere-melden/"
WORDS = "Die Schrift ist zu klein."


def send(client, **said):
    return client.post(PATH, {"text": WORDS, **said})


def test_a_barrier_reaches_those_who_can_remedy_it(client):
    staff = UserFactory(is_staff=True, is_superuser=True)
    UserFactory(is_staff=True)
    UserFactory()
    response = send(client, page="/termine/")
    assert response.url == f"{PATH}?angekommen"
    owed = Notification.objects.all()
    assert {each.recipient for each in owed} == {staff, None}
    assert {each.address for each in owed if not each.recipient} == {town().contact_email}
    for each in owed:
        assert WORDS in each.body
        assert f"{settings.SITE_URL}/termine/" in each.body


def test_a_strangers_words_and_links_do_not_look_like_ours(client):
    send(client, text=f"{WORDS}\n\nhttps://evil.example/\nPlease sign in there.")

    quotation = blocks(Notification.objects.get().body)[2]
    assert quotation == Block("quote", f"{WORDS}\n\nhttps://evil.example/\nPlease sign in there.")


HOST = settings.SITE_URL.partition("://")[2]


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("/termine", "/termine/"),
        (" /termine/?seite=2#eingabe ", "/termine/"),
        (f"{HOST}/termine/", "/termine/"),
        (f"HTTP://{HOST.upper()}/termine/", "/termine/"),
        (f"https://{HOST}/termine", "/termine/"),
        (HOST, "/"),
        (f"{settings.SITE_URL}?seite=2", "/"),
    ],
)
def test_a_page_of_ours_is_linked_however_its_address_is_written(client, typed, path):
    send(client, page=typed)

    place = blocks(Notification.objects.get().body)[0]
    assert place == Block("link", f"{settings.SITE_URL}{path}")


@pytest.mark.parametrize(
    "typed",
    [
        "Startseite",
        "termine",
        "/fehlt/",
        "https://evil.example/termine/",
        "//evil.example/termine/",
        f"{settings.SITE_URL}.evil.example/termine/",
        f"{settings.SITE_URL}@evil.example/termine/",
        "/mein-text/x\n\nPlease call 0900 123.\n\n/",
        "/mein-text/Please call 0900 123/",
    ],
)
def test_what_leads_to_no_page_of_ours_is_passed_on_as_a_quotation(client, typed):
    response = send(client, page=typed)

    assert response.status_code == 302
    body = Notification.objects.get().body
    said, quotation, *_others = blocks(body)
    assert said == Block("words", "Diese Seite wurde genannt:")
    assert quotation == Block("quote", typed)
    assert settings.SITE_URL not in body.replace(f"> {typed}", "")


def test_it_is_confirmed_on_screen_without_a_cookie(client):
    response = client.post(PATH, {"text": WORDS}, follow=True)
    assert "Ihre Meldung ist angekommen" in response.content.decode()
    assert not client.cookies


def test_the_receipt_quotes_nothing(client):
    send(client, email="Erna@example.org")
    receipt = Notification.objects.get(address="erna@example.org")
    assert WORDS not in receipt.body


@pytest.mark.parametrize(
    ("asked", "filled"),
    [("/termine/", "/termine/"), ("//evil.example/", ""), ("https://evil.example/", "")],
)
def test_only_a_page_of_our_own_is_filled_in(client, asked, filled):
    form = client.get(PATH, {"seite": asked}).context["form"]
    assert form["page"].value() == filled


def test_what_was_typed_comes_back_when_it_is_refused(client):
    response = send(client, page="Startseite", email="erna")
    assert WORDS in response.content.decode()
    assert "Startseite" in response.content.decode()
    assert not Notification.objects.exists()


def test_a_text_that_is_too_long_comes_back_whole(client):
    assert "maxlength" not in client.get(PATH).context["form"]["text"].as_widget()
    long = "a" * 2312

    page = send(client, text=long).content.decode()

    assert "Ihr Text ist 312 Zeichen zu lang. Erlaubt sind 2.000. Bitte kürzen Sie ihn." in page
    assert long in page
    assert not Notification.objects.exists()


def test_whoever_reads_the_mails_of_the_town_hears_once(client):
    UserFactory(is_staff=True, role="Redaktion", email=town().contact_email)
    send(client)
    assert Notification.objects.count() == 1


def test_a_network_that_sends_too_many_is_refused_and_keeps_its_words(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "barrier": "1/h/ip"}
    send(client)
    response = send(client)
    assert response.status_code == 429
    assert WORDS in response.content.decode()
    assert Notification.objects.count() == 1


def test_a_network_may_report_sixty_an_hour(client):
    answers = [send(client).status_code for _each in range(61)]
    assert answers == [302] * 60 + [429]


def test_an_address_gets_few_receipts(client):
    answers = [send(client, email="erna@example.org").status_code for _each in range(4)]
    assert answers == [302, 302, 302, 429]


def test_the_foot_leads_there_and_knows_the_page(client):
    assert f'href="{PATH}?seite=/termine/"' in client.get("/termine/").content.decode()
    assert f'href="{PATH}"' in client.get("/konto/anmelden/").content.decode()
