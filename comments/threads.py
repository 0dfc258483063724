"""Comments made ready for a page: what is said once is worked out once."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from comments.models import Comment, CommentQuerySet, Label, Rule
from comments.rules import may_vote
from strategies.models import Goal, Strategy
from strategies.wording import day, day_and_time

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
PAGE_SIZE = 50
NEWEST = 2
"""How many comments a goal shows on the page of its strategy."""


def placeholder(comment: Comment) -> str:
    """What stands in the place of words that are gone; empty when they are there."""
    if comment.withdrawn_at:
        text = _("This comment was withdrawn on {day}.")
        return text.format(day=day(comment.withdrawn_at))
    if comment.hidden_by_id:
        text = _("This comment was hidden by the moderation on {day}. Reason: {rule}.")
        rule = Rule(comment.hidden_by.rule).short
        return text.format(day=day(comment.hidden_by.decided_at), rule=rule)
    return ""


def prepare(comments: Iterable[Comment], viewer=None) -> list[Comment]:
    """Give each comment what a page says of it: ``number``, ``url``, ``date``, ``kind``,
    ``edited``, ``placeholder`` and ``is_own``."""
    comments = list(comments)
    viewer_id = viewer.pk if viewer else None
    # Asked once: for each of a hundred comments it would cost as much as all its markup.
    number, address = _("No. {number}").replace(" ", NO_BREAK_SPACE), reverse("comment", args=[0])
    kinds = {label.value: str(label.label) for label in Label}
    for comment in comments:
        comment.kind = kinds.get(comment.label, "")
        comment.number = number.format(number=comment.pk)
        comment.url = address.replace("0", str(comment.pk))
        comment.date = day_and_time(comment.posted_at)
        comment.edited = day_and_time(comment.edited_at) if comment.edited_at else ""
        comment.placeholder = placeholder(comment)
        comment.is_own = viewer_id is not None and comment.author_id == viewer_id
    return comments


def add_votes(comments: list[Comment], strategy: Strategy, phase, viewer=None) -> None:
    """Say of each comment whether it ``takes_votes`` of the viewer, and how."""
    for comment in comments:
        # Who is not signed in is led to the door.
        comment.votes_in_place = viewer is not None
        comment.takes_votes = bool(phase) and not may_vote(viewer, comment, strategy, phase)


def votes_in_words(comment: Comment) -> str:
    """„14 stimmen zu, 2 stimmen nicht zu“; empty when nobody has voted."""
    if not (comment.agreeing or comment.disagreeing):
        return ""
    for_it = ngettext("{number} agrees", "{number} agree", comment.agreeing)
    against = ngettext("{number} disagrees", "{number} disagree", comment.disagreeing)
    numbers = (for_it, comment.agreeing), (against, comment.disagreeing)
    said = ", ".join(words.format(number=number) for words, number in numbers if number)
    return f"{said} {earlier_votes(comment)}".strip()


def earlier_votes(comment: Comment) -> str:
    number = comment.earlier_votes
    if not number:
        return ""
    words = ngettext(
        "({number} of the votes is for an earlier version.)",
        "({number} of the votes are for an earlier version.)",
        number,
    )
    return words.format(number=number)


@dataclass(frozen=True)
class Counts:
    """How much citizens wrote in a place, how much of it is withdrawn or hidden, how many
    threads there are, and which labels and badges can be read in them."""

    count: int
    withdrawn: int
    hidden: int
    threads: int
    labels: list[str]
    badges: list[str]


def counts(place: CommentQuerySet) -> Counts:
    """What there is in one place: one query."""
    readable = Q(withdrawn_at=None, hidden_by=None)
    groups = list(
        place.order_by("badge")
        .values("badge", "label")
        .annotate(
            said=Count("pk"),
            withdrawn=Count("pk", filter=~Q(withdrawn_at=None)),
            hidden=Count("pk", filter=Q(withdrawn_at=None) & ~Q(hidden_by=None)),
            threads=Count("pk", filter=Q(parent=None)),
            readable=Count("pk", filter=readable),
            readable_threads=Count("pk", filter=readable & Q(parent=None)),
        )
    )
    citizens = [group for group in groups if not group["badge"]]
    labels = {group["label"] for group in groups if group["readable_threads"]}
    badges = dict.fromkeys(group["badge"] for group in groups if group["readable"])
    return Counts(
        count=sum(group["said"] for group in citizens),
        withdrawn=sum(group["withdrawn"] for group in citizens),
        hidden=sum(group["hidden"] for group in citizens),
        threads=sum(group["threads"] for group in groups),
        labels=[label for label in Label.values if label in labels],
        badges=[badge for badge in badges if badge],
    )


def threads(tops: CommentQuerySet, number: int, viewer=None) -> list[Comment]:
    """Page ``number`` of these top-level comments, each with ``replies_shown``."""
    start = (number - 1) * PAGE_SIZE
    ids = list(tops.values_list("pk", flat=True)[start : start + PAGE_SIZE])
    together = Comment.objects.filter(Q(pk__in=ids) | Q(parent__in=ids)).with_opinion_of(viewer)
    together = prepare(together.select_related("author", "hidden_by"), viewer)
    return sorted(in_threads(together), key=lambda top: ids.index(top.pk))


def in_threads(comments: list[Comment]) -> list[Comment]:
    """Those of ``comments`` that are no replies, in the order given, each with its
    ``replies_shown``, oldest first."""
    tops = {comment.pk: comment for comment in comments if comment.parent_id is None}
    for comment in tops.values():
        comment.replies_shown = []
    for comment in sorted(comments, key=lambda comment: (comment.posted_at, comment.pk)):
        if top := tops.get(comment.parent_id):
            top.replies_shown.append(comment)
            answered = comment.answered_version or top.version
            comment.answers_earlier = "" if top.is_gone or answered == top.version else answered
    return list(tops.values())


def page_number(comment: Comment) -> int:
    """The page on which ``comment`` stands, with its thread, when the newest come first."""
    top = comment.parent or comment
    place = Comment.objects.discussion(top.phase.strategy_id, top.goal_id).filter(parent=None)
    # The database compares its own values: SQLite knows two ways to write one instant.
    moment = Subquery(Comment.objects.filter(pk=top.pk).values("posted_at"))
    newer = place.filter(Q(posted_at__gt=moment) | Q(posted_at=moment, pk__gt=top.pk)).count()
    return newer // PAGE_SIZE + 1


def add_newest(goals: list[Goal]) -> None:
    """Give each goal its ``count`` and its ``newest`` readable comments: two queries in all."""
    said = Comment.objects.filter(goal=OuterRef("pk"))
    counted = said.contributions().order_by().values("goal").annotate(number=Count("pk"))
    # Two looks into an index for each goal: to number all comments takes ten times as long.
    tops = said.readable().filter(parent=None).order_by("-posted_at", "-pk").values("pk")
    nth = [Subquery(tops[position : position + 1]) for position in range(NEWEST)]
    rows = Goal.objects.filter(pk__in=[goal.pk for goal in goals]).order_by()
    rows = {pk: found for pk, *found in rows.values_list("pk", counted.values("number"), *nth)}
    shown = Comment.objects.filter(pk__in=[pk for row in rows.values() for pk in row[1:] if pk])
    found = {comment.pk: comment for comment in prepare(shown.select_related("author"))}
    for goal in goals:
        number, *newest = rows[goal.pk]
        goal.count = number or 0
        goal.newest = [found[pk] for pk in newest if pk in found]


def add_counts(strategies: list[Strategy]) -> None:
    """Give each strategy the ``count`` of what citizens wrote about it: one query."""
    of_strategy = Comment.objects.contributions().filter(phase__strategy__in=strategies)
    numbers = dict(of_strategy.values_list("phase__strategy").annotate(Count("pk")).order_by())
    for strategy in strategies:
        strategy.count = numbers.get(strategy.pk, 0)
