"""The account: every page that can be reached, in German, and what it does."""

import re
import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, hotp_value
from allauth.mfa.webauthn.internal.auth import WebAuthn
from allauth.usersessions.models import UserSession
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from fido2.cose import ES256
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from accounts import urls
from accounts.models import Notification, User
from tests.accounts.door import code_sent, enter, knock, signed_in_as
from tests.factories import SubscriptionFactory, UserFactory

pytestmark = pytest.mark.django_db

PASSWORD = "vierzehn Birnen am Deich"
OTHER_PASSWORD = "siebzehn Pflaumen am Wehr"
LOGIN = "/konto/anmelden/passwort/"


def with_everything():
    """Somebody who has everything that an account can have."""
    person = UserFactory(email="person@example.org", password=PASSWORD)
    TOTP.activate(person, generate_totp_secret())
    RecoveryCodes.activate(person)
    WebAuthn.add(person, "Telefon", new_passkey())
    return person


@pytest.fixture
def person():
    return with_everything()


def new_passkey():
    """What a browser answers that has made a passkey."""
    key = ES256.from_cryptography_key(generate_private_key(SECP256R1()).public_key())
    credential = AttestedCredentialData.create(Aaguid.NONE, b"passkey", key)
    flags = AuthenticatorData.FLAG.AT | AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV
    seen = AuthenticatorData.create(sha256(b"testserver"), flags, 0, credential)
    client = CollectedClientData.create("webauthn.create", b"challenge", "http://testserver")
    return {
        "id": websafe_encode(b"passkey"),
        "rawId": websafe_encode(b"passkey"),
        "type": "public-key",
        "response": {
            "clientDataJSON": websafe_encode(client),
            "attestationObject": websafe_encode(AttestationObject.create("none", seen, {})),
        },
        "clientExtensionResults": {"credProps": {"rk": True}},
    }


def app_code(person):
    """What the app shows now."""
    # A code counts once, and the test asks for the same again within half a minute.
    cache.clear()
    # Nor is it asked for in the last moments in which it counts.
    left = 30 - time.time() % 30
    time.sleep(left if left < 2 else 0)
    secret = Authenticator.objects.get(user=person, type="totp").data["secret"]
    return f"{hotp_value(secret, int(time.time()) // 30):06}"


def by_password(person, password=PASSWORD, **more):
    reader = Client()
    reader.post(LOGIN, {"login": person.email, "password": password, **more})
    return reader


def by_code(person):
    reader = Client()
    knock(reader, person.email)
    enter(reader)
    return reader


def all_the_way(person):
    """Signed in with password and app, and asked for both again."""
    reader = by_password(person)
    reader.post("/konto/anmelden/zweiter-schritt/", {"code": app_code(person)})
    reader.post("/konto/bestaetigen/", {"password": PASSWORD})
    return reader


# Pages


def waiting_for_code(person):
    reader = Client()
    knock(reader, person.email)
    return reader


def without_second_step(person):
    Authenticator.objects.all().delete()
    return by_password(person)


def without_password(person):
    Authenticator.objects.all().delete()
    return by_code(UserFactory())


def changing_address(person):
    reader = without_second_step(person)
    reader.post("/konto/bestaetigen/", {"password": PASSWORD})
    reader.post("/konto/e-mail/", {"email": "new@example.org", "action_add": ""})
    return reader


def without_app(person):
    Authenticator.objects.filter(type="totp").delete()
    reader = Client()
    reader.force_login(person)
    return reader


def confirmed(person):
    reader = without_second_step(person)
    reader.post("/konto/bestaetigen/", {"password": PASSWORD})
    return reader


PAGES = {
    "account": all_the_way,
    "account_login": lambda person: Client(),
    "account_confirm_login_code": waiting_for_code,
    "account_login_password": lambda person: Client(),
    "mfa_authenticate": by_password,
    "account_logout": all_the_way,
    "account_inactive": lambda person: Client(),
    "choose_name": all_the_way,
    "account_email": all_the_way,
    "account_email_verification_sent": changing_address,
    "account_change_password": all_the_way,
    "account_set_password": without_password,
    "account_reauthenticate": all_the_way,
    "mfa_reauthenticate": all_the_way,
    "mfa_reauthenticate_webauthn": all_the_way,
    "mfa_index": all_the_way,
    "mfa_activate_totp": confirmed,
    "mfa_deactivate_totp": all_the_way,
    "mfa_view_recovery_codes": all_the_way,
    "mfa_generate_recovery_codes": all_the_way,
    "mfa_list_webauthn": all_the_way,
    "mfa_add_webauthn": confirmed,
    "mfa_edit_webauthn": all_the_way,
    "mfa_remove_webauthn": all_the_way,
    "usersessions_list": all_the_way,
    "prove": without_password,
    "notifications": all_the_way,
    "news_settings": all_the_way,
    "confirm_own_address": all_the_way,
}
# These answer with another page, a file or data.
NO_PAGES = {
    "account_signup",
    "account_request_login_code",
    "mfa_login_webauthn",
    "account_reset_password",
    "mfa_download_recovery_codes",
    "no_news",  # needs no account: see test_news
}


