"""One door for everybody: name, e-mail address, code."""

import logging
import re
from hashlib import sha256

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actions import confirm_address
from accounts.models import Notification, User
from accounts.sending import send_due_notifications
from tests.accounts.door import CODE, DOOR, HOST, NAME, code_sent, enter, knock, signed_in_as
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

GOAL = "/strategien/lebendige-stadt/ziele/2/"


@pytest.fixture
def reader():
    return Client()


# Nobody learns who has an account, and nobody meets a code field without a code.


def unknown():
    return "unknown@example.org"


def known():
    return UserFactory().email


def unconfirmed():
    return User.objects.create_user("unconfirmed@example.org", public_name="Unconfirmed").email


def abandoned():
    knock(Client(), "abandoned@example.org", "Abandoned")
    Notification.objects.all().delete()
    return "abandoned@example.org"


def deactivated():
    return UserFactory(is_active=False).email


everybody = pytest.mark.parametrize("who", [unknown, known, unconfirmed, abandoned, deactivated])
all_who_may_enter = pytest.mark.parametrize("who", [unknown, known, unconfirmed, abandoned])


def masked(text, address):
    return re.sub(r"\b\w{64}\b|\d{3} \d{3}", "…", text.replace(address, "…"))


@everybody
def test_page_and_mail_are_the_same_for_every_address(reader, who):
    address = who()
    seen = []
    for client, each in [(reader, address), (Client(), "stranger@example.net")]:
        answer = knock(client, each, "Elbfischerin")
        message = Notification.objects.get()
        seen.append(
            [
                (answer.status_code, answer["Location"], sorted(answer.cookies)),
                masked(client.get(CODE).text, each),
                masked(message.subject + message.body, each),
                (message.address == each, message.recipient, message.is_private),
            ]
        )
        message.delete()

    assert seen[0] == seen[1]


@everybody
def test_the_door_does_the_same_work_for_every_address(reader, who):
    address = who()
    work = []
    for client, each in [(reader, address), (Client(), "stranger@example.net")]:
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            knock(client, each)
        work.append([re.sub(r"'[^']*'|\d+", "…", query["sql"]) for query in queries])

    assert work[0] == work[1]


@everybody
def test_nothing_is_kept_about_an_address_that_somebody_typed(reader, who):
    address = who()
    before = set(User.objects.values_list("email", flat=True))

    knock(reader, address)

    assert set(User.objects.values_list("email", flat=True)) == before


# The code


@all_who_may_enter
def test_the_code_signs_in_and_confirms_the_address(reader, who):
    address = who()
    knock(reader, address, "Elbfischerin")

    enter(reader)

    person = signed_in_as(reader)
    assert person.email == address
    assert EmailAddress.objects.get(user=person).verified


def test_no_code_lets_a_deactivated_person_in(reader):
    knock(reader, deactivated())

    answer = enter(reader)

    assert answer["Location"] == "/konto/gesperrt/"
    assert signed_in_as(reader) is None


@pytest.mark.parametrize("form", ["{}{}", "{} {}", " {}  {} ", "{}-{}", "{}\u00a0{}"])
def test_spaces_in_the_code_are_welcome(reader, form):
    knock(reader, known())

    enter(reader, form.format(*code_sent().split()))

    assert signed_in_as(reader)


def wrong():
    first, *rest = code_sent().replace(" ", "")
    return "".join([str((int(first) + 1) % 10), *rest])


def test_a_wrong_code_is_told_and_may_be_corrected(reader):
    knock(reader, known())

    answer = enter(reader, wrong())

    assert "Dieser Code stimmt nicht" in answer.text
    assert answer.text.count("<title>Fehler: ") == 1
    enter(reader)
    assert signed_in_as(reader)


