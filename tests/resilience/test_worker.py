"""Workers that run at once, and workers that die: nothing is lost, nothing told twice."""

import threading
from collections import Counter

import pytest
from django.db.models.functions import Now

from accounts.models import Notification
from accounts.sending import send_due_notifications
from strategies.models import PhaseEvent
from tests.factories import NotificationFactory, PhaseFactory, SubscriptionFactory

pytestmark = pytest.mark.django_db(transaction=True)

RECORD = "strategies.actions.record_due_events"
SEND = "accounts.sending.send_due_notifications"


def run_together(processes) -> list[int]:
    for process in processes:
        process.go()
    return [int(process.result()) for process in processes]


def test_four_processes_record_each_event_once_and_tell_each_person_once(processes):
    phases = [PhaseFactory(opens_in=-0.9, closes_in=-0.1) for _ in range(5)]
    for phase in phases:
        SubscriptionFactory.create_batch(3, strategy=phase.strategy)

    recorded = run_together(processes(RECORD, 4))

    assert sum(recorded) == 10
    events = PhaseEvent.objects.values_list("phase", "kind")
    assert sorted(events) == sorted((p.pk, kind) for p in phases for kind in ("opened", "closed"))
    per_person = Counter(Notification.objects.values_list("recipient", flat=True))
    assert len(per_person) == 15
    assert set(per_person.values()) == {2}


def test_after_three_days_without_a_worker_all_is_recorded_once(processes):
    phases = [PhaseFactory(opens_in=-9, closes_in=ended) for ended in (-3, -2.5, -2, -1.5, -0.5)]
    for phase in phases:
        SubscriptionFactory(strategy=phase.strategy)

    run_together(processes(RECORD, 2))

    assert PhaseEvent.objects.filter(kind="opened").count() == 5
    assert PhaseEvent.objects.filter(kind="closed").count() == 5
    # Only what happened within a day is news.
    told = Notification.objects.values_list("about", flat=True)
    news = PhaseEvent.objects.filter(phase=phases[-1], kind="closed").get()
    assert list(told) == [news.about]


def test_four_senders_send_each_message_once(processes, mail_server):
    NotificationFactory.create_batch(60)
    senders = processes(SEND, 4, EMAIL_URL=mail_server.url)

    sent = run_together(senders)

    assert sum(sent) == 60
    assert Counter(mail_server.addresses).most_common(1)[0][1] == 1
    assert len(mail_server.received) == 60
    assert not Notification.objects.waiting().exists()


def test_a_sender_killed_in_the_middle_of_a_batch_loses_nothing(processes, mail_server):
    NotificationFactory.create_batch(20)
    taken, never = threading.Event(), threading.Event()

    def hold_the_eighth(mail):
        if len(mail_server.received) == 8:
            taken.set()
            never.wait(10)

    mail_server.on_mail = hold_the_eighth
    (sender,) = processes(SEND, EMAIL_URL=mail_server.url)
    sender.go()
    assert taken.wait(30)

    # The server has the eighth message, the sender does not know it yet.
    sender.kill()
    never.set()

    assert Notification.objects.filter(outcome="sent").count() == 7
    assert send_due_notifications() == 0, "the claim still holds"

    Notification.objects.waiting().update(claimed_until=Now())
    assert send_due_notifications() == 13

    received = Counter(mail_server.addresses)
    assert len(received) == 20
    assert sorted(received.values()) == [1] * 19 + [2]
    assert not Notification.objects.waiting().exists()
    twice = [mail for mail in mail_server.received if received[mail["To"]] == 2]
    assert twice[0]["Message-ID"] == twice[1]["Message-ID"], "it can be recognised"
