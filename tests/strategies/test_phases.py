"""When a phase is open, to the instant, and which phases cannot be."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.db.models import F
from django.utils.translation import gettext

from strategies.models import ENDS_TOO_EARLY, Phase
from tests.factories import CommentFactory, PhaseFactory, StrategyFactory, days

pytestmark = pytest.mark.django_db

BERLIN = ZoneInfo("Europe/Berlin")
MICROSECOND = timedelta(microseconds=1)


def berlin(*moment) -> datetime:
    return datetime(*moment, tzinfo=BERLIN)


def is_open(phase, at) -> bool:
    return Phase.objects.open(at=at).filter(pk=phase.pk).exists()


# The instants. The whole last day counts: it ends at the next midnight.
PERIODS = {
    "an ordinary month": (berlin(2026, 5, 1), berlin(2026, 6, 1)),
    "the clocks go forward on the last day": (berlin(2026, 3, 1), berlin(2026, 3, 30)),
    "the clocks go forward on the only day": (berlin(2026, 3, 29), berlin(2026, 3, 30)),
    "the clocks go back on the last day": (berlin(2026, 10, 1), berlin(2026, 10, 26)),
    "the clocks go back on the only day": (berlin(2026, 10, 25), berlin(2026, 10, 26)),
    "the hour that does not exist": (berlin(2026, 3, 29, 1, 59), berlin(2026, 3, 29, 3, 1)),
    "the hour that comes twice": (
        berlin(2026, 10, 25, 2, 30),
        berlin(2026, 10, 25, 2, 30).replace(fold=1),
    ),
}


@pytest.mark.parametrize(("opens_at", "closes_at"), PERIODS.values(), ids=PERIODS)
def test_a_phase_includes_its_first_instant_and_excludes_its_last(opens_at, closes_at):
    phase = PhaseFactory(opens_at=opens_at, closes_at=closes_at)
    opens, closes = opens_at.astimezone(UTC), closes_at.astimezone(UTC)

    instants = [opens - MICROSECOND, opens, closes - MICROSECOND, closes]

    assert [is_open(phase, at) for at in instants] == [False, True, True, False]


@pytest.mark.parametrize(
    ("opens_at", "closes_at", "hours"),
    [
        (berlin(2026, 3, 29), berlin(2026, 3, 30), 23),
        (berlin(2026, 10, 25), berlin(2026, 10, 26), 25),
    ],
)
def test_a_day_on_which_the_clocks_change_counts_whole(opens_at, closes_at, hours):
    phase = PhaseFactory(opens_at=opens_at, closes_at=closes_at)
    begin = opens_at.astimezone(UTC)

    half_hours = [begin + timedelta(minutes=30 * number) for number in range(-2, 54)]

    assert sum(is_open(phase, at) for at in half_hours) == 2 * hours


def test_by_default_it_is_the_clock_of_the_database_that_counts():
    phase = PhaseFactory()
    assert list(Phase.objects.open()) == [phase]

    PhaseFactory(opens_in=1, closes_in=2)
    PhaseFactory(opens_in=-2, closes_in=-1)
    assert list(Phase.objects.open()) == [phase]


def test_a_phase_of_a_draft_is_never_open():
    PhaseFactory(strategy__published_at=None)

    assert list(Phase.objects.open()) == []


# What the database refuses


def overlapping(strategy):
    """A phase that shares an hour with one that is there."""
    PhaseFactory(strategy=strategy, opens_in=1, closes_in=3)
    return Phase(strategy=strategy, opens_at=days(3) - timedelta(hours=1), closes_at=days(5))


def in_wrong_order(strategy):
    return Phase(strategy=strategy, opens_at=days(2), closes_at=days(1))


def without_duration(strategy):
    moment = days(1)
    return Phase(strategy=strategy, opens_at=moment, closes_at=moment)


@pytest.mark.parametrize("wrong", [overlapping, in_wrong_order, without_duration])
def test_the_database_refuses(wrong):
    phase = wrong(StrategyFactory())

    with pytest.raises(IntegrityError), transaction.atomic():
        phase.save()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (overlapping, "This overlaps with another phase of the same strategy."),
        (in_wrong_order, ENDS_TOO_EARLY),
        (without_duration, ENDS_TOO_EARLY),
    ],
)
def test_a_form_says_why(wrong, sentence):
    phase = wrong(StrategyFactory())

    with pytest.raises(ValidationError) as refused:
        phase.full_clean()

    assert refused.value.messages == [gettext(sentence)]


def test_a_phase_that_moves_into_another_one_is_refused():
    strategy = StrategyFactory()
    PhaseFactory(strategy=strategy, opens_in=1, closes_in=2)
    later = PhaseFactory(strategy=strategy, opens_in=3, closes_in=4)

    with pytest.raises(IntegrityError), transaction.atomic():
        Phase.objects.filter(pk=later.pk).update(opens_at=F("opens_at") - timedelta(days=2))


def test_rows_written_past_django_are_refused_as_well():
    phase = PhaseFactory()
    columns = "strategy_id, title, description, opens_at, closes_at"
    copy = f"INSERT INTO strategies_phase ({columns}) SELECT {columns} FROM strategies_phase"

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{copy} WHERE id = %s", [phase.pk])

    assert Phase.objects.count() == 1


def test_many_rows_at_once_are_refused_as_well():
    strategy = StrategyFactory()
    phases = [Phase(strategy=strategy, opens_at=days(1), closes_at=days(2)) for _ in range(2)]

    with pytest.raises(IntegrityError), transaction.atomic():
        Phase.objects.bulk_create(phases)


def test_phases_may_follow_one_another_without_a_gap():
    strategy = StrategyFactory()
    first = PhaseFactory(strategy=strategy)
    second = Phase(strategy=strategy, opens_at=first.closes_at, closes_at=days(9))

    second.full_clean()
    second.save()

    assert Phase.objects.count() == 2


def test_phases_of_different_strategies_may_overlap():
    PhaseFactory()
    PhaseFactory()

    assert Phase.objects.open().count() == 2


def test_a_phase_does_not_overlap_with_itself():
    phase = PhaseFactory()
    phase.closes_at += timedelta(days=1)

    phase.full_clean()
    phase.save()


@pytest.mark.django_db(transaction=True)
def test_the_promise_outlives_a_rebuilt_table():
    """SQLite builds a table anew to change a column; the triggers must come back."""
    before = Phase._meta.get_field("title")
    longer = models.CharField(max_length=200)
    longer.set_attributes_from_name("title")
    longer.model = Phase
    for change in [(before, longer), (longer, before)]:
        with connection.schema_editor() as editor:
            editor.alter_field(Phase, *change, strict=True)

    test_the_database_refuses(overlapping)


# Phases with comments


def test_a_phase_with_comments_cannot_be_deleted():
    comment = CommentFactory()

    with pytest.raises(models.ProtectedError):
        comment.phase.delete()
    with pytest.raises(models.ProtectedError):
        comment.phase.strategy.delete()
    with pytest.raises(models.ProtectedError):
        comment.goal.delete()


def test_a_phase_without_comments_can_be_deleted():
    PhaseFactory().delete()

    assert not Phase.objects.exists()


def test_phases_come_in_the_order_of_time_also_with_their_tally():
    later = PhaseFactory(opens_in=5, closes_in=9)
    sooner = PhaseFactory(strategy=later.strategy, opens_in=1, closes_in=2)

    phases = later.strategy.phases.described()

    assert list(phases) == list(phases.with_tally()) == [sooner, later]