def test_every_routed_page_is_looked_at():
    assert {pattern.name for pattern in urls.urlpatterns} == PAGES.keys() | NO_PAGES


def words(page):
    main = re.search(r"<main.*?</main>", page, re.DOTALL)[0]
    title = re.search(r"<title>(.*?)</title>", page, re.DOTALL)[1]
    return re.sub(
        r"<[^>]*>", " ", re.sub(r"<script.*?</script>", "", f"{title} {main}", flags=re.S)
    )


def page_address(name):
    is_about_one = name in ("mfa_edit_webauthn", "mfa_remove_webauthn")
    return reverse(
        name, args=[Authenticator.objects.get(type="webauthn").pk] if is_about_one else []
    )


@pytest.mark.parametrize("name", PAGES)
def test_page_is_german_and_polite(name, person):
    reader = PAGES[name](person)

    answer = reader.get(page_address(name))

    assert answer.status_code == 200
    text = words(answer.text)
    assert re.findall(r"\b([Dd]u|[Dd]ein\w*|[Dd]ir|[Dd]ich)\b", text) == []
    assert re.findall(r"\b(the|your?|please|with|and|sign|password|enter|of|to|not)\b", text) == []
    assert answer.text.count("<h1>") == 1
    assert "placeholder" not in answer.text
    assert set(re.findall(r"<script [^>]*>", answer.text)) <= {
        '<script src="/static/js/passkey.js" defer>',
        '<script id="passkey-options" type="application/json">',
    }
    assert re.findall(r"\s(?:style|on\w+)=", answer.text) == []


@pytest.mark.parametrize(
    "path",
    ["social/", "3rdparty/", "signup/", "login/", "password/reset/", "email/", "2fa/", "sessions/"],
)
def test_what_the_site_does_not_offer_is_not_there(client, path):
    assert client.get(f"/konto/{path}").status_code == 404


@pytest.mark.parametrize("name", sorted(PAGES))
def test_an_account_is_shown_to_its_owner_only(name, person):
    url = page_address(name)
    stranger = Client()
    stranger.force_login(UserFactory())

    for reader in [Client(), stranger]:
        assert person.email not in reader.get(url, follow=True).text


# Password


def test_a_first_password_can_be_set_and_used():
    person = UserFactory()

    by_code(person).post("/konto/passwort/neu/", {"password1": PASSWORD})

    assert signed_in_as(by_password(person)) == person
    message = Notification.objects.get(address="")
    assert message.subject == "Ihr Konto hat jetzt ein Passwort (Lenzen 2035 – mitgestalten)"
    assert (message.recipient, message.is_private) == (person, True)


@pytest.mark.parametrize("bad", ["kurz", "passwort", "person@example.org", "12345678"])
def test_weak_passwords_are_refused(bad):
    person = UserFactory(email="person@example.org")

    answer = by_code(person).post("/konto/passwort/neu/", {"password1": bad})

    assert "<title>Fehler: " in answer.text
    assert not User.objects.get(pk=person.pk).has_usable_password()


def test_the_password_is_changed_by_those_who_know_it(person):
    reader = all_the_way(person)
    new = {"password1": OTHER_PASSWORD}

    refused = reader.post("/konto/passwort/", {"oldpassword": "wrong", **new})
    reader.post("/konto/passwort/", {"oldpassword": PASSWORD, **new})

    assert "nicht Ihr jetziges Passwort" in refused.text
    assert User.objects.get(pk=person.pk).check_password(OTHER_PASSWORD)
    assert reader.get("/konto/").status_code == 200


