"""News reach people as often as they like, in one mail, and end with one click."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db.models.functions import Now

from accounts.actions import (
    choose_rhythm,
    notify,
    notify_news,
    record_bounce,
    retract,
)
from accounts.messages import as_email, blocks, no_news_url
from accounts.models import Bounce, Notification, User
from accounts.sending import BATCH, send_due_notifications
from tests.accounts.door import code_sent, enter, knock
from tests.factories import NotificationFactory, UserFactory, days

pytestmark = pytest.mark.django_db

Rhythm = User.Rhythm
PAGE, SETTINGS = "/konto/benachrichtigungen/", "/konto/benachrichtigungen/einstellungen/"
OWN_ADDRESS = "/konto/benachrichtigungen/adresse/"


def at(text: str) -> datetime:
    """A time in Coordinated Universal Time: ``at("2026-03-28 18:00")``."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def tell(people=(), addresses=(), key="news:1", send_at=None, **fields):
    notify_news(
        recipients=people,
        addresses=addresses,
        key=key,
        about=fields.pop("about", key),
        subject=fields.pop("subject", f"Subject of {key}"),
        body=f"Body of {key}.\n\nhttps://town.example/{key}\n\nYou asked for it.",
        send_at=send_at or days(-0.001),
        unsubscribe_url=lambda follower: f"https://town.example/abbestellen/{key}/",
        **fields,
    )


def let_seven_strike():
    """What was gathered is due."""
    Notification.objects.filter(is_gathered=True).update(send_at=Now() - timedelta(seconds=1))


def gathered(person, number):
    for each in range(number):
        tell([person], key=f"news:{each}")
    let_seven_strike()


# When


@pytest.mark.parametrize(
    ("rhythm", "moment", "leaves"),
    [
        (Rhythm.AT_ONCE, "2026-05-20 12:00", "2026-05-20 12:00"),
        (Rhythm.DAILY, "2026-05-20 12:00", "2026-05-21 05:00"),
        (Rhythm.DAILY, "2026-05-20 04:59", "2026-05-20 05:00"),
        (Rhythm.DAILY, "2026-05-20 05:00", "2026-05-20 05:00"),
        (Rhythm.DAILY, "2026-05-20 22:30", "2026-05-21 05:00"),  # after midnight here
        (Rhythm.DAILY, "2026-01-20 12:00", "2026-01-21 06:00"),
        # Clocks go forward on 29 March and back on 25 October 2026, both Sundays.
        (Rhythm.DAILY, "2026-03-28 12:00", "2026-03-29 05:00"),
        (Rhythm.DAILY, "2026-03-29 00:30", "2026-03-29 05:00"),
        (Rhythm.DAILY, "2026-03-29 12:00", "2026-03-30 05:00"),
        (Rhythm.DAILY, "2026-10-24 12:00", "2026-10-25 06:00"),
        (Rhythm.DAILY, "2026-10-25 00:30", "2026-10-25 06:00"),
        (Rhythm.DAILY, "2026-10-25 12:00", "2026-10-26 06:00"),
        (Rhythm.WEEKLY, "2026-05-20 12:00", "2026-05-25 05:00"),
        (Rhythm.WEEKLY, "2026-05-25 04:00", "2026-05-25 05:00"),
        (Rhythm.WEEKLY, "2026-05-25 05:01", "2026-06-01 05:00"),
        (Rhythm.WEEKLY, "2026-03-28 12:00", "2026-03-30 05:00"),
        (Rhythm.WEEKLY, "2026-10-24 12:00", "2026-10-26 06:00"),
    ],
)
def test_gathered_news_leave_at_seven(rhythm, moment, leaves):
    assert User(news_rhythm=rhythm).news_leave_at(at(moment)) == at(leaves)


