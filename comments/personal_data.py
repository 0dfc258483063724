"""What this app knows about a person, and how it forgets them."""

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Lower, Now

from accounts.models import Notification, User
from accounts.personal_data import addresses_of
from comments.models import Comment, CommentQuerySet, CommentVersion, Decision, Draft, Report
from comments.rulebook import reason_in_public
from strategies.wording import named


def export(person: User) -> dict[str, list[dict]]:
    """Everything about ``person`` here, by section; of others at most the number of a comment."""
    comments = person.comments.select_related("phase__strategy", "goal")
    versions = CommentVersion.objects.filter(comment__author=person)
    decisions = Decision.objects.filter(comment__author=person)
    return {
        "comments": [_comment(comment) for comment in comments],
        "earlier_versions": list(versions.values("comment", "number", "text", "replaced_at")),
        "decisions": [
            _with_reason(row)
            for row in decisions.values(
                "comment", "verdict", "rule", "rule_words", "explanation", "decided_at"
            )
        ],
        "decided": list(person.decisions.values("comment", "verdict", "decided_at")),
        "votes": list(person.votes.values("comment", "opinion")),
        "reports": [
            _with_reason(row)
            for row in _reports(person).values(
                "comment", "rule", "rule_words", "words", "name", "email", "reported_at"
            )
        ],
        "drafts": [_draft(draft) for draft in _drafts(person).select_related("strategy", "goal")],
    }


def _with_reason(row: dict) -> dict:
    number, words = row["rule"], row.pop("rule_words")
    return row | {"rule": reason_in_public(number, words) if number else ""}


def _comment(comment: Comment) -> dict:
    return {
        "number": comment.pk,
        "place": named(comment.phase.strategy, comment.goal),
        "reply_to": comment.parent_id,
        "posted_at": comment.posted_at,
        "edited_at": comment.edited_at,
        "withdrawn_at": comment.withdrawn_at,
        "is_hidden": comment.hidden_by_id is not None,
        "badge": comment.badge,
        "label": comment.label,
        "text": comment.text,
    }


def _draft(draft: Draft) -> dict:
    return {
        "place": named(draft.strategy, draft.goal),
        "reply_to": draft.parent_id,
        "saved_at": draft.saved_at,
        "name": draft.name,
        "address": draft.address,
        "label": draft.label,
        "text": draft.text,
    }


def _drafts(person: User) -> QuerySet[Draft]:
    """What they have begun, and what waits for a code that was sent to them."""
    return Draft.objects.filter(Q(person=person) | Q(address__in=addresses_of(person)))


def _reports(person: User) -> QuerySet[Report]:
    """What they reported, also before they had an account."""
    theirs = Q(reporter=person) | Q(written_to__in=addresses_of(person))
    return Report.objects.annotate(written_to=Lower("email")).filter(theirs)


def hold(person: User) -> int:
    """Until commit, let nobody decide about, edit or vote on what ``person`` wrote. Return how
    many comments that are."""
    return len(person.comments.order_by("pk").select_for_update().values_list("pk"))


def leave_address(address: str) -> None:
    """Forget who reported from ``address``, and what waits there for a code."""
    unname(Report.objects.annotate(written_to=Lower("email")).filter(written_to=address))
    Draft.objects.filter(person=None, address=address).delete()


def erase(person: User, *, withdraw: bool) -> None:
    """Take the name from all comments and, with ``withdraw``, the words as well.

    What had been withdrawn before is emptied in any case: nobody can take it back now.
    Drafts and messages to others that quote the comments go, too. Of reports it stays
    what is wrong.
    """
    unname(_reports(person))
    _drafts(person).delete()
    if withdraw:
        person.comments.update(withdrawn_at=Coalesce("withdrawn_at", Now()))
    abouts = [comment.about for comment in person.comments.only("pk")]
    Notification.objects.filter(about__in=abouts).delete()
    empty(person.comments.exclude(withdrawn_at=None))


def empty(withdrawn: CommentQuerySet | QuerySet[Comment]) -> int:
    """Forget the words of comments that are withdrawn, for good. Return how many had some.

    The rows stay: their replies, their numbers and the tally do.
    """
    versions = CommentVersion.objects.filter(comment__in=withdrawn).exclude(text="")
    versions.update(text="", removed_at=Now())
    return withdrawn.exclude(text="").update(text="")


def unname(reports: QuerySet[Report]) -> int:
    """Forget who left these reports. Return of how many it was known by name or address."""
    return reports.exclude(name="", email="").update(name="", email="")
