"""The outbox: what is owed to people leaves once, in order, and ends visibly."""

from datetime import timedelta
from time import sleep

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from accounts.actions import (
    WORTH_SENDING,
    choose_rhythm,
    forget_bounce,
    notify,
    retract,
    retry_notifications,
    reword,
)
from accounts.models import Notification, User
from accounts.sending import retry_delay, send_due_notifications
from accounts.tasks import send_notifications
from accounts.town import Frame, remember, town
from tests.factories import NotificationFactory, TownFactory, UserFactory, days

pytestmark = pytest.mark.django_db

SENT, GIVEN_UP, EXPIRED, TAKEN_BACK, WAITING = "sent", "given_up", "expired", "retracted", ""
NEWS = {"key": "news", "subject": "News", "body": "Something happened."}


def outcomes() -> list[str]:
    return list(Notification.objects.order_by("pk").values_list("outcome", flat=True))


def at(notification, **fields):
    Notification.objects.filter(pk=notification.pk).update(**fields)
    notification.refresh_from_db()
    return notification


# Owing


def test_once_for_each_person_and_occasion(citizen):
    other = UserFactory()

    notify(recipients=[citizen], **NEWS)
    notify(recipients=[citizen, other], **NEWS)
    notify(recipients=[citizen], **NEWS | {"key": "other news"})

    owed = Notification.objects.values_list("recipient", "key")
    assert sorted(owed) == sorted(
        [(citizen.pk, "news"), (other.pk, "news"), (citizen.pk, "other news")]
    )


def test_once_for_each_address_and_occasion():
    notify(addresses=["a@example.org", "b@example.org"], **NEWS)
    notify(addresses=["a@example.org"], **NEWS)

    assert Notification.objects.count() == 2