def test_people_hear_as_often_as_they_chose_and_addresses_at_once():
    people = {rhythm: UserFactory(news_rhythm=rhythm) for rhythm in Rhythm}
    moment = days(-0.001)

    tell(people.values(), ["someone@example.org"], send_at=moment)

    told = {each.recipient or each.address: each for each in Notification.objects.all()}
    assert told.keys() == {
        people[Rhythm.AT_ONCE],
        people[Rhythm.DAILY],
        people[Rhythm.WEEKLY],
        "someone@example.org",
    }
    assert [told[who].is_gathered for who in told if told[who].send_at == moment] == [False, False]
    assert told[people[Rhythm.DAILY]].send_at > moment
    assert told[people[Rhythm.WEEKLY]].send_at >= told[people[Rhythm.DAILY]].send_at


def test_news_that_could_not_wait_are_not_held_back():
    person, moment = UserFactory(news_rhythm=Rhythm.WEEKLY), days(-0.001)
    leaves_at = person.news_leave_at(moment)

    tell([person], key="too late", send_at=moment, pointless_from=leaves_at)
    tell([person], key="in time", send_at=moment, pointless_from=leaves_at + timedelta(hours=1))

    assert Notification.objects.get(key="too late").send_at == moment
    waiting = Notification.objects.get(key="in time")
    assert (waiting.send_at, waiting.expires_at) == (leaves_at, leaves_at + timedelta(hours=1))


def test_news_are_owed_once():
    person = UserFactory()

    for _time in range(2):
        tell([person], ["someone@example.org"])

    assert Notification.objects.count() == 2


def test_what_is_no_news_does_not_ask_for_the_rhythm(mail_server):
    person = UserFactory(news_rhythm=Rhythm.NEVER)

    notify(recipients=[person], key="receipt:1", subject="It is published", body="Words.")
    send_due_notifications()

    assert mail_server.addresses == [person.email]


def test_gathered_news_can_be_taken_back():
    person = UserFactory(news_rhythm=Rhythm.DAILY)
    gathered(person, 2)

    assert retract(about="news:0") == 1

    assert Notification.objects.get().about == "news:1"


def test_who_wants_no_more_news_gets_none_of_those_gathered():
    person = UserFactory(news_rhythm=Rhythm.DAILY)
    gathered(person, 2)
    receipt = NotificationFactory(recipient=person)

    choose_rhythm(person=person, rhythm=Rhythm.NEVER)

    assert list(Notification.objects.all()) == [receipt]


# One mail


def test_gathered_news_leave_in_one_mail_newest_first(mail_server):
    person = UserFactory(news_rhythm=Rhythm.DAILY)
    gathered(person, 3)

    assert send_due_notifications() == 3

    (mail,) = mail_server.received
    assert mail["Subject"] == "Subject of news:2 – und 2 weitere Nachrichten"
    for kind in ("plain", "html"):
        words = mail.get_body([kind]).get_content()
        assert re.findall(r"Body of news:(\d)", words) == ["2", "1", "0"]
        assert SETTINGS in words
    assert set(Notification.objects.values_list("outcome", flat=True)) == {"sent"}


def test_each_person_gets_their_own_gathered_mail(mail_server):
    people = [UserFactory(news_rhythm=Rhythm.DAILY) for _ in range(3)]
    for key in ("news:1", "news:2"):
        tell(people, key=key)
    let_seven_strike()

    send_due_notifications()

    assert sorted(mail_server.addresses) == sorted(person.email for person in people)


def test_gathered_news_wait_for_their_time(mail_server):
    tell([UserFactory(news_rhythm=Rhythm.WEEKLY)])

    assert send_due_notifications() == 0


def test_a_gathered_mail_that_is_refused_for_now_is_tried_again_as_one(mail_server):
    person = UserFactory(news_rhythm=Rhythm.DAILY)
    mail_server.answers[person.email] = "451 Try later"
    gathered(person, 2)
    send_due_notifications()
    assert mail_server.received == []

    mail_server.answers.clear()
    Notification.objects.update(send_at=Now())
    send_due_notifications()

    assert len(mail_server.received) == 1
    assert set(Notification.objects.values_list("outcome", "attempts")) == {("sent", 2)}