def test_whoever_forgot_the_password_sets_a_new_one_after_a_code(signed_in):
    person = UserFactory(password=PASSWORD)
    door = Client().get("/konto/passwort/vergessen/")["Location"]
    reader = Client()
    knock(reader, person.email)
    enter(reader, next="/konto/passwort/neu/")

    page = reader.get("/konto/passwort/neu/")
    reader.post("/konto/passwort/neu/", {"password1": OTHER_PASSWORD})

    assert door == "/konto/anmelden/?next=%2Fkonto%2Fpasswort%2Fneu%2F"
    assert "Neues Passwort setzen" in page.text
    assert User.objects.get(pk=person.pk).check_password(OTHER_PASSWORD)


def test_an_open_session_is_not_enough_to_set_a_new_password(signed_in):
    person = UserFactory(password=PASSWORD)
    reader = signed_in(person)

    answer = reader.post("/konto/passwort/neu/", {"password1": OTHER_PASSWORD})

    assert "melden Sie sich bitte ab und mit einem Code wieder an" in answer.text
    assert User.objects.get(pk=person.pk).check_password(PASSWORD)


@pytest.mark.parametrize(
    "path", ["e-mail/", "passwort/neu/", "schutz/app/", "schutz/passkeys/neu/"]
)
def test_an_open_session_is_not_enough_to_change_how_an_account_is_entered(signed_in, path):
    person = UserFactory(email="old@example.org")
    reader, address = signed_in(person), f"/konto/{path}"
    proof = reader.get(address)["Location"]

    said = {"email": "new@example.org", "action_add": "", "password1": PASSWORD}
    assert reader.post(address, said)["Location"] == proof
    assert Notification.objects.count() == 0
    assert not User.objects.get(pk=person.pk).has_usable_password()

    reader.post(proof, {"send": ""})
    assert reader.post(proof, {"code": code_sent()})["Location"] == address
    assert reader.get(address).status_code == 200


def test_a_wrong_password_tells_nothing_about_the_address():
    person = UserFactory(password=PASSWORD)
    pages = []
    for address in [person.email, "stranger@example.org"]:
        page = Client().post(LOGIN, {"login": address, "password": "wrong"}).text
        pages.append(words(page).replace(address, "…"))

    assert pages[0] == pages[1]
    assert "passen nicht zusammen" in pages[0]


def test_passwords_cannot_be_tried_without_end():
    person = UserFactory(password=PASSWORD)
    for _attempt in range(5):
        Client().post(LOGIN, {"login": person.email, "password": "wrong"})

    assert signed_in_as(by_password(person)) is None


def test_who_waits_for_a_code_may_take_another_way(person):
    assert waiting_for_code(person).get(LOGIN).status_code == 200


def test_the_way_back_leads_through_password_and_second_step(person):
    goal = "/strategien/lebendige-stadt/ziele/2/"
    reader = by_password(person, next=goal)

    answer = reader.post("/konto/anmelden/zweiter-schritt/", {"code": app_code(person)})

    assert answer["Location"] == goal


# Second step


def test_a_code_alone_does_not_get_past_the_second_step(person):
    reader = Client()
    knock(reader, person.email)

    answer = enter(reader)

    assert answer["Location"] == "/konto/anmelden/zweiter-schritt/"
    assert signed_in_as(reader) is None
    reader.post(answer["Location"], {"code": app_code(person)})
    assert signed_in_as(reader) == person


def test_a_spare_code_works_once(person):
    code = RecoveryCodes.activate(person).get_unused_codes()[0]
    first, second = by_password(person), by_password(person)

    first.post("/konto/anmelden/zweiter-schritt/", {"code": code})
    answer = second.post("/konto/anmelden/zweiter-schritt/", {"code": code})

    assert signed_in_as(first) == person
    assert signed_in_as(second) is None
    assert "Dieser Code stimmt nicht" in answer.text


def test_an_app_is_set_up_with_its_first_code():
    person = UserFactory()
    reader = by_code(person)
    secret = re.search(r"<code>(\w+)</code>", reader.get("/konto/schutz/app/").text)[1]

    wrong = reader.post("/konto/schutz/app/", {"code": "000000"})
    code = f"{hotp_value(secret, int(time.time()) // 30):06}"
    answer = reader.post("/konto/schutz/app/", {"code": code})

    assert "Dieser Code stimmt nicht" in wrong.text
    assert answer["Location"] == "/konto/schutz/ersatzcodes/"
    assert Authenticator.objects.filter(user=person, type="totp").exists()


@pytest.mark.parametrize("path", ["app/entfernen/", "ersatzcodes/", "ersatzcodes/neu/"])
def test_changing_the_protection_asks_for_a_proof_first(person, path):
    reader = by_password(person)
    reader.post("/konto/anmelden/zweiter-schritt/", {"code": app_code(person)})

    answer = reader.get(f"/konto/schutz/{path}")

    assert answer["Location"].startswith("/konto/bestaetigen/")