def test_either_a_person_or_an_address(citizen):
    for fields in ({"recipient": citizen, "address": "a@example.org"}, {"recipient": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            NotificationFactory(**fields)


def test_it_vanishes_with_the_transaction_of_its_event(citizen):
    with transaction.atomic():
        notify(recipients=[citizen], **NEWS)
        transaction.set_rollback(True)

    assert not Notification.objects.exists()


def test_by_default_it_leaves_at_once_and_is_worth_sending_for_three_days(citizen):
    notify(recipients=[citizen], **NEWS)

    message = Notification.objects.due().get()
    assert abs(message.expires_at - message.send_at - WORTH_SENDING) < timedelta(seconds=1)


def test_thousands_are_not_written_one_by_one(django_assert_max_num_queries):
    people = UserFactory.create_batch(3)
    addresses = [f"{number}@example.org" for number in range(2_500)]

    # PostgreSQL takes a thousand rows at once, SQLite some fifty.
    with django_assert_max_num_queries(60):
        notify(recipients=people, addresses=addresses, **NEWS)

    assert Notification.objects.count() == 2_503


def test_what_has_not_left_can_be_taken_back(citizen):
    notify(recipients=[citizen], about="comment:1", **NEWS)
    notify(recipients=[citizen], about="comment:11", **NEWS | {"key": "other"})
    notify(recipients=[UserFactory()], about="comment:1", **NEWS)
    at(Notification.objects.earliest("pk"), outcome=SENT, ended_at=Now())

    assert retract(about="comment:1") == 1
    assert sorted(Notification.objects.values_list("about", "outcome")) == [
        ("comment:1", SENT),
        ("comment:11", WAITING),
    ]


# Sending


def test_what_is_due_leaves_in_order(mail_server):
    last = NotificationFactory(subject="third")
    first = at(NotificationFactory(subject="first"), send_at=days(-2))
    at(NotificationFactory(subject="second"), send_at=days(-1))

    assert send_due_notifications() == 3

    assert [mail["Subject"] for mail in mail_server.received] == ["first", "second", "third"]
    first.refresh_from_db()
    last.refresh_from_db()
    assert (first.outcome, first.attempts, first.claimed_until) == (SENT, 1, None)
    assert first.ended_at <= last.ended_at


def test_what_has_left_does_not_leave_again(mailoutbox):
    NotificationFactory()

    assert [send_due_notifications(), send_due_notifications()] == [1, 0]
    assert len(mailoutbox) == 1


def test_nothing_leaves_early(mailoutbox):
    at(NotificationFactory(), send_at=days(0.01))

    assert send_due_notifications() == 0
    assert mailoutbox == []


def test_what_another_worker_holds_is_left_to_it(mailoutbox):
    held = at(NotificationFactory(), claimed_until=days(0.001))
    assert send_due_notifications() == 0

    at(held, claimed_until=days(-0.001))
    assert send_due_notifications() == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_taken_back_while_a_batch_is_sent_does_not_leave(mail_server):
    first, taken, erased, gathering = UserFactory.create_batch(4)
    NotificationFactory(recipient=first)
    NotificationFactory(recipient=taken, about="comment:1", body="Gone.")
    NotificationFactory(recipient=erased)
    for words in ({"about": "comment:1", "body": "Gone."}, {"about": "comment:2"}):
        NotificationFactory(recipient=gathering, is_gathered=True, **words)
        NotificationFactory(recipient=taken, is_gathered=True, about="comment:1", body="Gone.")

    def take_back(mail):
        retract(about="comment:1")
        User.objects.filter(pk=erased.pk).delete()
        connection.close()

    mail_server.on_mail = take_back
    send_due_notifications()

    assert mail_server.addresses == [first.email, gathering.email]
    assert not any("Gone." in str(mail) for mail in mail_server.received)
    assert outcomes() == [SENT, SENT]


def test_the_claim_of_a_worker_that_dies_runs_out_after_five_minutes(monkeypatch):
    NotificationFactory()

    def die():
        raise SystemExit

    monkeypatch.setattr("accounts.sending.get_connection", die)
    with pytest.raises(SystemExit):
        send_due_notifications()

    held = Notification.objects.annotate(now=Now()).get()
    assert abs(held.claimed_until - held.now - timedelta(minutes=5)) < timedelta(seconds=30)


def test_a_slow_server_holds_nobody_until_the_claim_runs_out(mail_server, monkeypatch):
    """Then another worker would send the rest as well."""
    messages = NotificationFactory.create_batch(3)
    monkeypatch.setattr("accounts.sending.CLAIM", timedelta(seconds=2))
    mail_server.on_mail = lambda mail: sleep(1.2)

    assert send_due_notifications() == 3
    assert mail_server.addresses == [messages[0].to]
    assert Notification.objects.due().count() == 2

    mail_server.on_mail = None
    send_due_notifications()
    assert mail_server.addresses == [message.to for message in messages]


def test_the_task_sends_until_nothing_is_due(mailoutbox):
    NotificationFactory.create_batch(120)

    send_notifications()

    assert len(mailoutbox) == 120


def test_a_mail_says_who_sends_it_whom_to_ask_and_how_to_end_it(mail_server, settings):
    address = "http://localhost/abbestellen/token/"
    NotificationFactory(subject="Grüße", body="Bäume.", unsubscribe_url=address)

    send_due_notifications()

    (mail,) = mail_server.received
    assert mail["Subject"] == "Grüße"
    assert mail["List-Unsubscribe"] == f"<{address}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_body(["plain"]).get_content()
    assert text.startswith("Bäume.")
    for part in (town().site_name, town().contact, address):
        assert part in text


def test_no_text_keeps_a_mail_from_leaving(mail_server, citizen):
    remember(Frame(TownFactory.build(site_name="Lenzen\nBcc: all@example.org")))
    notify(recipients=[citizen], key="k", subject="One\r\nTo: all@example.org", body="Words.")

    send_due_notifications()

    (mail,) = mail_server.received
    assert mail["Subject"].strip() == "One To: all@example.org"
    assert mail["From"].addresses[0].display_name == "Lenzen Bcc: all@example.org"
    assert mail["To"] == citizen.email


def test_a_mail_that_nobody_can_end_offers_no_end(mail_server):
    NotificationFactory()

    send_due_notifications()

    assert "List-Unsubscribe" not in mail_server.received[0]


def test_it_goes_to_the_address_that_the_person_has_now(mail_server):
    notification = NotificationFactory()
    notification.recipient.email = "new@example.org"
    notification.recipient.save()

    send_due_notifications()

    assert mail_server.addresses == ["new@example.org"]


def test_nobody_writes_to_an_account_that_was_closed(mail_server):
    NotificationFactory(recipient__is_active=False)

    send_due_notifications()

    assert outcomes() == [GIVEN_UP]
    assert mail_server.received == []


# What can go wrong


def test_an_address_that_does_not_exist_is_given_up_at_once(mail_server):
    bad, good = NotificationFactory(), NotificationFactory()
    mail_server.answers[bad.recipient.email] = "550 No such person"

    send_due_notifications()

    assert outcomes() == [GIVEN_UP, SENT]
    bad.refresh_from_db()
    assert bad.last_error == "550 No such person"
    assert mail_server.addresses == [good.recipient.email]


def test_a_busy_server_is_tried_again_later_and_later(mail_server):
    notification = NotificationFactory()
    mail_server.answers[notification.recipient.email] = "451 Come back later"

    for attempt in range(1, 4):
        send_due_notifications()
        notification.refresh_from_db()
        assert (notification.attempts, notification.outcome) == (attempt, WAITING)
        assert notification.last_error == "451 Come back later"
        wait = notification.send_at - Notification.objects.annotate(now=Now()).get().now
        assert abs(wait - timedelta(minutes=2**attempt)) < timedelta(seconds=5)
        assert send_due_notifications() == 0
        at(notification, send_at=Now())

    mail_server.answers.clear()
    send_due_notifications()
    assert outcomes() == [SENT]


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(1, 2), (2, 4), (3, 8), (4, 16), (5, 32), (6, 60), (99, 60)]
)
def test_the_waits(attempts, minutes):
    assert retry_delay(attempts) == timedelta(minutes=minutes)