def test_codes_leave_before_all_else(mail_server):
    NotificationFactory.create_batch(BATCH + 1, send_at=days(-1))
    code = NotificationFactory(is_private=True, send_at=days(-0.001))

    send_due_notifications()

    assert mail_server.addresses[0] == code.recipient.email


def test_a_mail_says_its_words_twice_and_how_to_end_it():
    tell([UserFactory()], subject="Now <you> can comment")
    notification = Notification.objects.get()
    notification.body = "He wrote:\n\n> More & <b>trees</b>\n> please.\n\nhttps://town.example/x/"

    mail = as_email([notification])

    assert mail.extra_headers["List-Unsubscribe"] == f"<{notification.unsubscribe_url}>"
    assert mail.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.body.startswith(notification.body)
    assert mail.body.count(notification.unsubscribe_url) == 1
    ((html, kind),) = mail.alternatives
    assert kind == "text/html"
    assert "Now &lt;you&gt; can comment</h1>" in html
    assert "<p>More &amp; &lt;b&gt;trees&lt;/b&gt;<br>please.</p></blockquote>" in html
    assert '<a href="https://town.example/x/">' in html
    assert not re.search(r"<img|<link|<script|url\(|src=", html)


@pytest.mark.parametrize(
    ("paragraph", "kind"),
    [
        ("Words.", "words"),
        ("Words\nin two lines", "words"),
        ("> Quoted.", "quote"),
        ("> Quoted\n>\n> twice", "quote"),
        ("> Quoted\nand not", "words"),
        ("https://example.org/", "link"),
        ("https://example.org/ is a page", "words"),
    ],
)
def test_paragraphs_are_told_apart(paragraph, kind):
    assert [block.kind for block in blocks(f"{paragraph}\n\nThe end.")] == [kind, "words"]


def test_one_click_in_a_mixed_mail_ends_all_news(client):
    person = UserFactory(news_rhythm=Rhythm.DAILY)
    gathered(person, 2)
    mail = as_email(list(Notification.objects.all()))
    assert mail.extra_headers["List-Unsubscribe"] == f"<{no_news_url(person)}>"
    path = no_news_url(person).removeprefix(settings.SITE_URL)

    page = client.get(path)
    person.refresh_from_db()
    assert (page.status_code, person.news_rhythm) == (200, Rhythm.DAILY)
    assert not client.cookies

    # As a mail program sends it: without Origin and cookie.
    client.post(path, {"List-Unsubscribe": "One-Click"})
    person.refresh_from_db()
    assert person.news_rhythm == Rhythm.NEVER
    assert not Notification.objects.exists()


def test_a_link_of_somebody_else_ends_nothing(client):
    assert client.post("/konto/benachrichtigungen/abbestellen/1:x/").status_code == 404


def test_the_rhythm_is_chosen_in_the_account(signed_in, citizen):
    reader = signed_in(citizen)

    reader.post(SETTINGS, {"news_rhythm": "weekly"})
    reader.post(SETTINGS, {"news_rhythm": "hourly"})

    citizen.refresh_from_db()
    assert citizen.news_rhythm == Rhythm.WEEKLY
    assert 'value="weekly" ' in reader.get(SETTINGS).text


# What was sent, in the account


def sent(person, **fields):
    return NotificationFactory(recipient=person, outcome="sent", ended_at=days(-1), **fields)


def test_the_account_shows_what_was_sent_and_no_code(signed_in, citizen):
    sent(citizen, subject="Your comment has arrived")
    sent(citizen, subject="123 456", is_private=True)
    sent(UserFactory(), subject="For somebody else")
    NotificationFactory(recipient=citizen, subject="Still waiting")
    NotificationFactory(
        recipient=citizen, subject="Came back", outcome="given_up", ended_at=days(-1)
    )

    page = signed_in(citizen).get(PAGE).text

    assert "Your comment has arrived" in page
    assert "Came back" in page
    assert page.count("Kam nicht per E-Mail an") == 1
    for hidden in ("123 456", "For somebody else", "Still waiting"):
        assert hidden not in page


