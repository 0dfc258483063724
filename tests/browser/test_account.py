"""Door and account in a browser: every page open to everybody, and passkeys."""

import re

import pytest
from playwright.sync_api import expect

from tests.accounts.door import code_sent
from tests.accounts.test_account import PAGES, page_address, with_everything
from tests.factories import UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "vierzehn Birnen am Deich"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def complaints(page):
    """What the browser complains about: blocked by the policy, missing, foreign."""
    heard = []
    page.on("console", lambda line: heard.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


def press(page, button):
    page.get_by_role("button", name=button).first.click()


def test_a_newcomer_gets_in_and_is_led_back(page, live_server, look, complaints):
    page.goto(f"{live_server.url}/konto/anmelden/?next=/termine/")
    look()
    page.get_by_label("Name, der bei Ihrem Kommentar steht").fill("Bauamt")
    page.get_by_label("E-Mail-Adresse").fill("anna@example.org")
    press(page, "Weiter")
    expect(page).to_have_title(re.compile("^Code eingeben"))
    look()
    page.get_by_label("Code aus der E-Mail").fill("000000")
    press(page, "Anmelden")
    expect(page).to_have_title(re.compile("^Fehler: Code eingeben"))
    look()
    press(page, "Neuen Code senden")
    page.get_by_text("Ein neuer Code ist unterwegs").wait_for()
    page.get_by_label("Code aus der E-Mail").fill(code_sent())
    press(page, "Anmelden")
    expect(page).to_have_title(re.compile("^Fehler: Ihr Name"))
    look()
    page.get_by_label("Name, der bei Ihrem Kommentar steht").fill("Anna vom Berg")
    press(page, "Speichern")

    page.wait_for_url(f"{live_server.url}/termine/")
    assert complaints == []


def test_a_passkey_is_added_and_stands_in_for_code_and_second_step(
    page, live_server, look, complaints
):
    UserFactory(email="anna@example.org", password=PASSWORD)
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})

    page.goto(f"{live_server.url}/konto/anmelden/passwort/?next=/konto/schutz/")
    look()
    sign_in_by_password(page)
    page.wait_for_url(f"{live_server.url}/konto/schutz/")
    look()
    page.get_by_role("link", name="Passkey hinzufügen").click()
    page.get_by_label("Passwort").fill(PASSWORD)
    press(page, "Weiter")
    page.wait_for_url("**/passkeys/neu/")
    look()
    page.get_by_label("Wie Sie diesen Passkey nennen").fill("Telefon")
    press(page, "Passkey hinzufügen")
    page.wait_for_url("**/ersatzcodes/")
    look()
    page.goto(f"{live_server.url}/konto/schutz/passkeys/")
    expect(page.get_by_role("heading", name="Telefon")).to_be_visible()
    look()

    sign_out(page, live_server)
    page.goto(f"{live_server.url}/konto/anmelden/passwort/?next=/termine/")
    press(page, "Mit Passkey anmelden")
    page.wait_for_url(f"{live_server.url}/termine/")

    sign_out(page, live_server)
    page.goto(f"{live_server.url}/konto/anmelden/passwort/")
    sign_in_by_password(page)
    expect(page.get_by_role("heading", name="Zweiter Schritt")).to_be_visible()
    look()
    press(page, "Passkey verwenden")
    page.wait_for_url(f"{live_server.url}/konto/")
    look()
    assert complaints == []


def test_without_a_passkey_the_page_says_what_happened(page, live_server):
    page.goto(f"{live_server.url}/konto/anmelden/passwort/")
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    empty = {**AUTHENTICATOR, "isUserVerified": False}
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": empty})

    press(page, "Mit Passkey anmelden")

    page.get_by_role("alert").get_by_text("Das hat nicht geklappt").wait_for()


@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_the_account_is_open_to_everybody(page, live_server, look, complaints, name):
    for cookie in PAGES[name](with_everything()).cookies.values():
        more = {"name": cookie.key, "value": cookie.value, "url": live_server.url}
        page.context.add_cookies([more])

    look(page_address(name))

    assert page.url == f"{live_server.url}{page_address(name)}"
    assert complaints == []


def test_a_forgotten_password_takes_a_code(look, be, page):
    be(UserFactory(password=PASSWORD))

    look("/konto/passwort/neu/")

    assert page.get_by_role("button", name="Abmelden und weiter zum Code").is_visible()


def sign_in_by_password(page):
    page.get_by_label("E-Mail-Adresse").fill("anna@example.org")
    page.get_by_label("Passwort").fill(PASSWORD)
    press(page, "Anmelden")


def sign_out(page, live_server):
    page.goto(f"{live_server.url}/konto/abmelden/")
    press(page, "Abmelden")
    page.wait_for_url(f"{live_server.url}/")