def test_a_server_that_is_away_is_not_asked_again_for_each_message(mail_server):
    NotificationFactory.create_batch(5)
    mail_server.stop()

    send_due_notifications()

    rows = Notification.objects.values_list("outcome", "attempts", "claimed_until")
    assert set(rows) == {(WAITING, 1, None)}

    mail_server.start()
    Notification.objects.update(send_at=Now())
    send_due_notifications()
    assert outcomes() == [SENT] * 5
    assert len(mail_server.received) == 5


def test_the_log_says_once_a_batch_why_mails_did_not_leave(mail_server, caplog):
    first, second, third, _fourth, gone = NotificationFactory.create_batch(5)
    mail_server.answers = {
        first.to: f"451 <{first.to}> later",
        second.to: "550 relay not permitted",
        third.to: "451 Later",
        gone.to: "550 5.1.1 Unknown",
    }
    send_due_notifications()
    assert caplog.messages == [
        "The mail server is away or refuses; tried again later: 451 (2), 550 (1)"
    ]


def test_the_log_says_that_the_server_is_away(mail_server, caplog):
    NotificationFactory.create_batch(3)
    mail_server.stop()

    send_due_notifications()

    mail_server.start()
    assert caplog.messages == [
        "The mail server is away or refuses; tried again later: ConnectionRefusedError (3)"
    ]


def test_the_log_says_nothing_when_all_goes_well(mail_server, caplog):
    NotificationFactory()

    send_due_notifications()

    assert caplog.messages == []


def test_a_server_that_wants_a_sign_in_keeps_the_mails_waiting(mail_server, settings, caplog):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "site", "wrong"
    NotificationFactory.create_batch(2)

    send_due_notifications()

    assert outcomes() == [WAITING, WAITING]
    assert caplog.messages == [
        "The mail server is away or refuses; tried again later: SMTPNotSupportedError (2)"
    ]


