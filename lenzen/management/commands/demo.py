"""``manage.py demo``: invented content to try the site with."""

import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.html import linebreaks
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.town import Town
from comments.models import Comment, CommentVersion, Decision, Opinion, Vote
from strategies.models import (
    CLOSING_SOON,
    Goal,
    Participation,
    Phase,
    PhaseEvent,
    Strategy,
    Subscription,
)

CONTENT = settings.BASE_DIR / "lenzen" / "demo.toml"

SIGN_INS = {
    "citizen": "buergerin@example.org",
    "editor": "redaktion@example.org",
    "moderator": "moderation@example.org",
}
"""Addresses to sign in with. ``up`` prints them, and knows the demonstration by them."""

PASSWORD = "elbe-2035"  # noqa: S105  printed for everybody, and only in the demonstration
"""The password of all three; a code by e-mail works as well."""


class Command(BaseCommand):
    help = "Fill an empty database with invented strategies, comments and three sign-ins."

    def handle(self, **options):
        if not settings.DEMO:
            raise CommandError(_("SECRET_KEY is set: invented content does not belong here."))
        if User.objects.exists() or Strategy.objects.exists():
            raise CommandError(_("The database is not empty; nothing was written."))
        with CONTENT.open("rb") as file:
            content = tomllib.load(file)
        with transaction.atomic():
            Demonstration(content).create()


