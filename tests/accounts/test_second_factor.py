"""The admin is entered through the one door, and by staff with a second step only."""

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, hotp_value
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import Notification
from accounts.sending import send_due_notifications
from tests.accounts.door import enter, knock, signed_in_as
from tests.accounts.test_account import app_code, by_code, new_passkey
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def strict(settings):
    settings.STAFF_NEEDS_SECOND_FACTOR = True


@pytest.mark.parametrize("path", ["/admin/", "/admin/comments/comment/", "/admin/login/"])
def test_strangers_are_led_to_the_door_and_back(client, path):
    answer = client.get(path, follow=True)

    assert answer.redirect_chain[-1][0].startswith("/konto/anmelden/?next=%2Fadmin%2F")


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/"])
def test_citizens_do_not_get_into_the_admin(signed_in, citizen, path):
    answer = signed_in(citizen).get(path, follow=True)

    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/admin/", "/admin/comments/comment/", "/admin/vorschau/1/"])
def test_staff_without_second_step_are_led_to_set_one_up(strict, signed_in, moderator, path):
    answer = signed_in(moderator).get(path, follow=True)

    assert answer.redirect_chain == [("/konto/schutz/", 302)]
    assert "Bitte richten Sie zuerst eine App oder einen Passkey ein" in answer.text


def test_they_cannot_write_either(strict, signed_in, moderator):
    answer = signed_in(moderator).post("/admin/comments/comment/")

    assert answer["Location"] == "/konto/schutz/"


def test_spare_codes_alone_are_no_second_step(strict, signed_in, moderator):
    RecoveryCodes.activate(moderator)

    assert signed_in(moderator).get("/admin/").status_code == 302


def test_staff_with_second_step_get_in(strict, moderator):
    TOTP.activate(moderator, generate_totp_secret())
    reader = by_code(moderator)

    reader.post("/konto/anmelden/zweiter-schritt/", {"code": app_code(moderator)})

    assert reader.get("/admin/").status_code == 200


def test_a_session_from_before_the_second_step_is_asked_for_it(strict, signed_in, moderator):
    reader = signed_in(moderator)
    TOTP.activate(moderator, generate_totp_secret())

    answer = reader.get("/admin/comments/comment/")
    page = reader.get(answer["Location"])
    shown = reader.post(answer["Location"], {"code": app_code(moderator)})

    assert "ohne Ihren zweiten Schritt angemeldet" in page.text
    assert reader.get(shown["Location"]).status_code == 200
    assert shown["Location"] == "/admin/comments/comment/"


def test_who_has_only_a_passkey_is_asked_for_that(strict, signed_in, moderator):
    WebAuthn.add(moderator, "Telefon", new_passkey())

    answer = signed_in(moderator).post("/admin/")

    assert answer["Location"] == "/konto/bestaetigen/passkey/?next=%2Fadmin%2F"


@pytest.mark.django_db(transaction=True)
def test_whoever_has_just_set_up_an_app_gets_in(strict, moderator):
    here, elsewhere = by_code(moderator), by_code(moderator)
    secret = re.search(r"<code>(\w+)</code>", here.get("/konto/schutz/app/").text)[1]

    here.post("/konto/schutz/app/", {"code": f"{hotp_value(secret, int(time.time()) // 30):06}"})

    assert here.get("/admin/").status_code == 200
    assert elsewhere.get("/admin/")["Location"].startswith("/konto/bestaetigen/code/")


def test_where_nothing_is_at_stake_staff_get_in_without(signed_in, moderator):
    assert signed_in(moderator).get("/admin/").status_code == 200


def test_staff_may_use_the_site_without(strict, signed_in, moderator):
    assert signed_in(moderator).get("/strategien/").status_code == 200


def test_a_code_by_mail_alone_does_not_get_staff_in(strict):
    moderator = UserFactory(is_staff=True, role="Moderation")
    TOTP.activate(moderator, generate_totp_secret())
    reader = Client()
    knock(reader, moderator.email, next="/admin/")

    answer = enter(reader, next="/admin/")

    assert answer["Location"] == "/konto/anmelden/zweiter-schritt/"
    assert signed_in_as(reader) is None
    assert reader.get("/admin/").status_code == 302


def test_who_has_lost_it_is_let_in_without_and_told(strict, moderator, mailoutbox):
    def arrives():
        reader = Client()
        knock(reader, moderator.email)
        enter(reader)
        return reader

    elsewhere = arrives()
    TOTP.activate(moderator, generate_totp_secret())
    RecoveryCodes.activate(moderator)
    assert signed_in_as(arrives()) is None

    call_command("remove_second_step", moderator.email.upper())
    send_due_notifications()

    assert signed_in_as(elsewhere) is None
    told = mailoutbox[-1]
    assert told.to == [moderator.email]
    assert told.subject.startswith("Ihr Konto hat keinen zweiten Schritt mehr")
    reader = arrives()
    assert signed_in_as(reader) == moderator
    assert reader.get("/admin/")["Location"] == "/konto/schutz/"


def test_an_address_without_account_has_no_second_step():
    with pytest.raises(CommandError):
        call_command("remove_second_step", "nobody@example.org")


def test_who_has_no_second_step_is_not_told_that_it_is_gone(moderator):
    with pytest.raises(CommandError, match="already"):
        call_command("remove_second_step", moderator.email)

    assert not Notification.objects.exists()


def test_whoever_removes_the_second_step_is_out_again(strict, signed_in, moderator):
    TOTP.activate(moderator, generate_totp_secret())
    reader = signed_in(moderator)
    Authenticator.objects.all().delete()

    assert reader.get("/admin/")["Location"] == "/konto/schutz/"
