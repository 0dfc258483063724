"""What authors and readers do with comments. Every path that writes one goes through here."""

from django.db import transaction
from django.db.models import Count, Q
from django.db.models.functions import Now

from accounts.actions import accept_rules
from accounts.models import User
from accounts.town import Page, PageVersion
from comments.actions.telling import (
    confirm,
    tell_again,
    tell_anew,
    tell_edited,
    tell_parent,
    untell,
)
from comments.models import Comment, CommentVersion, Opinion, Vote
from comments.rules import (
    RefusedByRule,
    may_edit,
    may_remove,
    may_take_back_withdrawal,
    may_vote,
    may_withdraw,
    refusal,
)
from strategies.actions import Refused
from strategies.models import Goal, Participation, Phase, Strategy
from strategies.subscriptions import subscribe_by_commenting


class CommentRefused(RefusedByRule):
    pass


class VoteRefused(RefusedByRule):
    pass


class RemovalRefused(Refused):
    pass


class WithdrawalRefused(Refused):
    pass


@transaction.atomic
def post_comment(
    *,
    author: User,
    strategy: Strategy,
    goal: Goal | None = None,
    text: str,
    label: str = "",
    parent: Comment | None = None,
    version: int | None = None,
    agrees_to: int | None = None,
    draft_stays: bool = False,
) -> Comment:
    """Publish a comment. Raise CommentRefused if ``author`` may not comment here now.

    ``version`` is the one of ``parent`` that the author has read, by default its latest;
    ``agrees_to`` the version of the rules of conduct that they agree to with this;
    ``draft_stays``: they wrote without having seen what they had begun here before.
    The strategy's phases are held until commit (``FOR SHARE``), so a comment is either
    in before staff move the closing date or refused after it. Those who post do not
    wait for one another; the posts of one person do.
    """
    phase = Phase.objects.hold_open(strategy.pk)
    participation = _take_part(author, phase) if phase else None
    parent = _hold_answered(parent) if parent else None
    if reason := refusal(
        author, strategy, phase, goal=goal, parent=parent, text=text, agrees_to=agrees_to
    ):
        raise CommentRefused(reason)
    _agree(author, agrees_to)
    comment = Comment.objects.create(
        phase=phase,
        goal=goal,
        parent=parent,
        author=author,
        badge=author.badge,
        label=label,
        text=text,
        answered_version=parent.version_read(version) if parent else None,
        posted_at=phase.now,
    )
    if goal and not goal.commented_at:
        Goal.objects.filter(pk=goal.pk, commented_at=None).update(commented_at=phase.now)
    if not draft_stays:
        author.drafts.filter(strategy=strategy, goal=goal, parent=parent).delete()
    subscribe_by_commenting(person=author, strategy=strategy)
    if participation.contributions == 1 and not author.is_staff:
        confirm(comment, strategy)
    if parent:
        tell_parent(comment, parent, strategy)
    return comment


def _agree(person: User, agrees_to: int | None) -> None:
    # Of what they were shown and not of what is in force: rules may have been saved since that
    # nobody has seen, and this process may not have heard yet of those that they agree to.
    if agrees_to is None or agrees_to <= (person.accepted_rules_id or 0):
        return
    asked_for = PageVersion.objects.filter(page=Page.RULES, is_to_be_accepted=True)
    if seen := asked_for.filter(pk=agrees_to).first():
        accept_rules(person=person, version=seen)


def _take_part(author: User, phase: Phase) -> Participation:
    # Before anything is checked: the row lock puts one person's posts in a queue, so a
    # double click finds its twin. A refusal rolls this back.
    participation, _created = Participation.objects.select_for_update().get_or_create(
        phase=phase, person=author, defaults={"by_staff": author.is_staff}
    )
    participation.contributions += 1
    participation.last_at = phase.now
    participation.save(update_fields=["contributions", "last_at"])
    return participation


def _queue(person: User, phase: Phase | None) -> None:
    # Behind this person's posts, so that no two of their comments say the same.
    Participation.objects.select_for_update().filter(phase=phase, person=person).first()


def _hold_answered(parent: Comment) -> Comment:
    # An edit is before the reply, or finds it and keeps the words that it answers.
    held = Comment.objects.select_for_update(of=("self",), no_key=True)
    return held.select_related("author").get(pk=parent.pk)


