"""What happens to comments. Every path that writes one goes through here."""

from django.db import transaction
from django.db.models import Count, Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.actions import accept_rules, notify, notify_news, retract, reword
from accounts.models import Notification, User
from comments import messages
from comments.models import Comment, CommentVersion, Decision, Opinion, Vote
from comments.reports import answer_reports, reopen_reports, tell_reporters_shown_again
from comments.rulebook import rule_in_force
from comments.rules import (
    RefusedByRule,
    may_edit,
    may_moderate,
    may_remove,
    may_take_back_withdrawal,
    may_vote,
    may_withdraw,
    no_reason,
    refusal,
    rules_to_agree_to,
)
from strategies.actions import Refused
from strategies.messages import unsubscribe_url
from strategies.models import TAKE_BACK, Goal, Participation, Phase, Strategy, Subscription
from strategies.subscriptions import subscribe_by_commenting
from strategies.wording import day_and_time


class CommentRefused(RefusedByRule):
    pass


class VoteRefused(RefusedByRule):
    pass


class RemovalRefused(Refused):
    pass


class WithdrawalRefused(Refused):
    pass


class ModerationRefused(Refused):
    pass


class EditedMeanwhile(Refused):
    """The words are no longer those that were judged."""


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
        _confirm(comment, strategy)
    if parent:
        _tell_parent(comment, parent, strategy)
    return comment


def _agree(person: User, agrees_to: int | None) -> None:
    # Asked anew, and so perhaps answered with rules that were saved since and nobody has seen.
    changed = rules_to_agree_to(person)
    if changed and changed.pk == agrees_to:
        accept_rules(person=person, version=changed)


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


def _confirm(comment: Comment, strategy: Strategy) -> None:
    author = comment.author
    follows = Subscription.objects.reaching(strategy).filter(person=author).exists()
    brings_news = author.wants_news and follows
    notify(
        recipients=[author],
        key=f"receipt:{comment.pk}",
        about=comment.about,
        subject=messages.receipt_subject(comment),
        body=messages.receipt(comment, strategy, brings_news=brings_news),
        unsubscribe_url=unsubscribe_url(strategy),
    )


def _tell_parent(comment: Comment, parent: Comment, strategy: Strategy) -> None:
    followed = Subscription.objects.reaching(strategy).filter(person=parent.author_id)
    if parent.author_id in (None, comment.author_id) or not followed.exists():
        return
    notify_news(
        recipients=[parent.author],
        key=f"reply:{comment.pk}",
        about=comment.about,
        subject=messages.reply_subject(comment, parent),
        body=messages.reply(comment),
        send_at=comment.posted_at,
        unsubscribe_url=unsubscribe_url(strategy),
    )


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
            _tell_edited(comment)
        comment.text, comment.edited_at = text, phase.now
        comment.version += 1
        comment.earlier_votes = comment.agreeing + comment.disagreeing
        _tell_anew(comment)
    comment.save(update_fields=["label", "text", "version", "edited_at", "earlier_votes"])


def _tell_anew(comment: Comment) -> None:
    # What has not left yet quotes words that are no longer there.
    strategy = comment.phase.strategy
    waiting = Notification.objects.waiting().filter(about=comment.about)
    keys = set(waiting.values_list("key", flat=True))
    retract(about=comment.about)
    if f"receipt:{comment.pk}" in keys:
        _confirm(comment, strategy)
    if f"reply:{comment.pk}" in keys:
        _tell_parent(comment, comment.parent, strategy)


def _tell_edited(comment: Comment) -> None:
    """Take words that no version shows any more out of messages that have left."""
    subject = messages.edited_subject(comment)
    reword(about=comment.about, subject=subject, body=messages.edited(comment))


@transaction.atomic
def remove_version(*, version: CommentVersion, by: User) -> None:
    """Take the words of an earlier version away for good; that there was one stays."""
    version = CommentVersion.objects.select_for_update().get(pk=version.pk)
    if reason := may_remove(by, version):
        raise RemovalRefused(reason)
    CommentVersion.objects.filter(pk=version.pk).update(text="", removed_at=Now())
    # Messages about a comment that is gone say so already.
    if not version.comment.is_gone:
        _tell_edited(version.comment)


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
    _untell(comment)


def _untell(comment: Comment) -> None:
    """Take the words out of messages, of those that have left as well."""
    retract(about=comment.about)
    reword(about=comment.about, subject=messages.gone_subject(comment), body=messages.gone(comment))


@transaction.atomic
def take_back_withdrawal(*, comment: Comment, by: User) -> None:
    """Show one's own withdrawn words again, while the phase is open."""
    phase = Phase.objects.hold_open(comment.phase.strategy_id)
    _queue(by, phase)
    comment = Comment.objects.select_for_update().get(pk=comment.pk)
    if reason := may_take_back_withdrawal(by, comment, phase):
        raise WithdrawalRefused(reason)
    Comment.objects.filter(pk=comment.pk).update(withdrawn_at=None)
    _tell_parent_after_all(comment)


def _tell_parent_after_all(comment: Comment) -> None:
    """Write the news of a reply again, which went when it was not to be read. Its key lets
    nobody hear twice."""
    shown = Comment.objects.visible().exclude(parent=None).select_related("parent", "phase")
    if reply := shown.filter(pk=comment.pk).first():
        _tell_parent(reply, reply.parent, reply.phase.strategy)


