"""Two who do the same at the same time: one did it, the other learns so."""

import threading
import time
from contextlib import suppress
from functools import partial

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Notification, User
from comments.actions import (
    ModerationRefused,
    WithdrawalRefused,
    edit_comment,
    hide_comment,
    post_comment,
    take_back_withdrawal,
    withdraw_comment,
)
from comments.drafts import save_draft
from comments.models import Comment, Decision, Draft
from comments.rulebook import Rule
from strategies.actions import (
    PhaseRefused,
    close_phase,
    extend_phase,
    publish_strategy,
    record_due_events,
    unpublish_strategy,
)
from strategies.models import Phase, PhaseEvent, Strategy
from tests.accounts.door import code_sent
from tests.factories import (
    CommentFactory,
    PhaseFactory,
    StrategyFactory,
    SubscriptionFactory,
    UserFactory,
    days,
)
from tests.pages import form_values
from tests.resilience.threads import in_threads

pytestmark = pytest.mark.django_db(transaction=True)


def attempt(deed, **fields):
    """The sentence of a refusal, or None."""
    try:
        deed(**fields)
    except (ModerationRefused, PhaseRefused) as refused:
        return refused.reason


def test_four_moderators_hide_a_comment_once():
    comment = CommentFactory()
    moderators = UserFactory.create_batch(4, is_staff=True, role="Moderation")
    why = {"rule": Rule.TOPIC, "explanation": "Falscher Ort."}

    answers = in_threads(
        *(partial(attempt, hide_comment, comment=comment, by=by, **why) for by in moderators)
    )

    assert sorted(answer is None for answer in answers) == [False, False, False, True]
    assert all("schon ausgeblendet" in answer for answer in answers if answer)
    assert Comment.objects.get().hidden_by == Decision.objects.get()
    assert Notification.objects.filter(recipient=comment.author).count() == 1


def test_of_drafts_saved_at_once_one_stays():
    person, strategy = UserFactory(), StrategyFactory()
    place = {"strategy": strategy, "goal": None, "parent": None, "version": None}

    saved = in_threads(
        *(partial(save_draft, person=person, text=f"Draft {n}", **place) for n in range(6))
    )

    assert {draft.pk for draft in saved} == {Draft.objects.get().pk}
    assert Draft.objects.get().text in {draft.text for draft in saved}


def test_hiding_and_withdrawing_at_once_hides_only_what_was_not_withdrawn():
    comment = CommentFactory()
    moderator = UserFactory(is_staff=True, role="Moderation")

    refused, _done = in_threads(
        partial(
            attempt,
            hide_comment,
            comment=comment,
            rule=Rule.TOPIC,
            explanation="Falscher Ort.",
            by=moderator,
        ),
        partial(withdraw_comment, comment=comment, by=comment.author),
    )

    comment.refresh_from_db()
    assert comment.withdrawn_at
    assert bool(comment.hidden_by) == (refused is None)


def test_codes_in_two_browsers_at_once_publish_one_comment(goal):
    said = {"text": "Benches, too.", "name": "Deichgängerin", "email": "deich@example.org"}
    browsers = [Client(), Client()]
    browsers[0].post(goal.get_absolute_url(), said)
    codes = [code_sent()]
    browsers[1].post(reverse("take_waiting_text"), {"token": Draft.objects.get().token})
    codes.append(code_sent())

    answers = in_threads(
        *(
            partial(browser.post, reverse("publish_with_code"), {"code": code})
            for browser, code in zip(browsers, codes, strict=True)
        )
    )

    assert [answer.status_code for answer in answers] == [302, 302]
    assert Comment.objects.get().author == User.objects.get(email="deich@example.org")
    assert not Draft.objects.exists()