@transaction.atomic
def edit_comment(
    *,
    comment: Comment,
    by: User,
    text: str,
    label: str = "",
    agrees_to: int | None = None,
    leaves_nothing: bool = False,
) -> None:
    """Change one's own words while one can comment. CommentRefused: ``by`` may not here now.

    What it said before stays readable if somebody had replied or voted, else it is gone;
    with ``leaves_nothing`` their author was told the latter, and is refused when it is not so.
    The comment's row is held, so a reply or vote is either before the edit or for what it
    says now.
    """
    phase = Phase.objects.hold_open(comment.phase.strategy_id)
    _queue(by, phase)
    held = Comment.objects.select_for_update(of=("self",))
    comment = held.select_related("phase__strategy", "goal", "parent__author").get(pk=comment.pk)
    if reason := may_edit(by, comment, phase, text, agrees_to, leaves_nothing):
        raise CommentRefused(reason)
    _agree(by, agrees_to)
    comment.label = "" if comment.parent else label
    if text != comment.text:
        if comment.was_answered():
            comment.versions.create(
                number=comment.version, text=comment.text, replaced_at=phase.now
            )
        else:
            tell_edited(comment)
        comment.text, comment.edited_at = text, phase.now
        comment.version += 1
        comment.earlier_votes = comment.agreeing + comment.disagreeing
        tell_anew(comment)
    comment.save(update_fields=["label", "text", "version", "edited_at", "earlier_votes"])


@transaction.atomic
def remove_version(*, version: CommentVersion, by: User) -> None:
    """Take the words of an earlier version away for good; that there was one stays."""
    version = CommentVersion.objects.select_for_update().get(pk=version.pk)
    if reason := may_remove(by, version):
        raise RemovalRefused(reason)
    CommentVersion.objects.filter(pk=version.pk).update(text="", removed_at=Now())
    # Messages about a comment that is gone say so already.
    if not version.comment.is_gone:
        tell_edited(version.comment)


@transaction.atomic
def vote(*, comment: Comment, person: User, opinion: Opinion | None, version: int) -> None:
    """Say what ``person`` thinks of the ``version`` they have read; None takes their vote back.

    VoteRefused: they may not, or it has been edited meanwhile. The comment's row is held
    until its votes are counted, so that its numbers are those of the votes.
    """
    strategy = comment.phase.strategy
    phase = Phase.objects.hold_open(strategy.pk)
    comment = Comment.objects.select_for_update().get(pk=comment.pk)
    if reason := may_vote(person, comment, strategy, phase, version):
        raise VoteRefused(reason)
    if opinion:
        fields = {"opinion": opinion, "version": version}
        Vote.objects.update_or_create(person=person, comment=comment, defaults=fields)
    else:
        Vote.objects.filter(person=person, comment=comment).delete()
    counts = comment.votes.aggregate(
        agreeing=Count("pk", filter=Q(opinion=Opinion.AGREE)),
        disagreeing=Count("pk", filter=Q(opinion=Opinion.DISAGREE)),
        earlier_votes=Count("pk", filter=Q(version__lt=comment.version)),
    )
    Comment.objects.filter(pk=comment.pk).update(**counts)


@transaction.atomic
def withdraw_comment(*, comment: Comment, by: User) -> None:
    """Take one's own words back, at any time. A placeholder and the replies stay."""
    comment = Comment.objects.select_for_update().get(pk=comment.pk)
    if reason := may_withdraw(by, comment):
        raise WithdrawalRefused(reason)
    Comment.objects.filter(pk=comment.pk).update(withdrawn_at=Now())
    untell(comment)


@transaction.atomic
def take_back_withdrawal(*, comment: Comment, by: User) -> None:
    """Show one's own withdrawn words again, while the phase is open."""
    phase = Phase.objects.hold_open(comment.phase.strategy_id)
    _queue(by, phase)
    comment = Comment.objects.select_for_update().get(pk=comment.pk)
    if reason := may_take_back_withdrawal(by, comment, phase):
        raise WithdrawalRefused(reason)
    Comment.objects.filter(pk=comment.pk).update(withdrawn_at=None)
    tell_again(comment)
