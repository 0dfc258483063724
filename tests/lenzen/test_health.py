"""Whoever watches the site learns that it lives, and when the worker does not keep up."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.utils.module_loading import import_string

from accounts.models import TRIED_IN_VAIN, Notification, TaskRun
from accounts.sending import BATCH, retry_delay
from accounts.tasks import send_notifications
from strategies.tasks import close_due_phases
from tests.factories import NotificationFactory, PhaseFactory, StrategyFactory, days

pytestmark = pytest.mark.django_db

QUARTER = timedelta(minutes=15)


def late(**by):
    return days(0) - QUARTER - timedelta(**by)


def test_it_lives_without_asking_the_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/health/live/")

    assert response.content == b"ok"


def test_it_tells_when_the_tasks_last_ran(client):
    close_due_phases()
    send_notifications()

    response = client.get("/health/")

    assert response.status_code == 200
    ages = response.json()["seconds_since_last_run"]
    assert set(ages) >= {"close_due_phases", "send_notifications"}
    assert all(0 <= age < 60 for age in ages.values())


def test_all_is_well_when_nothing_is_due(client):
    NotificationFactory(send_at=days(1))
    PhaseFactory(opens_in=1, closes_in=2)

    assert client.get("/health/").json()["status"] == "ok"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"send_at": late(seconds=1)}, 503),
        # In another worker's hands, over, or waiting for its next attempt.
        ({"send_at": late(days=1), "claimed_until": days(0.1)}, 200),
        ({"send_at": late(days=1), "outcome": "sent", "ended_at": days(0)}, 200),
        ({"send_at": days(0.1), "attempts": 3}, 200),
        # Tried again and again, and always in vain.
        ({"send_at": days(0.1), "attempts": 4}, 503),
        ({"send_at": days(0.1), "attempts": 9, "claimed_until": days(0.1)}, 503),
        # Expired: after attempts, long ago, or because nobody tried.
        ({"outcome": "expired", "ended_at": days(-0.01), "attempts": 1}, 503),
        ({"outcome": "expired", "ended_at": days(-0.05), "attempts": 1}, 200),
        ({"outcome": "expired", "ended_at": days(-0.01)}, 200),
    ],
)
def test_a_message_that_is_late(fields, status, client):
    NotificationFactory(**fields)

    response = client.get("/health/")

    assert response.status_code == status
    assert response.json()["overdue"]["messages"] == (status == 503)


def test_the_fourth_attempt_comes_a_quarter_of_an_hour_after_the_first():
    waits = [retry_delay(attempts) for attempts in range(1, TRIED_IN_VAIN)]

    assert sum(waits, timedelta()) == timedelta(minutes=14)


@pytest.mark.parametrize("trouble", ["away", "451 Later", "550 relay not permitted"])
def test_a_mail_server_that_takes_nothing_is_told_until_it_is_mended(client, mail_server, trouble):
    message = NotificationFactory()
    mail_server.answers[message.to] = trouble
    if trouble == "away":
        mail_server.stop()
    for _attempt in range(TRIED_IN_VAIN):
        assert client.get("/health/").status_code == 200
        Notification.objects.update(send_at=Now())
        send_notifications()
    assert client.get("/health/").status_code == 503

    mail_server.answers.clear()
    if trouble == "away":
        mail_server.start()
    Notification.objects.update(send_at=Now())
    send_notifications()

    assert client.get("/health/").status_code == 200


def test_a_code_that_could_not_be_sent_is_told_when_it_has_expired(client, mail_server):
    code = NotificationFactory(is_private=True)
    mail_server.answers[code.to] = "451 Later"
    send_notifications()
    Notification.objects.update(expires_at=Now())
    send_notifications()

    assert client.get("/health/").json()["overdue"]["messages"] == 1


def test_an_address_that_keeps_a_message_waiting_is_told_no_more_once_reported(client):
    message = NotificationFactory(send_at=days(-0.001), attempts=4)
    assert client.get("/health/").status_code == 503

    call_command("bounce", message.to)
    send_notifications()

    assert client.get("/health/").status_code == 200


def test_a_phase_whose_end_was_not_recorded(client):
    phase = PhaseFactory(opens_in=-2, closes_at=late(seconds=1))
    phase.events.create(kind="opened", moment=phase.opens_at)

    response = client.get("/health/")

    assert response.status_code == 503
    assert response.json()["overdue"]["events"] == 1


def test_an_old_phase_of_a_strategy_that_was_published_just_now_is_not_late(client):
    strategy = StrategyFactory(published_at=days(-0.001))
    PhaseFactory(strategy=strategy, opens_in=-40, closes_in=-30)

    assert client.get("/health/").json()["overdue"]["events"] == 0


def test_a_phase_whose_beginning_was_not_recorded(client):
    PhaseFactory(opens_at=late(seconds=1), closes_in=5)

    assert client.get("/health/").json()["overdue"]["events"] == 1


@pytest.mark.parametrize(
    ("task", "minutes"), [("keep_terms", 135), ("close_due_phases", 17), ("send_notifications", 15)]
)
def test_a_task_that_does_not_run_any_more(client, task, minutes):
    latest = TaskRun.objects.create(task=task, finished_at=days(0) - timedelta(minutes=minutes - 1))
    assert client.get("/health/").json()["overdue"]["tasks"] == 0

    latest.finished_at -= timedelta(minutes=2)
    latest.save()
    response = client.get("/health/")

    assert response.status_code == 503
    assert response.json()["overdue"] == {"messages": 0, "events": 0, "tasks": 1}


def test_a_task_that_is_asked_for_no_more_is_not_late(client):
    TaskRun.objects.create(task="of_an_older_version", finished_at=days(-30))

    assert client.get("/health/").status_code == 200


def test_each_task_of_the_clock_leaves_the_trace_that_is_looked_for(client):
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        import_string(entry["task"])()
    TaskRun.objects.update(finished_at=days(-30))

    answer = client.get("/health/").json()

    assert answer["overdue"]["tasks"] == len(settings.CELERY_BEAT_SCHEDULE)


@pytest.mark.django_db(transaction=True)
def test_a_sender_with_more_than_a_batch_is_not_late(mail_server):
    NotificationFactory.create_batch(BATCH + 1)
    TaskRun.objects.create(task="send_notifications", finished_at=days(-1))
    late_tasks = []

    def look(mail):
        late_tasks.append(Client().get("/health/").json()["overdue"]["tasks"])
        connection.close()

    mail_server.on_mail = look
    send_notifications()

    assert late_tasks == [1] * BATCH + [0]


def test_nothing_is_late_within_a_quarter_of_an_hour(client):
    # Said here: what a decorator says is as old as the whole run of the tests.
    moment = days(0) - timedelta(minutes=14)
    NotificationFactory(send_at=moment)
    PhaseFactory(opens_at=moment, closes_in=5)
    ended = PhaseFactory(opens_in=-2, closes_at=moment)
    ended.events.create(kind="opened", moment=ended.opens_at)

    assert client.get("/health/").json()["status"] == "ok"


def test_health_is_asked_without_encryption_from_within(settings):
    settings.SECURE_SSL_REDIRECT = True

    answers = [Client().get(path).status_code for path in ("/health/", "/health/live/", "/")]

    assert answers == [200, 200, 301]


def test_the_machine_asks_by_another_name_and_only_for_health(settings):
    settings.ALLOWED_HOSTS = ["mitreden.example"]
    machine = Client(headers={"host": "127.0.0.1:8000"})

    answers = [machine.get(path).status_code for path in ("/health/", "/health/live/", "/")]

    assert answers == [200, 200, 400]


def test_a_worker_that_catches_up_is_well_again(client):
    PhaseFactory(opens_in=-2, closes_in=-1)
    NotificationFactory()
    Notification.objects.update(send_at=Now() - 2 * QUARTER)
    assert client.get("/health/").status_code == 503

    close_due_phases()
    send_notifications()

    assert client.get("/health/").status_code == 200
