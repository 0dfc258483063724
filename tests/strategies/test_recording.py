"""What time does to phases is recorded once, counted, and told once to each person."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from accounts.models import Notification, TaskRun
from strategies.actions import (
    extend_phase,
    publish_strategy,
    record_due_events,
    reopen_phase,
)
from strategies.models import Phase, PhaseEvent, Strategy
from strategies.subscriptions import unsubscribe
from strategies.tasks import close_due_phases
from tests.factories import (
    ParticipationFactory,
    PhaseFactory,
    SubscriptionFactory,
    UserFactory,
    days,
)

pytestmark = pytest.mark.django_db

Kind = PhaseEvent.Kind
MINUTE = 1 / (24 * 60)


def events(phase=None) -> list[str]:
    found = PhaseEvent.objects.filter(phase=phase) if phase else PhaseEvent.objects
    return list(found.order_by("moment", "pk").values_list("kind", flat=True))


def told() -> list[str]:
    """Everybody who is owed a message, once for each."""
    return sorted(Notification.objects.values_list("recipient__email", flat=True))


@pytest.fixture
def follower():
    return UserFactory(email="follower@example.org")


def followed_phase(follower, **dates) -> Phase:
    phase = PhaseFactory(**dates)
    SubscriptionFactory(strategy=phase.strategy, person=follower)
    return phase


def test_a_phase_that_has_opened_is_recorded_and_told(follower):
    phase = followed_phase(follower, opens_in=-MINUTE, closes_in=30)

    assert record_due_events() == 1

    event = PhaseEvent.objects.get()
    assert (event.kind, event.moment, event.by) == (Kind.OPENED, phase.opens_at, None)
    assert told() == ["follower@example.org"]


def test_a_phase_that_has_closed_is_recorded_with_its_tally_and_told(follower):
    phase = followed_phase(follower, opens_in=-0.5, closes_in=-MINUTE)
    ParticipationFactory(phase=phase, contributions=3)
    ParticipationFactory(phase=phase, contributions=1)
    ParticipationFactory(phase=phase, contributions=5, by_staff=True)
    ParticipationFactory(phase=phase, contributions=2, person=None)

    record_due_events()

    event = PhaseEvent.objects.get(kind=Kind.CLOSED)
    assert (event.contributions, event.participants) == (6, 3)
    message = Notification.objects.get(key=event.about)
    assert "6 Beiträge von 3 Teilnehmenden" in message.body
    assert phase.strategy.next_steps in message.body


@pytest.mark.parametrize(
    ("answer_by", "outcome"),
    [
        (None, "Die Kommentare bleiben lesbar und werden ausgewertet."),
        (
            "2126-08-31",
            "Die Kommentare bleiben lesbar. Die Verwaltung antwortet bis 31.~August~2126.",
        ),
    ],
)
def test_the_end_is_told_with_the_next_phase_and_the_promised_answer(follower, answer_by, outcome):
    UserFactory(is_staff=True)
    phase = followed_phase(follower, opens_in=-0.5, closes_in=-MINUTE, answer_by=answer_by)
    for year in (2127, 2126):
        PhaseFactory(
            strategy=phase.strategy,
            opens_at=datetime(year, 9, 2, tzinfo=UTC),
            closes_at=datetime(year, 9, 9, tzinfo=UTC),
        )

    record_due_events()

    event = PhaseEvent.objects.get(kind=Kind.CLOSED)
    bodies = Notification.objects.filter(key=event.about).values_list("body", flat=True)
    again = "möglich und ist wieder möglich ab Montag, 2.~September~2126."
    told = f"{again} {outcome}\n".replace("~", "\N{NO-BREAK SPACE}")
    assert [told in body for body in bodies] == [True, True]


def test_recording_again_changes_nothing(follower):
    followed_phase(follower, opens_in=-0.5, closes_in=-MINUTE)
    record_due_events()
    before = list(PhaseEvent.objects.values()), list(Notification.objects.values())

    assert record_due_events() == 0

    assert (list(PhaseEvent.objects.values()), list(Notification.objects.values())) == before


def test_nothing_is_due_before_its_moment(follower):
    followed_phase(follower, opens_in=MINUTE, closes_in=30)

    assert record_due_events() == 0


def test_the_end_is_told_three_days_before(follower):
    followed_phase(follower, opens_in=-20, closes_in=3 - MINUTE)

    record_due_events()

    assert events() == [Kind.OPENED, Kind.CLOSING_SOON]
    message = Notification.objects.get()
    assert message.subject.startswith("Nur noch bis ")


def test_the_end_is_not_told_before_to_those_who_took_part(follower):
    phase = followed_phase(follower, opens_in=-20, closes_in=2.5)
    ParticipationFactory(phase=phase, person=follower)

    record_due_events()

    assert events() == [Kind.OPENED, Kind.CLOSING_SOON]
    assert told() == []


def test_who_was_faster_than_the_worker_is_not_told_that_it_has_begun(follower):
    phase = followed_phase(follower, opens_in=-MINUTE, closes_in=30)
    ParticipationFactory(phase=phase, person=follower)
    follower_too = SubscriptionFactory(strategy=phase.strategy).person

    record_due_events()

    assert events() == [Kind.OPENED]
    assert told() == [follower_too.email]


def test_who_took_part_in_an_earlier_phase_is_reminded(follower):
    phase = followed_phase(follower, opens_in=-20, closes_in=2.5)
    earlier = PhaseFactory(strategy=phase.strategy, opens_in=-60, closes_in=-50)
    ParticipationFactory(phase=earlier, person=follower)

    record_due_events()

    assert told() == ["follower@example.org"]


def test_a_phase_of_three_days_is_not_said_to_end_soon(follower):
    followed_phase(follower, opens_in=-0.5, closes_in=2.4)

    record_due_events()

    assert events() == [Kind.OPENED]


@pytest.mark.parametrize(("deed", "closes_in"), [(extend_phase, 1), (reopen_phase, -1)])
def test_an_end_that_moved_to_less_than_three_days_ahead_is_told_by_the_deed_alone(
    deed, closes_in, follower, editor
):
    phase = followed_phase(follower, opens_in=-20, closes_in=closes_in)
    record_due_events()

    deed(phase=phase, closes_at=days(2), by=editor, reason="Ferien.")

    assert record_due_events() == 0


def test_after_three_days_without_a_worker_all_is_recorded_and_only_news_is_told(follower):
    """What happened more than a day ago is no news."""
    old = followed_phase(follower, opens_in=-9, closes_in=-2)
    fresh = followed_phase(follower, opens_in=-9, closes_in=-0.9)

    record_due_events()

    assert events(old) == [Kind.OPENED, Kind.CLOSED]
    assert events(fresh) == [Kind.OPENED, Kind.CLOSED]
    message = Notification.objects.get()
    assert message.about == fresh.events.get(kind=Kind.CLOSED).about


def test_a_moved_end_is_told_again(follower):
    phase = followed_phase(follower, opens_in=-0.9, closes_in=-0.5)
    record_due_events()

    phase.closes_at += timedelta(hours=6)
    phase.save()
    record_due_events()

    assert events() == [Kind.OPENED, Kind.CLOSED, Kind.CLOSED]
    assert Notification.objects.filter(subject__contains="beendet").count() == 2


def test_drafts_are_not_recorded(follower):
    phase = followed_phase(follower, opens_in=-0.5, closes_in=-MINUTE)
    Strategy.objects.update(published_at=None)

    assert record_due_events() == 0

    publish_strategy(strategy=phase.strategy)
    assert record_due_events() == 2


# Who is told


def test_staff_hear_when_a_phase_opened_and_closed():
    UserFactory(email="staff@example.org", is_staff=True)
    UserFactory(email="left@example.org", is_staff=True, is_active=False)
    PhaseFactory(opens_in=-20, closes_in=2)
    record_due_events()
    assert told() == []  # opened long ago; that it ends soon is not for staff

    PhaseFactory(opens_in=-0.5, closes_in=-MINUTE)
    record_due_events()
    assert told() == ["staff@example.org", "staff@example.org"]


def test_staff_who_follow_are_told_once():
    staff = UserFactory(email="staff@example.org", is_staff=True)
    followed_phase(staff, opens_in=-MINUTE)

    record_due_events()

    assert told() == ["staff@example.org"]


def test_who_switched_it_off_or_may_not_sign_in_is_not_told(follower):
    phase = followed_phase(follower, opens_in=-MINUTE)
    gone = UserFactory(is_active=False)
    SubscriptionFactory(strategy=phase.strategy, person=gone)
    unsubscribe(person_id=follower.pk, strategy_id=phase.strategy_id)

    record_due_events()

    assert events() == [Kind.OPENED]
    assert told() == []


def test_who_follows_another_strategy_is_not_told(follower):
    SubscriptionFactory(person=follower)
    PhaseFactory(opens_in=-MINUTE)

    record_due_events()

    assert told() == []


def test_messages_are_pointless_once_the_phase_is_over(follower):
    phase = followed_phase(follower, opens_in=-MINUTE, closes_in=1)

    record_due_events()

    assert Notification.objects.get().expires_at == phase.closes_at


def test_every_message_can_be_ended_with_one_click(follower):
    followed_phase(follower, opens_in=-MINUTE)

    record_due_events()

    assert "/abbestellen/" in Notification.objects.get().unsubscribe_url


def test_a_title_as_long_as_can_be_is_told_in_a_subject_that_fits(follower):
    phase = followed_phase(follower, opens_in=-MINUTE)
    Strategy.objects.filter(pk=phase.strategy_id).update(title="T" * 200)

    record_due_events()

    subject = Notification.objects.get().subject
    assert len(subject) == 200
    assert subject.startswith("Jetzt kommentieren: „TTT")
    assert subject.endswith("T…")


def test_a_phase_that_cannot_be_recorded_does_not_hold_up_the_others(follower, client, caplog):
    # An end that no calendar of the town knows: there it is already the year 10000.
    bad = followed_phase(
        follower, opens_in=-0.1, closes_at=datetime(9999, 12, 31, 23, 30, tzinfo=UTC)
    )
    good = followed_phase(follower, opens_in=-MINUTE)

    assert record_due_events() == 1

    assert (events(bad), events(good)) == ([], [Kind.OPENED])
    assert caplog.messages == [f"Could not record “opened” of phase {bad.pk}"]
    assert client.get("/health/").json()["overdue"]["events"] == 1


def test_many_followers_cost_no_more_statements_than_one():
    def statements(followers):
        phase = PhaseFactory(opens_in=-MINUTE)
        SubscriptionFactory.create_batch(followers, strategy=phase.strategy)
        with CaptureQueriesContext(connection) as captured:
            record_due_events()
        return len(captured)

    assert statements(1) == statements(30)
    assert Notification.objects.count() == 31


def test_the_task_leaves_its_mark():
    close_due_phases()

    run = TaskRun.objects.get(task="close_due_phases")
    assert TaskRun.objects.filter(pk=run.pk, finished_at__gt=Now() - timedelta(minutes=1)).exists()