def test_only_sending_the_form_marks_as_read_what_was_seen(signed_in, citizen):
    reader, first = signed_in(citizen), sent(citizen)
    page = reader.get(PAGE).text
    later, elsewhere = sent(citizen), sent(UserFactory())
    assert citizen.notifications.unread().count() == 2
    newest = re.search(r'name="newest" value="(\d+)"', page)[1]

    reader.post(PAGE, {"newest": newest})

    assert list(Notification.objects.unread().order_by("pk")) == [later, elsewhere]
    first.refresh_from_db()
    assert first.read_at
    assert "Eine ist neu." in reader.get("/konto/").text


@pytest.mark.parametrize("newest", ["", "x", "-1", "²", "9" * 25, "9" * 5000])
def test_nonsense_marks_nothing(signed_in, citizen, newest):
    sent(citizen)

    assert signed_in(citizen).post(PAGE, {"newest": newest}).status_code == 302

    assert citizen.notifications.unread().count() == 1


def test_messages_come_in_pages(signed_in, citizen):
    for number in range(60):
        sent(citizen, subject=f"Message {number:02}.")
    reader = signed_in(citizen)

    found = [re.findall(r"Message (\d\d)\.", reader.get(PAGE, {"seite": n}).text) for n in (1, 2)]

    assert [len(page) for page in found] == [50, 10]
    assert found[0] + found[1] == [f"{number:02}" for number in reversed(range(60))]


@pytest.mark.parametrize("number", [1, 3])
def test_queries_do_not_grow_with_messages(signed_in, citizen, number, django_assert_num_queries):
    for _ in range(number):
        sent(citizen)
    reader = signed_in(citizen)

    with django_assert_num_queries(6):
        page = reader.get(PAGE).text

    assert page.count("Something happened.") == number


# Mails that come back


def test_an_address_that_refuses_mails_is_not_written_to_again(mail_server):
    person = UserFactory(email="gone@example.org")
    mail_server.answers["gone@example.org"] = "550 5.1.1 <gone@example.org> unknown"
    tell([person], ["away@example.org"])
    send_due_notifications()
    assert Bounce.objects.get().answer == "550 5.1.1 … unknown"

    mail_server.answers.clear()
    mail_server.received.clear()
    tell([person], ["away@example.org"], key="news:2")
    send_due_notifications()

    assert mail_server.addresses == ["away@example.org"]
    message = Notification.objects.get(recipient=person, key="news:2")
    assert (message.outcome, message.last_error) == (
        "given_up",
        "Die Adresse nimmt keine E-Mails an.",
    )


@pytest.mark.parametrize(
    "answer",
    [
        "550 5.1.10 Recipient not found",
        "552 5.2.2 Mailbox full",
        "550 No such user here",
        "550 <person@example.org>: User unknown",
        "550 Mailbox not found",
    ],
)
def test_an_answer_about_the_mailbox_is_a_bounce(mail_server, answer):
    person = UserFactory()
    mail_server.answers[person.email] = answer
    tell([person])

    send_due_notifications()

    assert Bounce.objects.get().address == person.email


@pytest.mark.parametrize(
    "answer",
    [
        "451 4.3.0 Later",
        "450 4.1.1 User unknown, perhaps",
        "552 5.3.4 Too big",
        "554 5.6.1 Not such words",
        "550 5.7.1 Relaying denied: user unknown",
        "550 5.1.8 Sender address rejected",
        "550 relay not permitted, authentication required",
        "550 No such user here. Sender verify failed",
        "554 Refused",
    ],
)
def test_an_answer_about_the_message_or_about_us_is_no_bounce(mail_server, answer):
    person = UserFactory()
    mail_server.answers[person.email] = answer
    tell([person])

    send_due_notifications()

    assert not Bounce.objects.exists()
    message = Notification.objects.get()
    assert (message.outcome, message.last_error) == ("", answer)


