"""People post over real connections while staff close the phase under their hands."""

import threading
import time
from functools import partial
from itertools import chain

import pytest
from django.db import connection, transaction
from django.utils.html import escape

from comments.actions import post_comment
from comments.models import Comment
from strategies.actions import close_phase
from strategies.models import Phase, PhaseEvent
from tests.factories import GoalFactory, PhaseFactory, UserFactory, days
from tests.resilience.threads import in_threads

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 20


@pytest.fixture
def goal():
    return GoalFactory(strategy=PhaseFactory().strategy)


def test_each_comment_is_in_before_the_closing_or_comes_back(goal, signed_in, editor):
    phase = goal.strategy.phases.get()
    closed = threading.Event()

    def close():
        while Comment.objects.count() < 10:
            time.sleep(0.005)
        close_phase(phase=phase, by=editor, reason="Der Text war falsch.")
        closed.set()

    def post(client, number):
        """Three comments while staff are closing, and one when they have."""
        answers = []
        for turn in range(4):
            if turn == 3:
                closed.wait(60)
            text = f"Person {number} says “{turn}”."
            answers.append((text, client.post(goal.get_absolute_url(), {"text": text})))
        return answers

    writers = [partial(post, signed_in(UserFactory()), number) for number in range(PEOPLE)]
    *answers, _ = in_threads(*writers, close)
    answers = list(chain.from_iterable(answers))

    accepted = {text for text, response in answers if response.status_code == 302}
    refused = [(text, response) for text, response in answers if response.status_code == 409]
    assert len(accepted) + len(refused) == 4 * PEOPLE
    assert len(accepted) >= 10
    assert len(refused) >= PEOPLE
    assert all(escape(text) in response.content.decode() for text, response in refused)

    comments = Comment.objects.all()
    phase.refresh_from_db()
    assert {comment.text for comment in comments} == accepted
    assert all(phase.opens_at <= comment.posted_at < phase.closes_at for comment in comments)
    event = PhaseEvent.objects.get(kind=PhaseEvent.Kind.CLOSED)
    assert event.contributions == len(accepted)
    assert event.participants == len({comment.author_id for comment in comments})


def test_a_form_sent_eight_times_at_once_is_one_comment(goal, signed_in, citizen):
    said = {"text": "Trees."}
    clients = [signed_in(citizen) for _ in range(8)]

    responses = in_threads(
        *(partial(client.post, goal.get_absolute_url(), said) for client in clients)
    )

    comment = Comment.objects.get()
    assert sorted(response.status_code for response in responses) == [302] + [409] * 7
    again = next(response for response in responses if response.status_code == 409)
    assert f"Nr. {comment.pk}" in again.content.decode()
    assert goal.strategy.phases.with_tally().get().contributions == 1


def test_who_changes_a_phase_waits_for_those_who_are_posting(goal, citizen):
    """By whatever path: here with a plain UPDATE, as a shell would."""
    phase = goal.strategy.phases.get()
    posted, moved = threading.Event(), threading.Event()

    def post():
        with transaction.atomic():
            post_comment(author=citizen, strategy=goal.strategy, goal=goal, text="Trees.")
            posted.set()
            assert not moved.wait(0.5), "the phase moved while somebody was posting"

    def move():
        posted.wait(10)
        Phase.objects.filter(pk=phase.pk).update(closes_at=days(9))
        moved.set()

    in_threads(post, move)

    assert moved.is_set()


def test_those_who_post_do_not_wait_for_one_another(goal):
    people = UserFactory.create_batch(2)
    meeting = threading.Barrier(2, timeout=10)

    def post(person):
        with transaction.atomic():
            post_comment(author=person, strategy=goal.strategy, text="Trees.")
            # Each has written and not yet committed. SQLite lets one write at a time.
            if connection.vendor == "postgresql":
                meeting.wait()

    in_threads(*(partial(post, person) for person in people))

    assert Comment.objects.count() == 2