@transaction.atomic
def hide_comment(
    *,
    comment: Comment,
    rule: str,
    explanation: str,
    by: User,
    version: int | None = None,
    rule_words: str | None = None,
) -> Decision:
    """Take a comment's words from the public, giving rule and explanation.

    ``version`` is the one that was judged, by default its latest, ``rule_words`` what the rule
    said then, by default what it says. The author, and whoever reported it, are told in ten
    minutes; until then the decision can be taken back. ModerationRefused: ``by`` is no
    moderator, gives no reason, somebody was faster, or its author has withdrawn it;
    EditedMeanwhile: or has edited it, or the town the rule.
    """
    comment = _hold_to_decide(comment.pk, by)
    if comment.hidden_by:
        text = _("{name} already hid this comment on {time}. Your decision was not saved.").format(
            name=comment.hidden_by.decided_by, time=day_and_time(comment.hidden_by.decided_at)
        )
        raise ModerationRefused(text)
    if comment.withdrawn_at:
        raise ModerationRefused(_("This comment was withdrawn, so there is nothing to hide."))
    _check_version(comment, version)
    cited = rule_in_force(rule)
    if rule_words is not None and rule_words != cited.words:
        raise EditedMeanwhile(
            _("The town has changed this rule meanwhile. Please read it again and decide then.")
        )
    if reason := no_reason(cited, explanation):
        raise ModerationRefused(reason)
    decision = Decision.objects.create(
        comment=comment,
        verdict=Decision.Verdict.HIDDEN,
        rule=cited.number,
        rule_words=cited.words,
        explanation=explanation.strip(),
        decided_by=by,
    )
    Comment.objects.filter(pk=comment.pk).update(hidden_by=decision)
    _untell(comment)
    _tell_author(comment, decision)
    answer_reports(comment=comment, decision=decision)
    return decision


def _hold_to_decide(number: int, by: User) -> Comment:
    """The comment as it is, for us alone until commit, if ``by`` may decide about it."""
    if reason := may_moderate(by):
        raise ModerationRefused(reason)
    return Comment.objects.select_for_update().get(pk=number)


def _check_version(comment: Comment, version: int | None) -> None:
    if version is not None and version != comment.version:
        text = _("This comment has been edited meanwhile. Please read it again and decide then.")
        raise EditedMeanwhile(text)


@transaction.atomic
def restore_comment(*, comment: Comment, by: User) -> Decision:
    """Show a hidden comment again; the decision that hid it stays in the history."""
    comment = _hold_to_decide(comment.pk, by)
    if not comment.hidden_by:
        raise ModerationRefused(_("This comment is not hidden."))
    decision = Decision.objects.create(
        comment=comment, verdict=Decision.Verdict.RESTORED, decided_by=by
    )
    Comment.objects.filter(pk=comment.pk).update(hidden_by=None)
    _tell_parent_after_all(comment)
    # Who was not told that it was hidden need not hear that it is back. Where a mail server has
    # taken some of the messages and not yet the others, all do.
    was_told = Notification.objects.told().filter(about=comment.hidden_by.about).exists()
    if retract(about=comment.hidden_by.about) and not was_told:
        reopen_reports(decision=comment.hidden_by)
    elif not comment.withdrawn_at:
        _tell_author(comment, decision)
        tell_reporters_shown_again(hiding=comment.hidden_by, decision=decision)
    return decision


@transaction.atomic
def dismiss_reports(
    *, comment: Comment, explanation: str, by: User, version: int | None = None
) -> Decision:
    """Leave a comment as it is and say why to those who reported it and to its author.

    ``version`` is the one that was judged, by default its latest. They are told in ten
    minutes; until then the decision can be taken back. ModerationRefused: ``by`` is no
    moderator, gives no reason, or somebody was faster; EditedMeanwhile: its author has edited
    it.
    """
    comment = _hold_to_decide(comment.pk, by)
    if not comment.reports.open().exists():
        raise ModerationRefused(_("There is no open report about this comment."))
    _check_version(comment, version)
    if not explanation.strip():
        raise ModerationRefused(_("Dismissing needs an explanation."))
    decision = Decision.objects.create(
        comment=comment,
        verdict=Decision.Verdict.DISMISSED,
        explanation=explanation.strip(),
        decided_by=by,
    )
    _tell_author(comment, decision)
    answer_reports(comment=comment, decision=decision)
    return decision


@transaction.atomic
def take_back_decision(*, decision: Decision, by: User) -> None:
    """Undo a decision, with its messages, as if it had not been. ModerationRefused: too late.

    The reports that it answered are open again.
    """
    comment = _hold_to_decide(decision.comment_id, by)
    if not comment.decisions.revocable().filter(pk=decision.pk).exists():
        raise ModerationRefused(_("The messages have left; this can no longer be taken back."))
    history = list(comment.decisions.all())
    if history[0] != decision:
        raise ModerationRefused(_("Please undo first what was done later."))
    was_hidden = decision.verdict == Decision.Verdict.RESTORED
    if decision.verdict != Decision.Verdict.DISMISSED:
        Comment.objects.filter(pk=comment.pk).update(hidden_by=history[1] if was_hidden else None)
    retract(about=decision.about)
    if decision.verdict == Decision.Verdict.HIDDEN:
        _tell_parent_after_all(comment)
    if was_hidden:
        _untell(comment)
        # Restoring may have taken back a message that the author had not read yet.
        _tell_author(comment, history[1])
        answer_reports(comment=comment, decision=history[1])
    decision.delete()


def _tell_author(comment: Comment, decision: Decision) -> None:
    # Nobody is told what they did themselves. And of withdrawn words nobody could say that
    # they stay, nor quote them.
    if comment.author in (None, decision.decided_by) or comment.withdrawn_at:
        return
    notify(
        recipients=[comment.author],
        key=decision.about,
        about=decision.about,
        subject=messages.decided_subject(comment, decision),
        body=messages.decided(comment, decision),
        send_at=Now() + TAKE_BACK,
    )
