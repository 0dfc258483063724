"""The demonstration looks as if the site had been running for weeks, and stays out of real ones."""

import time
from collections import Counter

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone

from accounts.models import Notification, User
from comments.models import Comment, Label, Vote
from comments.rules import may_moderate
from lenzen.management.commands.demo import PASSWORD, SIGN_INS
from strategies.actions import record_due_events
from strategies.models import (
    Goal,
    Milestone,
    Participation,
    Phase,
    PhaseEvent,
    Strategy,
    Subscription,
)
from strategies.wording import last_day, state
from tests.factories import StrategyFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(db):
    call_command("demo")


def test_both_strategies_are_public_with_the_towns_titles(demo):
    shown = Strategy.objects.published().prefetch_related("goals")

    assert [(strategy.number, strategy.title) for strategy in shown] == [
        (1, "Gemeinsam für Lenzen"),
        (3, "Lebendige Stadt Lenzen"),
    ]
    assert [strategy.goals.count() for strategy in shown] == [4, 5]
    assert all(goal.text.startswith("<p>") for goal in Goal.objects.all())


def test_one_phase_is_closed_one_open_and_one_to_come(demo):
    phases = Phase.objects.clocked()

    assert sorted(state(phase, phase.now) for phase in phases) == ["before", "closed", "open"]
    last, _midnight = last_day(Phase.objects.open().get().closes_at)
    assert (last - timezone.localdate()).days == 9
    closed = Phase.objects.get(closes_at__lt=timezone.now())
    assert closed.answer_by > timezone.localdate()


def test_milestones_lie_before_and_ahead(demo):
    today = timezone.localdate()

    assert [milestone.day < today for milestone in Milestone.objects.all()] == [True, False, False]


def test_forty_comments_and_their_replies_lie_inside_their_phases(demo):
    comments = Comment.objects.filter(parent=None)
    replies = Comment.objects.exclude(parent=None)

    assert (comments.count(), replies.count()) == (40, 20)
    inside = Comment.objects.filter(
        posted_at__gte=F("phase__opens_at"),
        posted_at__lt=F("phase__closes_at"),
        posted_at__lte=timezone.now(),
    )
    assert inside.count() == 60
    assert not replies.filter(posted_at__lte=F("parent__posted_at")).exists()
    assert not replies.exclude(parent__goal=F("goal")).exclude(goal=None).exists()
    numbers = list(Comment.objects.order_by("posted_at").values_list("pk", flat=True))
    assert numbers == sorted(numbers)


def test_offices_answer_and_one_comment_each_is_hidden_and_withdrawn(demo):
    assert Comment.objects.exclude(badge="").count() >= 5
    assert Comment.objects.get(withdrawn_at__isnull=False).withdrawn_at < timezone.now()
    hidden = Comment.objects.get(hidden_by__isnull=False)
    assert hidden.hidden_by.decided_by.email == SIGN_INS["moderator"]
    assert hidden.hidden_by.rule == "4"


def test_participations_subscriptions_and_goals_match_the_comments(demo):
    counted = Counter(Comment.objects.values_list("phase", "author"))

    participations = Participation.objects.values_list("phase", "person", "contributions")
    assert {(phase, person): number for phase, person, number in participations} == counted
    assert set(Subscription.objects.values_list("strategy", "person")) == set(
        Comment.objects.values_list("phase__strategy", "author")
    )
    assert Participation.objects.filter(by_staff=True).count() == (
        Participation.objects.filter(person__is_staff=True).count()
    )
    for goal in Goal.objects.all():
        assert goal.commented_at == goal.comments.earliest("posted_at").posted_at


def test_what_is_past_is_recorded_and_nobody_is_told_of_it(demo):
    assert record_due_events() == 0
    assert not Notification.objects.exists()
    closed = PhaseEvent.objects.get(kind=PhaseEvent.Kind.CLOSED)
    assert closed.phase.tally() == {
        "contributions": closed.contributions,
        "participants": closed.participants,
    }


def test_the_three_sign_ins_work_and_may_what_their_role_may(demo, client):
    people = {role: User.objects.get(email=email) for role, email in SIGN_INS.items()}

    for person in people.values():
        assert client.login(username=person.email, password=PASSWORD)
        assert person.public_name
    assert not people["citizen"].is_staff
    assert people["editor"].has_perm("strategies.change_strategy")
    assert may_moderate(people["moderator"]) is None
    assert may_moderate(people["editor"]) is not None


def test_nobody_else_can_be_signed_in_with_a_password(demo):
    others = User.objects.exclude(email__in=SIGN_INS.values())

    assert not any(person.has_usable_password() for person in others)


def test_names_are_unique_and_addresses_are_nobodys(demo):
    people = User.objects.all()

    assert len({person.name_skeleton for person in people}) == len(people)
    assert all(person.email.endswith("@example.org") for person in people)


@pytest.mark.parametrize("content", [UserFactory, StrategyFactory])
def test_a_database_with_anything_in_it_is_left_alone(content):
    content()

    with pytest.raises(CommandError, match="nicht leer"):
        call_command("demo")

    assert not Comment.objects.exists()


def test_a_real_site_gets_no_invented_content(settings):
    settings.DEMO = False

    with pytest.raises(CommandError, match="SECRET_KEY"):
        call_command("demo")

    assert not User.objects.exists()


def test_it_takes_no_time(db):
    begun = time.monotonic()

    call_command("demo")

    assert time.monotonic() - begun < 3


def test_people_agree_label_and_edit(demo):
    assert Comment.objects.exclude(label="").count() > 30
    assert set(Label.values) == set(
        Comment.objects.exclude(label="").values_list("label", flat=True)
    )
    for comment in Comment.objects.prefetch_related("votes"):
        opinions = Counter(vote.opinion for vote in comment.votes.all())
        assert (comment.agreeing, comment.disagreeing) == (opinions["agree"], opinions["disagree"])
    edited = Comment.objects.get(version=2)
    assert edited.versions.get().replaced_at == edited.edited_at
    assert list(
        edited.replies.order_by("posted_at").values_list("answered_version", flat=True)
    ) == [
        1,
        1,
        2,
    ]
    assert not Vote.objects.filter(person=F("comment__author")).exists()
