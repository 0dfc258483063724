"""The dullest valid object of each kind. Days are counted from now; past ones are negative."""

from datetime import timedelta

import factory
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import Notification, User
from accounts.town import PageVersion, Town
from comments.models import Comment, CommentVersion, Decision, Opinion, Report, Vote
from comments.rulebook import Rule
from strategies.models import (
    Goal,
    Milestone,
    Participation,
    Phase,
    PhaseEvent,
    Strategy,
    Subscription,
)


def days(number: float):
    return timezone.now() + timedelta(days=number)


class UserFactory(DjangoModelFactory):
    """A citizen with a confirmed address; staff with ``is_staff`` and a ``role``."""

    class Meta:
        model = User

    email = factory.Sequence(lambda number: f"person{number}@example.org")
    public_name = factory.Sequence(lambda number: f"Person {number}")

    @classmethod
    def _create(cls, model_class, *args, role="", **fields):
        person = model_class.objects.create_user(**fields)
        EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
        if role:
            person.groups.add(Group.objects.get(name=role))
        return person


class TownFactory(DjangoModelFactory):
    """The town, once staff have said what it is called."""

    class Meta:
        model = Town

    site_name = "Lenzen 2035 – mitgestalten"
    name = "Lenzen"
    operator = "Amt Lenzen-Elbtalaue"
    operator_genitive = "des Amtes Lenzen-Elbtalaue"
    contact = "Bauamt, Telefon 038792 000, Mo–Do 9–12 Uhr"
    contact_email = "bauamt@lenzen.example"


class PageVersionFactory(DjangoModelFactory):
    """A page of the foot as staff wrote it."""

    class Meta:
        model = PageVersion

    page = "imprint"
    number = factory.Sequence(lambda number: number + 1)
    text = "<p>We.</p>"


class StrategyFactory(DjangoModelFactory):
    """A published strategy; a draft with ``published_at=None``."""

    class Meta:
        model = Strategy

    number = factory.Sequence(lambda number: number + 1)
    title = factory.Sequence(lambda number: f"Strategy title {number + 1}")
    slug = factory.Sequence(lambda number: f"strategy-{number + 1}")
    next_steps = "The council reads everything."
    contact = "Town hall, telephone 123"
    published_at = factory.LazyFunction(lambda: days(-60))


class GoalFactory(DjangoModelFactory):
    class Meta:
        model = Goal

    strategy = factory.SubFactory(StrategyFactory)
    number = factory.Sequence(lambda number: number + 1)
    title = factory.Sequence(lambda number: f"Goal title {number + 1}")
    text = "<p>More trees.</p>"


class MilestoneFactory(DjangoModelFactory):
    """A day of a published strategy, ten days ahead."""

    class Meta:
        model = Milestone

    class Params:
        in_days = 10

    strategy = factory.SubFactory(StrategyFactory)
    title = "The council decides"
    day = factory.LazyAttribute(
        lambda milestone: timezone.localdate() + timedelta(days=milestone.in_days)
    )


class PhaseFactory(DjangoModelFactory):
    """An open phase, one day old and with one to go."""

    class Meta:
        model = Phase

    class Params:
        opens_in = -1
        closes_in = 1

    strategy = factory.SubFactory(StrategyFactory)
    opens_at = factory.LazyAttribute(lambda phase: days(phase.opens_in))
    closes_at = factory.LazyAttribute(lambda phase: days(phase.closes_in))


class PhaseEventFactory(DjangoModelFactory):
    class Meta:
        model = PhaseEvent

    phase = factory.SubFactory(PhaseFactory)
    kind = PhaseEvent.Kind.OPENED
    moment = factory.SelfAttribute("phase.opens_at")


class ParticipationFactory(DjangoModelFactory):
    class Meta:
        model = Participation

    phase = factory.SubFactory(PhaseFactory)
    person = factory.SubFactory(UserFactory)
    contributions = 1


class SubscriptionFactory(DjangoModelFactory):
    class Meta:
        model = Subscription

    strategy = factory.SubFactory(StrategyFactory)
    person = factory.SubFactory(UserFactory)


class CommentFactory(DjangoModelFactory):
    """A comment on a goal in an open phase. Bare: without participation and messages."""

    class Meta:
        model = Comment

    phase = factory.SubFactory(PhaseFactory)
    goal = factory.SubFactory(GoalFactory, strategy=factory.SelfAttribute("..phase.strategy"))
    author = factory.SubFactory(UserFactory)
    text = "More trees, please."


class ReplyFactory(CommentFactory):
    parent = factory.SubFactory(CommentFactory)
    phase = factory.SelfAttribute("parent.phase")
    goal = factory.SelfAttribute("parent.goal")
    text = "Which trees?"


class VersionFactory(DjangoModelFactory):
    """What a comment said first. Bare: the comment does not know that it was edited."""

    class Meta:
        model = CommentVersion

    comment = factory.SubFactory(CommentFactory)
    number = 1
    text = "Fewer cars, please."


class VoteFactory(DjangoModelFactory):
    """A vote in favour. Bare: the comment's numbers stay as they are."""

    class Meta:
        model = Vote

    comment = factory.SubFactory(CommentFactory)
    person = factory.SubFactory(UserFactory)
    opinion = Opinion.AGREE


class ReportFactory(DjangoModelFactory):
    """An open report by somebody who is signed in."""

    class Meta:
        model = Report

    comment = factory.SubFactory(CommentFactory)
    rule = Rule.RESPECT
    reporter = factory.SubFactory(UserFactory)


class DecisionFactory(DjangoModelFactory):
    """A decision to hide, not yet pointed to by its comment: see ``hidden``."""

    class Meta:
        model = Decision

    comment = factory.SubFactory(CommentFactory)
    verdict = Decision.Verdict.HIDDEN
    rule = Rule.PRIVACY
    explanation = "Your comment names a neighbour."
    decided_by = factory.SubFactory(UserFactory, is_staff=True, role="Moderation")


def hidden(comment: Comment) -> Comment:
    """``comment``, hidden by a moderator some time ago."""
    comment.hidden_by = DecisionFactory(comment=comment)
    comment.save()
    return comment


def withdrawn(comment: Comment) -> Comment:
    """``comment``, withdrawn by its author an hour ago."""
    comment.withdrawn_at = days(-1 / 24)
    comment.save()
    return comment


class NotificationFactory(DjangoModelFactory):
    """A message that is due."""

    class Meta:
        model = Notification

    recipient = factory.SubFactory(UserFactory)
    key = factory.Sequence(lambda number: f"occasion:{number}")
    subject = "News"
    body = "Something happened."
    expires_at = factory.LazyFunction(lambda: days(3))
