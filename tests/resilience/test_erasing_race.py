"""Somebody writes in one window and deletes the account in another, at the same instant."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from time import sleep

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Notification, User
from comments.actions import CommentRefused, post_comment
from comments.models import Comment
from lenzen.personal_data import erase
from strategies.actions import close_phase
from tests.accounts.door import enter, knock
from tests.factories import CommentFactory, SubscriptionFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _list_of_erased(settings, tmp_path):
    settings.ERASED_ACCOUNTS_FILE = tmp_path / "erased-accounts.txt"


def done(deed):
    """What comes of it, with a connection of its own."""
    try:
        return deed()
    except (CommentRefused, IntegrityError, User.DoesNotExist) as error:
        return error
    finally:
        connection.close()


def at_once(*deeds):
    start = Barrier(len(deeds))

    def do(deed):
        start.wait()
        return done(deed)

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(do, deeds))


@pytest.mark.parametrize("has_written_before", [True, False])
@pytest.mark.parametrize("round_", range(3))
def test_posting_while_the_account_is_erased(goal, open_phase, has_written_before, round_):
    person = UserFactory()
    if has_written_before:
        post_comment(author=person, strategy=goal.strategy, goal=goal, text="Before.")
    posting = [
        lambda number=number: post_comment(
            author=User(pk=person.pk, email=person.email, public_name=person.public_name),
            strategy=goal.strategy,
            goal=goal,
            text=f"Text {number}",
        )
        for number in range(3)
    ]

    at_once(lambda: erase(person), *posting)

    assert not User.objects.filter(pk=person.pk).exists()
    assert set(Comment.objects.values_list("author", flat=True)) <= {None}
    assert open_phase.tally()["contributions"] == Comment.objects.count()


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite takes one write at a time")
def test_who_posts_while_the_erasure_waits_holds_nobody_up(goal):
    """They hold the participation that the erasure did not find, and wait for the person."""
    person = UserFactory()

    def post(text):
        return post_comment(author=person, strategy=goal.strategy, goal=goal, text=text)

    def post_slowly():
        with transaction.atomic():
            post("Second.")
            sleep(0.8)

    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            User.objects.select_for_update(no_key=True).get(pk=person.pk)
            erasing = pool.submit(done, lambda: erase(person))
            sleep(0.3)
            pool.submit(done, lambda: post("First.")).result()
            posting = pool.submit(done, post_slowly)
            sleep(0.3)
        assert [posting.result(), erasing.result()] == [None, None]

    assert not User.objects.filter(pk=person.pk).exists()
    said = Comment.objects.values_list("text", "author")
    assert set(said) == {("First.", None), ("Second.", None)}


def test_two_who_erase_at_once_erase_once(settings):
    person = UserFactory()

    at_once(lambda: erase(person), lambda: erase(person))

    assert len(settings.ERASED_ACCOUNTS_FILE.read_text().splitlines()) == 1


@pytest.mark.parametrize("deed", ["post", "save", "vote", "rename", "follow", "erase"])
def test_who_acts_while_the_account_is_erased_reads_that_it_is(goal, deed):
    person, is_erased = UserFactory(), Event()
    comment = CommentFactory(goal=goal, phase=goal.strategy.phases.get())
    fields = {"text": "Mehr Bänke.", "stimme": "ja", "name": "Elbe", "comments": "keep"}
    address = {
        "post": goal.get_absolute_url(),
        "save": goal.get_absolute_url(),
        "vote": reverse("vote", args=[comment.pk]),
        "rename": reverse("choose_name"),
        "follow": reverse("follow", args=[goal.strategy.slug]),
        "erase": reverse("delete_account"),
    }[deed]
    client = Client(raise_request_exception=False)
    knock(client, person.email)
    enter(client)

    def erase_slowly():
        with transaction.atomic():
            erase(person)
            is_erased.set()
            sleep(0.5)

    def act():
        is_erased.wait(10)
        return client.post(address, fields | ({"save": "1"} if deed == "save" else {}))

    _, response = at_once(erase_slowly, act)

    assert response.status_code == 409
    assert "Ihr Konto ist gelöscht" in response.content.decode()
    assert "Mehr Bänke." in response.content.decode()
    assert "_auth_user_id" not in client.session


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite takes one write at a time")
def test_who_leaves_keeps_no_deed_from_being_done_nor_others_from_hearing(goal):
    phase = goal.strategy.phases.get()
    leaving, staying = UserFactory.create_batch(2)
    for person in (leaving, staying):
        SubscriptionFactory(strategy=goal.strategy, person=person)
    editor, is_erased = UserFactory(is_staff=True), Event()

    def erase_slowly():
        with transaction.atomic():
            erase(leaving)
            is_erased.set()
            sleep(0.5)

    def close():
        is_erased.wait(10)
        return close_phase(phase=phase, by=editor, reason="Der Text war falsch.")

    _, event = at_once(erase_slowly, close)

    assert Notification.objects.get(about=event.about).recipient == staying