def test_after_five_wrong_codes_the_right_one_is_of_no_use(reader):
    knock(reader, known())
    for _attempt in range(5):
        answer = enter(reader, wrong(), next=GOAL)

    assert "Der Code war zu oft falsch." in answer.text
    assert f'<input type="hidden" name="next" value="{GOAL}">' in answer.text
    assert "form" not in answer.context
    enter(reader)
    assert signed_in_as(reader) is None


def test_an_empty_code_is_no_attempt(reader):
    knock(reader, known())
    for _attempt in range(6):
        enter(reader, " ")

    enter(reader)

    assert signed_in_as(reader)


def test_a_code_expires(reader, settings):
    knock(reader, known())
    settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT = -1

    answer = enter(reader)

    assert "Ihr Code gilt nicht mehr" in answer.text
    assert signed_in_as(reader) is None
    settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 900
    reader.post(DOOR, again(answer))
    enter(reader)
    assert signed_in_as(reader)


def again(page):
    """What the button sends that asks for a new code."""
    button = page.text.partition(f'action="{DOOR}"')[2].partition("</form>")[0]
    return dict(re.findall(r'name="(\w+)" value="(.*?)"', button))


def test_of_two_codes_the_newer_one_counts(reader):
    address = known()
    knock(reader, address)
    older = code_sent()
    knock(reader, address, again="1")

    if older != code_sent():
        enter(reader, older)
        assert signed_in_as(reader) is None
    enter(reader)
    assert signed_in_as(reader)


def test_a_code_works_only_in_the_browser_that_asked_for_it(reader):
    knock(reader, known())

    enter(Client())

    assert Client().get(CODE)["Location"] == DOOR


def test_whoever_has_the_address_gets_one_account_whatever_its_case(reader):
    knock(reader, "Anna.Berg@Example.org", "Anna Berg")
    enter(reader)
    knock(Client(), "anna.berg@example.org")
    second = Client()
    knock(second, "ANNA.BERG@EXAMPLE.ORG")
    enter(second)

    assert signed_in_as(second) == signed_in_as(reader)


def test_an_address_that_stands_there_in_capitals_lets_its_owner_in(reader):
    person = UserFactory()
    User.objects.filter(pk=person.pk).update(email="Anna.Berg@Example.org")

    knock(reader, "anna.berg@example.org")
    enter(reader)

    assert signed_in_as(reader) == person


def test_a_letter_that_looks_like_another_makes_another_address():
    erna = UserFactory(email="erna@elbmail.example")

    assert confirm_address(address="erna@elbmaıl.example") != erna
    assert confirm_address(address="Erna@Elbmail.Example") == erna


@pytest.mark.parametrize(
    "address",
    ["erna@elbmaıl.example", "erna@müller.example", '"erna@elbmail.example\x0b"@example.org'],
)
def test_addresses_with_letters_of_that_kind_get_no_code(reader, address):
    answer = knock(reader, address)

    assert "nur die Buchstaben a bis z" in answer.text
    assert Notification.objects.count() == 0


def test_an_address_that_was_changed_in_the_admin_lets_its_owner_in(reader):
    person = UserFactory(email="old@example.org")
    User.objects.filter(pk=person.pk).update(email="new@example.org")

    knock(reader, "new@example.org")
    enter(reader)
    other = Client()
    knock(other, "old@example.org")
    enter(other)

    assert signed_in_as(reader) == person
    assert signed_in_as(other) not in (None, person)


# The name


def test_the_name_given_at_the_door_becomes_the_public_name(reader):
    knock(reader, unknown(), " Elbfischerin  vom Deich ")

    answer = enter(reader)

    assert answer["Location"] == "/konto/"
    assert signed_in_as(reader).public_name == "Elbfischerin vom Deich"


def test_a_known_account_keeps_its_name(reader):
    person = UserFactory(public_name="Deichläuferin")
    knock(reader, person.email, "Somebody else")

    enter(reader)

    assert signed_in_as(reader).public_name == "Deichläuferin"