# E-mail address


def change_to(reader, address):
    reader.post("/konto/e-mail/", {"email": address, "action_add": ""})
    code = code_sent()
    return reader.post("/konto/e-mail/code/", {"code": code})


def test_a_new_address_takes_the_place_of_the_old_one():
    person = UserFactory(email="old@example.org")

    answer = change_to(by_code(person), "New@example.org")

    person.refresh_from_db()
    assert answer["Location"] == "/konto/"
    assert person.email == "new@example.org"
    assert EmailAddress.objects.get(user=person).email == "new@example.org"
    notice = Notification.objects.latest("pk")
    assert notice.address == "old@example.org"
    assert notice.subject.startswith("Ihr Konto hat eine neue E-Mail-Adresse")
    reader = Client()
    knock(reader, "new@example.org")
    enter(reader)
    assert signed_in_as(reader) == person


def test_a_new_address_has_no_letter_that_looks_like_another():
    reader = by_code(UserFactory())

    page = reader.post("/konto/e-mail/", {"email": "erna@elbmaıl.example", "action_add": ""})

    assert "nur die Buchstaben a bis z" in page.text
    assert not Notification.objects.filter(address="erna@elbmaıl.example").exists()


def test_a_new_code_may_be_sent_to_the_new_address():
    person = UserFactory()
    reader = by_code(person)
    reader.post("/konto/e-mail/", {"email": "new@example.org", "action_add": ""})

    page = reader.post("/konto/e-mail/code/", {"action": "resend"}, follow=True).text

    assert "Ein neuer Code ist unterwegs." in page
    assert "Er gilt 15 Minuten." in page
    assert "Neuen Code senden" in page
    assert Notification.objects.filter(address="new@example.org").count() == 2
    reader.post("/konto/e-mail/code/", {"code": code_sent()})
    person.refresh_from_db()
    assert person.email == "new@example.org"


def test_the_address_of_another_account_is_refused_only_to_who_reads_its_mail():
    other, person = UserFactory(), UserFactory()
    reader = by_code(person)
    # There it says that they are signed in.
    reader.get("/konto/")

    pages = []
    for address in [other.email, "stranger@example.org"]:
        reader.post("/konto/e-mail/", {"email": address, "action_add": ""})
        pages.append(words(reader.get("/konto/e-mail/code/").text).replace(address, "…"))
        again = reader.post("/konto/e-mail/code/", {"action": "resend"}, follow=True)
        pages.append(words(again.text).replace(address, "…"))
    answer = change_to(reader, other.email)

    assert pages[:2] == pages[2:]
    assert "gibt es ein anderes Konto" in answer.text
    person.refresh_from_db()
    assert person.email != other.email


# Sessions


def test_all_other_sessions_can_be_ended(person):
    here, elsewhere = all_the_way(person), all_the_way(person)
    assert here.get("/konto/sitzungen/").text.count("<li>Seit ") == 2

    here.post("/konto/sitzungen/")

    assert here.get("/konto/").status_code == 200
    assert elsewhere.get("/konto/").status_code == 302
    assert set(UserSession.objects.values_list("ip", "user_agent")) == {("::", "")}


def test_signing_out_takes_a_form(person):
    reader = all_the_way(person)

    reader.get("/konto/abmelden/")
    assert signed_in_as(reader) == person
    reader.post("/konto/abmelden/")
    assert signed_in_as(reader) is None


def test_the_account_says_whether_news_come(signed_in):
    person = UserFactory()
    client = signed_in(person)

    assert "Sie bekommen keine Neuigkeiten." in client.get("/konto/").text
    SubscriptionFactory(person=person)
    assert "Sie bekommen keine Neuigkeiten." not in client.get("/konto/").text


# Names


def test_the_name_can_be_changed(signed_in):
    person = UserFactory(public_name="Anna Berg")

    answer = signed_in(person).post("/konto/name/", {"name": "Anna vom Berg"})

    person.refresh_from_db()
    assert (answer["Location"], person.public_name) == ("/konto/", "Anna vom Berg")


def test_a_refused_name_leaves_the_old_one(signed_in):
    UserFactory(public_name="Otto")
    person = UserFactory(public_name="Anna Berg")

    answer = signed_in(person).post("/konto/name/", {"name": "0tto"})

    person.refresh_from_db()
    assert "Diesen Namen gibt es schon" in answer.text
    assert person.public_name == "Anna Berg"