def test_a_server_that_goes_away_in_the_middle_gets_the_rest_later(mail_server):
    NotificationFactory.create_batch(5)

    def leave(mail):
        if len(mail_server.received) == 2:
            mail_server.stop()

    mail_server.on_mail = leave
    send_due_notifications()
    assert outcomes() == [SENT] + [WAITING] * 4

    mail_server.start()
    Notification.objects.update(send_at=Now())
    send_due_notifications()

    assert outcomes() == [SENT] * 5
    # The one in hand is the only one that arrives twice.
    assert len(mail_server.received) == 6
    assert len(set(mail_server.addresses)) == 5


def test_one_bad_message_does_not_hold_up_the_rest(mail_server):
    NotificationFactory(recipient=None, address="two\nlines@example.org")
    NotificationFactory()

    send_due_notifications()

    assert outcomes() == [WAITING, SENT]
    assert Notification.objects.earliest("pk").last_error


def test_what_is_pointless_ends_visibly(mailoutbox):
    at(NotificationFactory(), expires_at=days(-0.01))

    assert send_due_notifications() == 0

    assert outcomes() == [EXPIRED]
    assert mailoutbox == []


def test_staff_may_let_it_try_again(mail_server):
    given_up, expired, _sent = NotificationFactory.create_batch(3)
    mail_server.answers[given_up.recipient.email] = "550 No such person"
    at(expired, expires_at=days(-0.01))
    send_due_notifications()
    assert outcomes() == [GIVEN_UP, EXPIRED, SENT]

    mail_server.answers.clear()
    forget_bounce(address=given_up.recipient.email)
    assert retry_notifications(notifications=Notification.objects.all()) == 2
    send_due_notifications()

    assert outcomes() == [SENT] * 3
    assert len(mail_server.received) == 3


def test_what_was_ended_since_is_not_tried_again(citizen):
    link = {"unsubscribe_url": "http://localhost/abbestellen/token/"}
    ended = {"outcome": EXPIRED, "ended_at": Now()}
    NotificationFactory(recipient=citizen, **link, **ended)
    NotificationFactory(recipient=citizen, **ended)
    NotificationFactory(**link, **ended)

    choose_rhythm(person=citizen, rhythm=User.Rhythm.NEVER)

    assert retry_notifications(notifications=Notification.objects.all()) == 2
    assert outcomes() == [TAKEN_BACK, WAITING, WAITING]
    assert citizen.notifications.told().get().outcome == TAKEN_BACK


def test_what_quoted_words_that_are_gone_is_not_tried_again():
    for outcome in (GIVEN_UP, SENT):
        NotificationFactory(about="comment:1", outcome=outcome, ended_at=Now())

    reword(about="comment:1", subject="Withdrawn", body="Gone.")

    assert retry_notifications(notifications=Notification.objects.all()) == 0
    assert outcomes() == [TAKEN_BACK, SENT]


# Codes


@pytest.mark.parametrize("ending", [SENT, GIVEN_UP, EXPIRED])
def test_the_text_of_a_code_is_gone_when_it_ends(ending, mail_server):
    notification = NotificationFactory(
        subject="482 915 ist Ihr Code", body="482 915", is_private=True
    )
    if ending == GIVEN_UP:
        mail_server.answers[notification.recipient.email] = "550 No such person"
    if ending == EXPIRED:
        at(notification, expires_at=days(-0.01))

    send_due_notifications()

    notification.refresh_from_db()
    assert notification.outcome == ending
    assert (notification.subject, notification.body) == ("", "")
    assert "482" not in str(notification)


def test_a_code_is_not_tried_again():
    at(NotificationFactory(is_private=True), outcome=EXPIRED, ended_at=Now())

    assert retry_notifications(notifications=Notification.objects.all()) == 0


def test_an_outcome_has_its_time():
    with pytest.raises(IntegrityError), transaction.atomic():
        NotificationFactory(outcome=SENT)
    with pytest.raises(IntegrityError), transaction.atomic():
        NotificationFactory(ended_at=days(0))