def test_a_phase_is_closed_once_and_told_once():
    """By two of the staff, while two workers look whether anything is due."""
    phase = SubscriptionFactory(strategy=PhaseFactory(closes_in=5).strategy).strategy.phases.get()
    staff = UserFactory.create_batch(2, is_staff=True)
    why = {"phase": phase, "reason": "Der Text war falsch."}
    record_due_events()

    first, second, *_ = in_threads(
        *(partial(attempt, close_phase, by=by, **why) for by in staff),
        record_due_events,
        record_due_events,
    )
    record_due_events()

    assert sorted([first is None, second is None]) == [False, True]
    event = PhaseEvent.objects.get(kind=PhaseEvent.Kind.CLOSED)
    assert event.by in staff
    follower = phase.strategy.subscriptions.get().person
    assert follower.notifications.filter(about=event.about).count() == 1


def test_who_extends_what_another_closes_learns_so():
    phase = PhaseFactory(closes_in=5)
    editor, other = UserFactory.create_batch(2, is_staff=True)
    why = {"phase": phase, "reason": "Der Text war falsch."}

    closed, extended = in_threads(
        partial(attempt, close_phase, by=editor, **why),
        partial(attempt, extend_phase, by=other, closes_at=days(9), **why),
    )

    # Whoever was first: in the end it is closed, and the history says what happened.
    assert closed is None
    assert not Phase.objects.open().exists()
    kinds = list(phase.events.order_by("pk").values_list("kind", flat=True))
    assert kinds == (["closed"] if extended else ["extended", "closed"])


@pytest.fixture
def save_meanwhile(signed_in, editor):
    """Send the page of a strategy, changed, while another's ``deed`` is not yet committed."""

    def save_meanwhile(strategy, deed, **changes):
        address = reverse("admin:strategies_strategy_change", args=[strategy.pk])
        client, is_done = signed_in(editor), threading.Event()
        values = form_values(client.get(address), "strategy_form")

        def do():
            with transaction.atomic():
                deed(strategy=strategy)
                is_done.set()
                time.sleep(0.5)

        def save():
            is_done.wait(10)
            return client.post(address, values | changes)

        _, response = in_threads(do, save)
        return response

    return save_meanwhile


def test_who_empties_what_another_publishes_learns_so_and_loses_nothing(save_meanwhile):
    strategy = StrategyFactory(published_at=None)

    response = save_meanwhile(strategy, publish_strategy, contact="", summary="Getippt.")

    page = response.content.decode()
    assert "wen man fragen kann" in page
    assert 'value="Getippt."' in page
    assert Strategy.objects.published().get().contact == strategy.contact


def test_what_another_takes_back_into_the_draft_may_be_emptied(save_meanwhile):
    strategy = StrategyFactory()

    response = save_meanwhile(strategy, unpublish_strategy, contact="", summary="Getippt.")

    assert response.status_code == 302
    strategy.refresh_from_db()
    assert (strategy.published_at, strategy.contact) == (None, "")
    assert strategy.summary == "Getippt."


def test_what_is_answered_while_it_is_edited_stays_as_an_earlier_version(goal):
    comment = CommentFactory(goal=goal, phase=goal.strategy.phases.get())
    person, is_answered = UserFactory(), threading.Event()

    def answer():
        with transaction.atomic():
            post_comment(
                author=person,
                strategy=goal.strategy,
                goal=goal,
                parent=comment,
                text="I agree.",
            )
            is_answered.set()
            time.sleep(0.5)

    def edit():
        is_answered.wait(10)
        edit_comment(comment=comment, by=comment.author, text="Quite the opposite.")

    in_threads(answer, edit)

    reply = Comment.objects.get(parent=comment)
    assert comment.versions.get().number == reply.answered_version


def test_what_is_posted_anew_while_it_is_shown_again_stands_there_once(goal):
    person, text, is_posted = UserFactory(), "More benches.", threading.Event()
    place = {"author": person, "strategy": goal.strategy, "goal": goal}
    withdrawn = post_comment(**place, text=text)
    withdraw_comment(comment=withdrawn, by=person)

    def post_again():
        with transaction.atomic():
            post_comment(**place, text=text)
            is_posted.set()
            time.sleep(0.5)

    def show_again():
        is_posted.wait(10)
        with suppress(WithdrawalRefused):
            take_back_withdrawal(comment=withdrawn, by=person)

    in_threads(post_again, show_again)

    assert Comment.objects.visible().count() == 1