def test_a_name_that_is_taken_is_asked_for_again_with_what_was_typed(reader):
    UserFactory(public_name="Elbfischerin")
    knock(reader, unknown(), "ELBFISCHERIN", next=GOAL)

    answer = enter(reader, next=GOAL)
    page = reader.get(answer["Location"])

    assert answer["Location"].startswith(NAME)
    assert signed_in_as(reader).public_name == ""
    assert 'value="ELBFISCHERIN"' in page.text
    assert "Diesen Namen gibt es schon" in page.text
    assert "<title>Fehler: " in page.text

    answer = reader.post(NAME, {"name": "Elbfischer Uwe", "next": GOAL})
    assert answer["Location"] == GOAL
    assert signed_in_as(reader).public_name == "Elbfischer Uwe"


def test_without_a_name_one_is_asked_for_but_not_forced(reader):
    knock(reader, unknown())

    answer = enter(reader, next=GOAL)

    assert answer["Location"].startswith(NAME)
    assert f'<a href="{GOAL}">' in reader.get(answer["Location"]).text


def test_a_refused_name_is_told_on_the_name_page(reader):
    knock(reader, unknown(), "Bauamt")

    page = reader.get(enter(reader)["Location"])

    assert "als spräche die Verwaltung" in page.text
    answer = reader.post(NAME, {"name": "Frau Verwaltung"})
    assert "als spräche die Verwaltung" in answer.text
    assert 'value="Frau Verwaltung"' in answer.text


# The way back


def test_the_way_back_is_kept_from_the_first_page_to_the_last(reader):
    page = reader.get(DOOR, {"next": GOAL})
    assert f'<input type="hidden" name="next" value="{GOAL}">' in page.text
    answer = knock(reader, known(), next=GOAL)
    page = reader.get(answer["Location"])
    assert page.text.count(f'<input type="hidden" name="next" value="{GOAL}">') == 2

    assert enter(reader, next=GOAL)["Location"] == GOAL


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:1"])
def test_the_way_back_never_leads_to_another_site(reader, elsewhere):
    answer = knock(reader, known(), next=elsewhere)
    assert answer["Location"] == CODE

    assert enter(reader, next=elsewhere)["Location"] == "/konto/"


def test_whoever_is_signed_in_does_not_meet_the_door(signed_in, citizen):
    answer = signed_in(citizen).get(DOOR, {"next": GOAL})

    assert answer["Location"] == GOAL


# Readers without cookie


def test_looking_at_the_door_sets_no_cookie(reader):
    answer = reader.get(DOOR)

    assert answer.status_code == 200
    assert not answer.cookies
    assert "csrfmiddlewaretoken" not in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [(HOST, 302), ({"origin": "https://evil.example"}, 403), ({"origin": "null"}, 403), ({}, 403)],
)
def test_the_door_opens_to_forms_of_our_own_pages_only(headers, status):
    reader = Client(enforce_csrf_checks=True)

    answer = reader.post(DOOR, {"email": "a@example.org"}, headers=headers)

    assert answer.status_code == status


def test_with_a_session_the_token_is_needed():
    reader = Client(enforce_csrf_checks=True)
    knock(reader, known())

    assert enter(reader).status_code == 403
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', reader.get(CODE).text)[1]
    enter(reader, csrfmiddlewaretoken=token)
    assert signed_in_as(reader)


# Limits


def test_an_address_gets_five_codes_in_a_quarter_of_an_hour(reader):
    for _time in range(5):
        assert knock(reader, "someone@example.org").status_code == 302

    answer = knock(reader, "Someone@example.org")

    assert answer.status_code == 429
    assert "Zu viele Versuche" in answer.text
    assert Notification.objects.count() == 5
    assert knock(reader, "other@example.org").status_code == 302


def test_nobody_elsewhere_uses_up_the_codes_of_an_address(reader):
    for _time in range(6):
        knock(Client(REMOTE_ADDR="203.0.113.7"), "someone@example.org")

    assert knock(reader, "someone@example.org").status_code == 302


