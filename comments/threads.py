"""Comments made ready for a page: what is said once is worked out once."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from comments.models import READABLE, Comment, CommentQuerySet, Decision, Label
from strategies.models import Goal, Strategy
from strategies.wording import day, day_and_time

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
PAGE_SIZE = 50


def placeholder(comment: Comment) -> str:
    """What stands in the place of words that are gone; empty when they are there."""
    if comment.hidden_by_id:
        # Also when its author has withdrawn it since: that takes nothing off the record.
        text = _("This comment was hidden by the moderation on {day}. Reason: {rule}.")
        rule = comment.hidden_by.reason
        return text.format(day=day(comment.hidden_by.decided_at), rule=rule)
    if comment.withdrawn_at:
        text = _("This comment was withdrawn on {day}.")
        return text.format(day=day(comment.withdrawn_at))
    return ""


def numbered(pk: int) -> str:
    """„Nr. 17“, in one piece."""
    return _("No. {number}").replace(" ", NO_BREAK_SPACE).format(number=pk)


def page_of(strategy: Strategy, goal: Goal | None, **rest) -> str:
    """Where people read and write about a goal, or about a strategy as a whole; ``rest`` is
    the query and the fragment of the address."""
    if goal:
        return reverse("goal", args=[strategy.slug, goal.number], **rest)
    return reverse("discussion", args=[strategy.slug], **rest)


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


def votes_in_words(comment) -> str:
    """„14 stimmen zu, 2 stimmen nicht zu“; empty when nobody has voted."""
    if not (comment.agreeing or comment.disagreeing):
        return ""
    for_it = ngettext("{number} agrees", "{number} agree", comment.agreeing)
    against = ngettext("{number} disagrees", "{number} disagree", comment.disagreeing)
    numbers = (for_it, comment.agreeing), (against, comment.disagreeing)
    said = ", ".join(words.format(number=number) for words, number in numbers if number)
    return f"{said} {earlier_votes(comment)}".strip()


def earlier_votes(comment) -> str:
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
    """How much citizens wrote in a place and how much of that is withdrawn or hidden, how many
    threads there are, and which labels and badges can be read in them."""

    count: int
    gone: int
    threads: int
    labels: list[str]
    badges: list[str]


def counts(place: CommentQuerySet) -> Counts:
    """What there is in one place: one query."""
    groups = place.order_by("badge").values("badge", "label")
    groups = list(groups.annotate(is_top=Q(parent=None), is_readable=READABLE, number=Count("pk")))
    readable = [group for group in groups if group["is_readable"]]
    of_citizens = [group for group in groups if not group["badge"]]
    labels = {group["label"] for group in readable if group["is_top"]}
    badges = dict.fromkeys(group["badge"] for group in readable)
    return Counts(
        count=sum(group["number"] for group in of_citizens),
        gone=sum(group["number"] for group in of_citizens if not group["is_readable"]),
        threads=sum(group["number"] for group in groups if group["is_top"]),
        labels=[label for label in Label.values if label in labels],
        badges=[badge for badge in badges if badge],
    )


def threads(tops: CommentQuerySet, number: int, viewer=None) -> list[tuple]:
    """Page ``number`` of these top-level comments, as rows: each with its replies."""
    start = (number - 1) * PAGE_SIZE
    on_page = tops.values("pk")[start : start + PAGE_SIZE]
    together = Comment.objects.of_threads(on_page).with_opinion_of(viewer)
    # In the order of `tops`; where the replies stand among them does not matter.
    together = together.order_by(*tops.query.order_by)
    return in_threads(list(together.values_list(*_COLUMNS, *_BESIDES, named=True)))


# Rows, because to make a hundred comments and people of them costs more than to read them.
_COLUMNS = [field.attname for field in Comment._meta.concrete_fields]
_BESIDES = ["author__public_name", "hidden_by__rule", "hidden_by__rule_words"]
_BESIDES += ["hidden_by__decided_at", "opinion", "has_versions"]


def comment_of(row: tuple) -> Comment:
    """The comment of a row of ``threads``, ``with_opinion_of`` the viewer."""
    comment = Comment.from_db(None, _COLUMNS, row[: len(_COLUMNS)])
    name, rule, words, decided_at, *rest = row[len(_COLUMNS) :]
    comment.opinion, comment.has_versions = rest
    if comment.author_id:
        comment.author = User(pk=comment.author_id, public_name=name)
    if comment.hidden_by_id:
        comment.hidden_by = Decision(
            pk=comment.hidden_by_id, rule=rule, rule_words=words, decided_at=decided_at
        )
    return comment


def in_threads(comments: list) -> list[tuple]:
    """Those of ``comments`` that are no replies, in the order given, each with its
    replies, oldest first."""
    replies = {comment.id: [] for comment in comments if comment.parent_id is None}
    for comment in comments:
        if comment.parent_id in replies:
            replies[comment.parent_id].append(comment)
    for answers in replies.values():
        answers.sort(key=lambda comment: (comment.posted_at, comment.id))
    return [(comment, replies[comment.id]) for comment in comments if comment.id in replies]


def answers_earlier(reply: Comment, parent: Comment) -> int | None:
    """The version of ``parent`` that ``reply`` was written to; None when that is the latest."""
    answered = reply.answered_version or parent.version
    return None if parent.is_gone or answered == parent.version else answered


def on_paper(comments: list[Comment]) -> list[tuple]:
    """The threads of these comments, with what paper says in the place of buttons and links."""
    said = in_threads(comments)
    for top, replies in said:
        for comment in (top, *replies):
            comment.votes_said = votes_in_words(comment)
        for reply in replies:
            reply.answers_earlier = answers_earlier(reply, top)
    return said


def page_number(comment: Comment) -> int:
    """The page on which ``comment`` stands, with its thread, when the newest come first."""
    top = comment.parent or comment
    place = Comment.objects.discussion(top.phase.strategy_id, top.goal_id).filter(parent=None)
    # The database compares its own values: SQLite knows two ways to write one instant.
    moment = Subquery(Comment.objects.filter(pk=top.pk).values("posted_at"))
    newer = place.filter(Q(posted_at__gt=moment) | Q(posted_at=moment, pk__gt=top.pk)).count()
    return newer // PAGE_SIZE + 1


def with_newest(goals: QuerySet[Goal], strategy: Strategy) -> list[Goal]:
    """These goals of ``strategy``, each with its ``count`` and its ``newest`` readable comments,
    and the strategy with ``whole_count``, of what was said on it as a whole: two queries."""
    whole = Comment.objects.discussion(strategy.pk, None).contributions().order_by()
    whole_count = Subquery(whole.values("goal").annotate(number=Count("pk")).values("number"))
    said = Comment.objects.filter(goal=OuterRef("pk"))
    counted = said.contributions().order_by().values("goal").annotate(number=Count("pk"))
    # Two looks into an index for each goal: to number all comments takes ten times as long.
    tops = said.readable().filter(parent=None).order_by("-posted_at", "-pk").values("pk")
    first, second = (Subquery(tops[position : position + 1]) for position in range(2))
    count = Coalesce(Subquery(counted.values("number")), 0)
    # It hangs on no goal, so the database counts once; asked for by itself it is one query more.
    goals = goals.annotate(whole_count=Coalesce(whole_count, 0))
    goals = list(goals.annotate(count=count, newest_pk=first, second_pk=second))
    strategy.whole_count = goals[0].whole_count if goals else whole.count()
    numbers = [pk for goal in goals for pk in (goal.newest_pk, goal.second_pk) if pk]
    comments = Comment.objects.filter(pk__in=numbers).select_related("author")
    found = {comment.pk: comment for comment in prepare(comments)}
    for goal in goals:
        wanted = (goal.newest_pk, goal.second_pk)
        goal.newest = [found[pk] for pk in wanted if pk in found]
    return goals


def add_counts(strategies: list[Strategy]) -> None:
    """Give each strategy the ``count`` of what citizens wrote about it: one query."""
    of_strategy = Comment.objects.contributions().filter(phase__strategy__in=strategies)
    numbers = dict(of_strategy.values_list("phase__strategy").annotate(Count("pk")).order_by())
    for strategy in strategies:
        strategy.count = numbers.get(strategy.pk, 0)
