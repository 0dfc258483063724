"""What moderators decide about comments. Reports, which decisions answer, are in ``reports``."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actions import retract
from accounts.models import Notification, User
from comments.actions.telling import tell_again, tell_author, untell
from comments.models import Comment, Decision
from comments.reports import answer_reports, reopen_reports, tell_reporters_shown_again
from comments.rulebook import rule_in_force
from comments.rules import may_moderate, no_reason
from strategies.actions import Refused
from strategies.wording import day_and_time


class ModerationRefused(Refused):
    pass


class EditedMeanwhile(Refused):
    """The words are no longer those that were judged."""


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
    untell(comment)
    tell_author(comment, decision)
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
    tell_again(comment)
    # Who was not told that it was hidden need not hear that it is back. Where a mail server has
    # taken some of the messages and not yet the others, all do.
    was_told = Notification.objects.told().filter(about=comment.hidden_by.about).exists()
    if retract(about=comment.hidden_by.about) and not was_told:
        reopen_reports(decision=comment.hidden_by)
    elif not comment.withdrawn_at:
        tell_author(comment, decision)
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
    tell_author(comment, decision)
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
        tell_again(comment)
    if was_hidden:
        untell(comment)
        # Restoring may have taken back a message that the author had not read yet.
        tell_author(comment, history[1])
        answer_reports(comment=comment, decision=history[1])
    decision.delete()