def test_a_mail_that_is_refused_says_nothing_about_its_address(mail_server, citizen):
    mail_server.answer_to_mail = "554 No such user, or spam"
    tell([citizen])

    send_due_notifications()

    assert not Bounce.objects.exists()
    message = Notification.objects.get()
    assert (message.outcome, message.last_error) == ("", "554 No such user, or spam")


def test_an_hour_in_which_the_relay_refuses_everybody_loses_nothing(mail_server):
    people = UserFactory.create_batch(3)
    mail_server.answers = {person.email: "550 relay not permitted" for person in people}
    tell(people)
    send_due_notifications()

    mail_server.answers.clear()
    Notification.objects.update(send_at=Now())
    tell(people, key="news:2")
    send_due_notifications()

    assert sorted(mail_server.addresses) == sorted(2 * [person.email for person in people])


def test_a_code_that_comes_back_leaves_no_trace(mail_server, client):
    mail_server.answers["typo@example.org"] = "550 5.1.1 unknown"
    knock(client, "typo@example.org")

    send_due_notifications()

    assert not Bounce.objects.exists()


def test_a_reported_address_gets_codes_and_nothing_else_until_one_is_entered(mail_server, client):
    person = UserFactory(email="back@example.org")
    call_command("bounce", "Back@Example.org")
    assert Bounce.objects.get().answer == "von Hand gemeldet"
    tell([person])
    knock(client, person.email)
    code = code_sent()
    send_due_notifications()
    assert len(mail_server.received) == 1
    assert code in mail_server.received[0]["Subject"]

    enter(client, code)

    assert not Bounce.objects.exists()
    tell([person], key="news:2")
    send_due_notifications()
    assert len(mail_server.received) == 2


@pytest.mark.parametrize("nonsense", ["nonsense", "", f"{'x' * 250}@example.org"])
def test_the_command_takes_addresses_only(nonsense):
    with pytest.raises(CommandError):
        call_command("bounce", "somebody@example.org", nonsense)

    assert not Bounce.objects.exists()


def test_a_bounced_person_reads_of_it_and_confirms_the_address_while_signed_in(signed_in, citizen):
    record_bounce(address=citizen.email)
    reader = signed_in(citizen)
    for page in ("/konto/", PAGE):
        assert OWN_ADDRESS in reader.get(page).text

    reader.post(OWN_ADDRESS, {"send": "1"})
    assert "Code" in reader.get(OWN_ADDRESS).text
    code = code_sent()
    reader.post(OWN_ADDRESS, {"code": "000000" if code != "000 000" else "111111"})
    assert Bounce.objects.exists()
    reader.post(OWN_ADDRESS, {"code": code})

    assert not Bounce.objects.exists()
    assert OWN_ADDRESS not in reader.get(PAGE).text


def test_own_codes_are_limited(signed_in, citizen):
    reader = signed_in(citizen)

    answers = [reader.post(OWN_ADDRESS, {"send": "1"}).status_code for _ in range(6)]

    assert answers == [302] * 5 + [429]


def test_superusers_see_bounced_addresses_and_let_them_be_written_to_again(signed_in, editor):
    bounced = UserFactory(email="bounced@example.org")
    record_bounce(address=bounced.email, answer="550 unknown")
    bounce = Bounce.objects.get()
    root = signed_in(UserFactory(is_staff=True, is_superuser=True))

    assert signed_in(editor).get("/admin/accounts/bounce/").status_code == 403
    assert "550 unknown" in root.get("/admin/accounts/bounce/").text
    assert "Kommen seit dem" in root.get(f"/admin/accounts/user/{bounced.pk}/change/").text
    root.post(f"/admin/accounts/bounce/{bounce.pk}/delete/", {"post": "yes"})

    assert not Bounce.objects.exists()


def test_the_settings_are_titled_as_they_are_headed(client):
    client.force_login(UserFactory())

    page = client.get(SETTINGS).text

    assert re.search(r"<title>(.*?) –", page)[1] == re.search(r"<h1>(.*?)</h1>", page)[1]