class Demonstration:
    """Turns the content into rows. What lies in the past is written as if it had happened then:
    the actions post now, so these rows are made in bulk, with the same meaning."""

    def __init__(self, content: dict):
        self.content = content
        self.people: dict[str, User] = {}
        self.phases: list[tuple[Phase, dict]] = []
        self.comments: list[Comment] = []
        self.replies: list[tuple[Comment, Comment]] = []
        self.hidden: list[tuple[Comment, dict]] = []
        self.versions: list[CommentVersion] = []
        self.votes: list[Vote] = []

    def create(self) -> None:
        self.create_people()
        Town.objects.create(saved_by=self.sign_in("editor"), **self.content["town"])
        for entry in self.content["strategies"]:
            self.create_strategy(entry)
        self.save_comments()
        self.hide()
        self.record_participations()
        for phase, entry in self.phases:
            PhaseEvent.objects.bulk_create(self.events(phase, entry))

    # Who

    def create_people(self) -> None:
        listed = {person["name"]: person for person in self.content["people"]}
        for number, name in enumerate({**listed, **dict.fromkeys(names(self.content))}, start=1):
            person = listed.get(name, {})
            user = User(email=person.get("email", f"person{number}@example.org"))
            user.rename(name)
            user.set_password(PASSWORD if user.email in SIGN_INS.values() else None)
            user.badge_text = person.get("badge", "")
            user.is_staff = bool(user.badge_text)
            user.joined_at = instant({"day": -60})
            self.people[name] = user
        users = User.objects.bulk_create(self.people.values())
        EmailAddress.objects.bulk_create(
            EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users
        )
        for name, person in listed.items():
            if role := person.get("role"):
                group, _created = Group.objects.get_or_create(name=role)
                self.people[name].groups.add(group)

    def sign_in(self, role: str) -> User:
        return next(user for user in self.people.values() if user.email == SIGN_INS[role])

    # What, and when

    def create_strategy(self, entry: dict) -> None:
        strategy = Strategy.objects.create(
            **{name: entry[name] for name in ("number", "title", "slug", "summary", "edition")},
            **{name: entry[name].strip() for name in ("contact", "next_steps")},
            introduction=linebreaks(entry["introduction"].strip()),
            published_at=instant({"day": entry["phases"][0]["first_day"] - 3}),
        )
        phases = [self.create_phase(strategy, phase) for phase in entry["phases"]]
        for milestone in entry["milestones"]:
            day = timezone.localdate() + timedelta(days=milestone["day"])
            strategy.milestones.create(title=milestone["title"], day=day)
        for number, goal_entry in enumerate(entry["goals"], start=1):
            goal = Goal.objects.create(
                strategy=strategy,
                number=number,
                title=goal_entry["title"],
                text=linebreaks(goal_entry["text"].strip()),
            )
            self.collect_comments(goal_entry, phases, goal)
        self.collect_comments(entry, phases, None)

    def create_phase(self, strategy: Strategy, entry: dict) -> Phase:
        answer_on = entry.get("answer_on")
        phase = Phase.objects.create(
            strategy=strategy,
            title=entry["title"],
            description=entry["description"],
            opens_at=instant({"day": entry["first_day"]}),
            closes_at=instant({"day": entry["last_day"] + 1}),
            answer_by=answer_on and timezone.localdate() + timedelta(days=answer_on),
        )
        self.phases.append((phase, entry))
        return phase

    # What people say

    def collect_comments(self, place: dict, phases: list[Phase], goal: Goal | None) -> None:
        for entry in place.get("comments", []):
            comment = self.collect(entry, phases, goal)
            for reply_entry in entry.get("replies", []):
                self.replies.append((self.collect(reply_entry, phases, goal), comment))

    def collect(self, entry: dict, phases: list[Phase], goal: Goal | None) -> Comment:
        author, posted_at = self.people[entry["by"]], instant(entry)
        comment = Comment(
            phase=next(p for p in phases if p.opens_at <= posted_at < p.closes_at),
            goal=goal,
            author=author,
            badge=author.badge,
            label=entry.get("label", ""),
            text=entry["text"].strip(),
            posted_at=posted_at,
            withdrawn_at=instant(entry["withdrawn"]) if "withdrawn" in entry else None,
        )
        self.comments.append(comment)
        if edited := entry.get("edited"):
            comment.version, comment.edited_at = 2, instant(edited)
            self.versions.append(
                CommentVersion(
                    comment=comment,
                    number=1,
                    text=edited["before"].strip(),
                    replaced_at=comment.edited_at,
                )
            )
        self.collect_votes(comment, **entry.get("votes", {}))
        if "hidden" in entry:
            self.hidden.append((comment, entry["hidden"]))
        return comment

    def collect_votes(self, comment: Comment, agree: int = 0, disagree: int = 0) -> None:
        comment.agreeing, comment.disagreeing = agree, disagree
        others = [
            person
            for person in self.people.values()
            if not person.is_staff and person != comment.author
        ]
        # Each time others begin, so that not always the same agree.
        first = len(self.comments) % len(others)
        opinions = [Opinion.AGREE] * agree + [Opinion.DISAGREE] * disagree
        for person, opinion in zip(others[first:] + others[:first], opinions, strict=False):
            self.votes.append(
                Vote(comment=comment, person=person, opinion=opinion, version=comment.version)
            )

    def save_comments(self) -> None:
        # In the order of time, so that numbers grow with it as on a real site.
        self.comments.sort(key=lambda comment: comment.posted_at)
        Comment.objects.bulk_create(self.comments)
        for reply, comment in self.replies:
            reply.parent = comment
            edited_later = comment.edited_at and reply.posted_at < comment.edited_at
            reply.answered_version = 1 if edited_later else comment.version
        replies = [reply for reply, _comment in self.replies]
        Comment.objects.bulk_update(replies, ["parent", "answered_version"])
        CommentVersion.objects.bulk_create(self.versions)
        Vote.objects.bulk_create(self.votes)
        commented = {}
        for comment in self.comments:
            if comment.goal and not comment.goal.commented_at:
                comment.goal.commented_at = comment.posted_at
                commented[comment.goal.pk] = comment.goal
        Goal.objects.bulk_update(commented.values(), ["commented_at"])

    def hide(self) -> None:
        for comment, entry in self.hidden:
            comment.hidden_by = Decision.objects.create(
                comment=comment,
                verdict=Decision.Verdict.HIDDEN,
                rule=entry["rule"],
                explanation=entry["explanation"],
                decided_by=self.sign_in("moderator"),
                decided_at=instant(entry),
            )
            comment.save(update_fields=["hidden_by"])

    # What follows from it

    def record_participations(self) -> None:
        participations, subscriptions = {}, {}
        for comment in self.comments:
            phase, person, at = comment.phase, comment.author, comment.posted_at
            new = Participation(phase=phase, person=person, by_staff=person.is_staff, first_at=at)
            participation = participations.setdefault((phase.pk, person.pk), new)
            participation.contributions += 1
            participation.last_at = at
            subscriptions.setdefault(
                (phase.strategy_id, person.pk),
                Subscription(strategy=phase.strategy, person=person, started_at=at),
            )
        Participation.objects.bulk_create(participations.values())
        Subscription.objects.bulk_create(subscriptions.values())

    def events(self, phase: Phase, entry: dict) -> Iterator[PhaseEvent]:
        """What the worker and staff would have recorded until now."""
        opens_at, closes_at = phase.opens_at.astimezone(UTC), phase.closes_at.astimezone(UTC)
        moments = [(PhaseEvent.Kind.OPENED, opens_at), (PhaseEvent.Kind.CLOSED, closes_at)]
        if closes_at <= timezone.now():
            moments.append((PhaseEvent.Kind.CLOSING_SOON, closes_at - CLOSING_SOON))
        for kind, moment in moments:
            if moment <= timezone.now():
                yield event(phase, kind, moment)
        if extended := entry.get("extended"):
            yield event(
                phase,
                PhaseEvent.Kind.EXTENDED,
                instant(extended),
                by=self.sign_in("editor"),
                reason=extended["reason"],
                date_before=instant({"day": extended["before"] + 1}),
                date_after=phase.closes_at,
            )


def event(phase: Phase, kind: str, moment: datetime, **deed) -> PhaseEvent:
    said = Comment.objects.contributions().filter(phase=phase, posted_at__lt=moment)
    tally = said.aggregate(contributions=Count("pk"), participants=Count("author", distinct=True))
    return PhaseEvent(phase=phase, kind=kind, moment=moment, recorded_at=moment, **tally, **deed)


def names(content: dict) -> Iterator[str]:
    """Everybody who says something."""
    for strategy in content["strategies"]:
        for place in [*strategy["goals"], strategy]:
            for comment in place.get("comments", []):
                yield comment["by"]
                yield from (reply["by"] for reply in comment.get("replies", []))


def instant(entry: dict) -> datetime:
    """When it was: so many minutes ``ago``, or on a ``day`` counted from today, ``at`` a time."""
    if "ago" in entry:
        return timezone.now() - timedelta(minutes=entry["ago"])
    hour, minute = map(int, entry.get("at", "0:00").split(":"))
    day = timezone.localdate() + timedelta(days=entry["day"])
    return timezone.make_aware(datetime.combine(day, time(hour, minute)))