def test_an_address_gets_thirty_codes_an_hour_and_the_first_that_each_network_asks_for():
    for number in range(30):
        knock(Client(REMOTE_ADDR=f"203.0.113.{number}"), "someone@example.org")

    first = knock(Client(REMOTE_ADDR="203.0.113.99"), "someone@example.org")
    second = knock(Client(REMOTE_ADDR="203.0.113.99"), "someone@example.org")

    assert (first.status_code, second.status_code) == (302, 429)
    assert Notification.objects.count() == 31


def test_codes_cannot_be_tried_all_at_once(reader):
    knock(reader, known())
    untouched = reader.session["account_login"]
    for _attempt in range(10):
        enter(reader, wrong())
        # As if all attempts had read the session before one of them wrote it.
        session = reader.session
        session["account_login"] = untouched
        session.save()

    assert enter(reader).status_code == 429
    assert signed_in_as(reader) is None


def test_a_network_gets_sixty_codes_an_hour(reader):
    for number in range(60):
        assert knock(reader, f"someone{number}@example.org").status_code == 302

    assert knock(reader, "someone60@example.org").status_code == 429


# What is written down about people


def test_the_mail_says_what_it_is_and_forgets_the_code(reader, mail_server):
    knock(reader, "someone@example.org")
    code = code_sent()

    send_due_notifications()

    (mail,) = mail_server.received
    assert mail["To"] == "someone@example.org"
    assert mail["Subject"].strip() == f"{code} ist Ihr Code für „Lenzen 2035 – mitgestalten“"
    words = mail.get_body(["plain"]).get_content()
    assert code in words
    assert "15 Minuten" in words
    assert "127.0.0.1" not in words
    message = Notification.objects.get()
    assert (message.subject, message.body, message.outcome) == ("", "", "sent")
    assert str(message) == "Nachricht mit einem Code"


def test_no_table_knows_network_address_or_browser(reader):
    strange = {"REMOTE_ADDR": "203.0.113.77", "HTTP_USER_AGENT": "Mozilla/5.0 (Strange)"}
    reader.post(DOOR, {"email": "a@example.org", "name": "Anna"}, headers=HOST, **strange)
    reader.post(CODE, {"code": code_sent()}, **strange)
    reader.post("/konto/passwort/neu/", {"password1": "x"}, **strange)

    session = UserSession.objects.get()
    assert (session.ip, session.user_agent) == ("::", "")
    stored = str([entry.get_decoded() for entry in Session.objects.all()])
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key, value FROM cache")
        counters = cursor.fetchall()
        assert counters
        stored += str(counters)
    stored += str(list(Notification.objects.values_list("subject", "body")))
    assert "203.0.113" not in stored
    assert "Strange" not in stored
    page = reader.get("/konto/sitzungen/").text
    assert "dieser Browser" in page
    assert "203.0.113" not in page


def test_who_has_the_cache_cannot_try_which_address_was_here(reader):
    address = "anna.berg@example.org"
    knock(reader, address)
    reader.post("/konto/anmelden/passwort/", {"login": address, "password": "wrong"})
    reader.post("/auf-dem-laufenden/", {"email": address}, headers=HOST)

    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM cache")
        keys = " ".join(key for (key,) in cursor.fetchall())

    assert len(keys.split()) > 4
    assert sha256(address.encode()).hexdigest() not in keys
    assert "allauth" not in keys


def test_no_log_holds_the_address_or_the_code(reader, caplog):
    caplog.set_level(logging.DEBUG)
    caplog.handler.addFilter(lambda record: not record.name.startswith("django.db"))

    knock(reader, "someone@example.org", "Elbfischerin")
    code = code_sent()
    enter(reader, wrong())
    enter(reader)
    reader.post("/konto/abmelden/")
    for _time in range(6):
        knock(reader, "someone@example.org")

    for secret in ["someone", "Elbfischerin", code, code.replace(" ", "")]:
        assert secret not in caplog.text
