"""The deeds of staff: what they change, whom they tell, when they can be taken back."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Notification
from comments.actions import post_comment
from strategies.actions import (
    PhaseRefused,
    StrategyRefused,
    answer_phase,
    close_phase,
    extend_phase,
    open_phase,
    publish_strategy,
    record_due_events,
    reopen_phase,
    revise_goal,
    take_back_event,
    unpublish_strategy,
)
from strategies.models import TAKE_BACK, Phase, PhaseEvent, Subscription
from strategies.subscriptions import subscribe, subscribe_by_commenting, unsubscribe
from tests.factories import (
    GoalFactory,
    NotificationFactory,
    PhaseEventFactory,
    PhaseFactory,
    StrategyFactory,
    SubscriptionFactory,
    UserFactory,
    days,
)

pytestmark = pytest.mark.django_db

Kind = PhaseEvent.Kind
NEXT_WEEK = days(7)


@pytest.fixture
def follower():
    return UserFactory(email="follower@example.org")


def phase_with(follower, **dates) -> Phase:
    """A phase that somebody follows, its past recorded and told."""
    phase = PhaseFactory(**dates)
    SubscriptionFactory(strategy=phase.strategy, person=follower)
    record_due_events()
    Notification.objects.all().delete()
    return phase


def before(follower):
    return phase_with(follower, opens_in=1, closes_in=5)


def running(follower):
    return phase_with(follower, opens_in=-1, closes_in=5)


def over(follower):
    return phase_with(follower, opens_in=-5, closes_in=-1)


def do_open(phase, by, reason="Wir sind früher fertig."):
    return open_phase(phase=phase, by=by, reason=reason)


def do_close(phase, by, reason="Der Text war falsch."):
    return close_phase(phase=phase, by=by, reason=reason)


def do_extend(phase, by, reason="Es gab viele Fragen."):
    return extend_phase(phase=phase, closes_at=NEXT_WEEK, by=by, reason=reason)


def do_reopen(phase, by, reason="Die Seite war gestört."):
    return reopen_phase(phase=phase, closes_at=NEXT_WEEK, by=by, reason=reason)


def do_answer(phase, by, reason="Der Radweg kommt in den Plan."):
    return answer_phase(phase=phase, by=by, reason=reason)


DEEDS = {
    "open": (before, do_open, Kind.OPENED),
    "close": (running, do_close, Kind.CLOSED),
    "extend": (running, do_extend, Kind.EXTENDED),
    "reopen": (over, do_reopen, Kind.REOPENED),
}
each_deed = pytest.mark.parametrize(("state", "deed", "kind"), DEEDS.values(), ids=DEEDS)


@each_deed
def test_a_deed_is_recorded_with_reason_and_dates(state, deed, kind, follower, editor):
    phase = state(follower)

    event = deed(phase, editor)

    changed = Phase.objects.get(pk=phase.pk)
    field = "opens_at" if kind == Kind.OPENED else "closes_at"
    assert (event.kind, event.by) == (kind, editor)
    assert event.reason
    assert event.date_before == getattr(phase, field)
    assert event.date_after == getattr(changed, field) != event.date_before
    assert changed.closes_at > changed.opens_at


@each_deed
def test_a_deed_is_told_ten_minutes_later_and_not_again_by_the_worker(
    state, deed, kind, follower, editor
):
    event = deed(state(follower), editor)
    record_due_events()

    message = Notification.objects.get(recipient=follower)
    assert message.send_at == event.moment + timedelta(minutes=10)
    assert message.about == event.about
    # That something began earlier needs no excuse to those who waited for it.
    assert event.reason in message.body or kind == Kind.OPENED


@each_deed
def test_a_deed_can_be_taken_back_with_its_messages(state, deed, kind, follower, editor):
    phase = state(follower)
    event = deed(phase, editor)

    take_back_event(event=event)

    unchanged = Phase.objects.get(pk=phase.pk)
    assert (unchanged.opens_at, unchanged.closes_at) == (phase.opens_at, phase.closes_at)
    assert not PhaseEvent.objects.filter(pk=event.pk).exists()
    assert not Notification.objects.exists()


@each_deed
def test_a_deed_whose_messages_have_left_cannot_be_taken_back(state, deed, kind, follower, editor):
    event = deed(state(follower), editor)
    PhaseEvent.objects.filter(pk=event.pk).update(moment=days(0) - TAKE_BACK)
    event.refresh_from_db()

    with pytest.raises(PhaseRefused):
        take_back_event(event=event)

    assert Notification.objects.exists()


@each_deed
def test_messages_leave_when_taking_back_ends(state, deed, kind, follower, editor):
    event = deed(state(follower), editor)

    leave_at = set(Notification.objects.filter(about=event.about).values_list("send_at", flat=True))

    assert leave_at == {event.moment + TAKE_BACK}


@each_deed
def test_a_deed_needs_a_reason(state, deed, kind, follower, editor):
    phase = state(follower)

    with pytest.raises(PhaseRefused):
        deed(phase, editor, reason="  ")

    unchanged = Phase.objects.get(pk=phase.pk)
    assert (unchanged.opens_at, unchanged.closes_at) == (phase.opens_at, phase.closes_at)


@pytest.mark.parametrize(
    ("state", "deed"),
    [
        (state, deed)
        for state in (before, running, over)
        for right, deed, _kind in DEEDS.values()
        if state is not right
    ],
)
def test_a_deed_that_does_not_fit_is_refused(state, deed, follower, editor):
    phase = state(follower)

    with pytest.raises(PhaseRefused):
        deed(phase, editor)

    assert not PhaseEvent.objects.exclude(by=None).exists()


@each_deed
def test_only_the_latest_deed_can_be_taken_back(state, deed, kind, follower, editor):
    first = deed(state(follower), editor)
    phase = Phase.objects.get(pk=first.phase_id)
    (do_reopen if kind == Kind.CLOSED else do_close)(phase, editor)

    with pytest.raises(PhaseRefused):
        take_back_event(event=first)


@pytest.mark.parametrize(("state", "deed"), [(running, do_extend), (over, do_reopen)])
def test_nobody_is_promised_an_answer_before_the_end(state, deed, follower, editor):
    phase = state(follower)
    last = timezone.localdate() + timedelta(days=7)
    Phase.objects.filter(pk=phase.pk).update(answer_by=last - timedelta(days=2))

    with pytest.raises(PhaseRefused, match="Bitte ändern Sie zuerst den zugesagten Tag"):
        deed(phase, editor)

    Phase.objects.filter(pk=phase.pk).update(answer_by=last)
    assert deed(phase, editor)


def test_an_answer_that_is_there_keeps_nobody_from_opening_again(follower, editor):
    phase = over(follower)
    Phase.objects.filter(pk=phase.pk).update(
        answer_by=timezone.localdate(), answered_at=timezone.localdate()
    )

    assert do_reopen(phase, editor)


def test_an_answer_is_told_to_all_who_follow(follower, editor, citizen):
    phase = running(follower)
    post_comment(author=citizen, strategy=phase.strategy, text="Ein Radweg fehlt.")
    Phase.objects.filter(pk=phase.pk).update(closes_at=days(-0.1))
    record_due_events()
    Notification.objects.all().delete()

    event = do_answer(phase, editor)

    answered = Phase.objects.get(pk=phase.pk)
    assert answered.answered_at == timezone.localdate(event.moment)
    assert (answered.opens_at, event.date_before, event.date_after) == (phase.opens_at, None, None)
    assert told(follower) == told(citizen) == [event]
    message = follower.notifications.get()
    assert message.send_at == event.moment + TAKE_BACK
    assert message.subject == f"Die Verwaltung hat geantwortet: „{phase.strategy.title}“"
    assert "Der Radweg kommt in den Plan." in message.body


def test_an_answer_can_be_taken_back_with_its_messages(follower, editor):
    phase = over(follower)

    take_back_event(event=do_answer(phase, editor))

    assert Phase.objects.get(pk=phase.pk).answered_at is None
    assert not phase.events.filter(kind=Kind.ANSWERED).exists()
    assert told(follower) == []


def test_an_answer_whose_day_was_changed_since_is_not_taken_back(follower, editor):
    event = do_answer(over(follower), editor)
    Phase.objects.filter(pk=event.phase_id).update(answered_at="2026-01-05")

    with pytest.raises(PhaseRefused):
        take_back_event(event=event)


@pytest.mark.parametrize("state", [before, running])
def test_nothing_is_answered_before_the_end(state, follower, editor):
    with pytest.raises(PhaseRefused):
        do_answer(state(follower), editor)


def test_an_answer_is_made_known_once(follower, editor):
    phase = over(follower)
    do_answer(phase, editor)

    with pytest.raises(PhaseRefused):
        do_answer(phase, editor)

    assert phase.events.filter(kind=Kind.ANSWERED).count() == 1


def test_an_answer_without_words_is_none(follower, editor):
    phase = over(follower)

    with pytest.raises(PhaseRefused):
        do_answer(phase, editor, reason=" ")

    assert Phase.objects.get(pk=phase.pk).answered_at is None


def told(person) -> list[PhaseEvent]:
    """What they are to hear of."""
    abouts = set(person.notifications.values_list("about", flat=True))
    return [event for event in PhaseEvent.objects.all() if event.about in abouts]


def test_of_a_deed_that_was_overtaken_nobody_hears(follower, editor, moderator):
    phase = over(follower)
    do_reopen(phase, editor)

    closing = do_close(phase, editor)

    assert told(follower) == [closing]
    assert told(moderator) == [closing]


def test_of_two_extensions_the_last_is_told(follower, editor):
    phase = running(follower)
    do_extend(phase, editor)

    last = extend_phase(phase=phase, closes_at=days(9), by=editor, reason="Noch mehr Fragen.")

    assert told(follower) == [last]
    assert "Noch mehr Fragen." in follower.notifications.get().body


def test_who_was_to_hear_of_the_first_deed_hears_of_the_second(follower, editor, moderator):
    """Nobody else here is told that a phase was opened again."""
    phase = running(follower)
    do_close(phase, editor)

    reopening = do_reopen(phase, editor)

    assert told(follower) == told(moderator) == [reopening]


def test_a_deed_that_was_told_stays_told(follower, editor):
    phase = running(follower)
    first = do_extend(phase, editor)
    first.moment -= TAKE_BACK
    first.save()

    last = extend_phase(phase=phase, closes_at=days(9), by=editor, reason="Noch mehr Fragen.")
    assert told(follower) == [first, last]
    take_back_event(event=last)
    assert told(follower) == [first]


def test_a_deed_is_told_after_all_when_the_later_one_is_taken_back(follower, editor, moderator):
    phase = over(follower)
    reopening = do_reopen(phase, editor)
    before = follower.notifications.values("subject", "body", "send_at").get()

    take_back_event(event=do_close(phase, editor))

    assert told(follower) == [reopening]
    assert told(moderator) == []
    assert follower.notifications.values("subject", "body", "send_at").get() == before


@pytest.mark.parametrize("deed", ["open", "extend", "reopen"])
def test_a_phase_in_which_somebody_wrote_since_does_not_shut_behind_them(
    deed, follower, editor, citizen
):
    """Taken back, the phase would never have been open when they wrote."""
    state, do, _kind = DEEDS[deed]
    event = do(state(follower), editor)
    if deed == "extend":
        # The first end has passed.
        PhaseEvent.objects.filter(pk=event.pk).update(date_before=days(-0.5))
        event.refresh_from_db()
    post_comment(author=citizen, strategy=event.phase.strategy, text="Hallo.")

    with pytest.raises(PhaseRefused):
        take_back_event(event=event)


def test_an_event_of_time_itself_cannot_be_taken_back(follower):
    phase = over(follower)

    with pytest.raises(PhaseRefused):
        take_back_event(event=phase.events.get(kind=Kind.CLOSED))


def test_the_new_end_must_be_later(follower, editor):
    phase = running(follower)

    for closes_at in (phase.closes_at, phase.closes_at - timedelta(hours=1)):
        with pytest.raises(PhaseRefused):
            extend_phase(phase=phase, closes_at=closes_at, by=editor, reason="Ferien.")


def test_the_new_end_of_a_reopened_phase_lies_ahead(follower, editor):
    with pytest.raises(PhaseRefused):
        reopen_phase(phase=over(follower), closes_at=days(-0.5), by=editor, reason="Ferien.")


def test_a_phase_is_not_extended_into_the_next_one(follower, editor):
    phase = running(follower)
    PhaseFactory(strategy=phase.strategy, opens_in=6, closes_in=9)

    with pytest.raises(PhaseRefused) as refused:
        do_extend(phase, editor)

    assert refused.value.reason.startswith("In dieser Zeit liegt die Phase „Kommentierphase“ (")


def test_a_phase_is_not_opened_into_the_one_before(follower, editor):
    phase = before(follower)
    PhaseFactory(strategy=phase.strategy, title="Dialog", opens_in=-1, closes_in=0.5)

    with pytest.raises(PhaseRefused) as refused:
        do_open(phase, editor)

    assert refused.value.reason == (
        "Die Phase „Dialog“ ist gerade offen. Bitte schließen Sie sie zuerst."
    )


def test_a_phase_is_not_reopened_while_another_is_open(follower, editor):
    phase = over(follower)
    PhaseFactory(strategy=phase.strategy, title="Dialog", opens_in=-0.5, closes_in=0.5)

    with pytest.raises(PhaseRefused) as refused:
        do_reopen(phase, editor)

    assert "„Dialog“ ist gerade offen" in refused.value.reason


def test_a_closed_phase_closes_only_once_for_the_worker(follower, editor):
    phase = running(follower)
    do_close(phase, editor)

    assert record_due_events() == 0
    assert phase.events.filter(kind=Kind.CLOSED).count() == 1


def test_the_database_refuses_a_deed_without_a_reason(editor):
    with pytest.raises(IntegrityError), transaction.atomic():
        PhaseEventFactory(by=editor, reason="")


# Publishing


@pytest.mark.parametrize("missing", ["next_steps", "contact"])
@pytest.mark.parametrize("said", ["  ", "[Bitte ergänzen: Stelle, Telefon]"])
def test_a_strategy_that_leaves_people_in_the_dark_is_not_published(missing, said):
    strategy = StrategyFactory(published_at=None, **{missing: said})

    with pytest.raises(StrategyRefused):
        publish_strategy(strategy=strategy)


@pytest.mark.parametrize("missing", ["next_steps", "contact"])
def test_the_database_refuses_it_as_well(missing):
    with pytest.raises(IntegrityError), transaction.atomic():
        StrategyFactory(**{missing: ""})


def test_a_published_strategy_keeps_its_day():
    strategy = StrategyFactory(published_at=days(-3))

    publish_strategy(strategy=strategy)

    published_at = strategy.published_at
    strategy.refresh_from_db()
    assert abs(strategy.published_at - published_at) < timedelta(seconds=1)


def test_an_unpublished_strategy_does_not_exist_for_the_public(client):
    strategy = GoalFactory().strategy
    assert client.get(strategy.get_absolute_url()).status_code == 200

    unpublish_strategy(strategy=strategy)

    assert client.get(strategy.get_absolute_url()).status_code == 404


def test_what_waits_about_a_strategy_does_not_leave_once_it_is_a_draft(editor, follower):
    subscribe(person=follower, strategy=None)
    phases, owed = PhaseFactory.create_batch(2), [{NotificationFactory(about="decision:1").pk}]
    for phase in phases:
        where = {"strategy": phase.strategy, "goal": GoalFactory(strategy=phase.strategy)}
        comment = post_comment(author=UserFactory(news_rhythm="weekly"), text="Oben.", **where)
        post_comment(author=UserFactory(), text="Unten.", parent=comment, **where)
        address = {"person": None, "address": "a@example.org", "confirmed_at": days(-1)}
        SubscriptionFactory(strategy=phase.strategy, **address)
        close_phase(phase=phase, by=editor, reason="Fertig.")
        owed.append(set(Notification.objects.values_list("pk", flat=True)).difference(*owed))
    of_decision, of_public, of_draft = owed
    assert len(of_public) == len(of_draft) == 7

    unpublish_strategy(strategy=phases[1].strategy)

    assert set(Notification.objects.values_list("pk", flat=True)) == of_decision | of_public


def test_nobody_hears_of_a_deed_on_a_draft(editor, follower):
    phase = PhaseFactory()
    subscribe(person=follower, strategy=phase.strategy)
    unpublish_strategy(strategy=phase.strategy)

    close_phase(phase=phase, by=editor, reason="Fertig.")

    assert phase.events.get().kind == Kind.CLOSED
    assert not Notification.objects.exists()


# The words of a goal


def revise(goal, editor, reason=""):
    return revise_goal(goal=goal, title="Neu", text="<p>Neu.</p>", reason=reason, by=editor)


def test_a_goal_without_comments_changes_without_ado(editor):
    goal = GoalFactory()

    assert revise(goal, editor)

    goal.refresh_from_db()
    assert (goal.title, goal.text) == ("Neu", "<p>Neu.</p>")
    assert not goal.versions.exists()


def test_a_goal_with_comments_changes_only_with_a_reason(editor, citizen, goal):
    post_comment(author=citizen, strategy=goal.strategy, goal=goal, text="Gut so.")
    before = (goal.title, goal.text)

    with pytest.raises(StrategyRefused):
        revise(goal, editor)
    goal.refresh_from_db()
    assert (goal.title, goal.text) == before

    assert revise(goal, editor, reason="Ein Rechenfehler.")
    version = goal.versions.get()
    assert (version.title, version.text) == before
    assert (version.reason, version.replaced_by) == ("Ein Rechenfehler.", editor)


def test_a_goal_that_stays_as_it_is_has_no_earlier_wording(editor, citizen, goal):
    post_comment(author=citizen, strategy=goal.strategy, goal=goal, text="Gut so.")

    assert not revise_goal(goal=goal, title=goal.title, text=goal.text, reason="", by=editor)
    assert not goal.versions.exists()


# Those who follow


def test_who_switched_all_off_is_started_on_nothing_by_a_comment(citizen):
    unsubscribe(person_id=citizen.pk, strategy_id=None)
    strategy = StrategyFactory()

    subscribe_by_commenting(person=citizen, strategy=strategy)
    assert not Subscription.objects.current().exists()

    subscribe(person=citizen, strategy=strategy)
    assert Subscription.objects.current().get().strategy == strategy


def test_a_comment_does_not_switch_on_what_was_switched_off(citizen):
    strategy = StrategyFactory()
    subscribe_by_commenting(person=citizen, strategy=strategy)
    unsubscribe(person_id=citizen.pk, strategy_id=strategy.pk)

    subscribe_by_commenting(person=citizen, strategy=strategy)
    assert not Subscription.objects.current().exists()

    subscribe(person=citizen, strategy=strategy)
    assert Subscription.objects.current().get().person == citizen
