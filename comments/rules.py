"""Who may do what with a comment. Every rule answers with a reason, or None for yes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models.functions import Now
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.town import PageVersion, frame, town
from comments.models import MAX_LENGTH, Comment, CommentVersion
from comments.rulebook import HouseRule, Rule
from strategies.models import Goal, Phase, Strategy
from strategies.wording import clock, day, day_and_time, end_of_day, last_moment

FLOOD_LIMITS = ((5, timedelta(minutes=10)), (50, timedelta(days=1)))
"""How many contributions a citizen may post in how long."""

MOST_EDITS = 20
"""How often an author may change the words of one comment."""

MOST_REPORTS = 10
"""How many comments a person may report within an hour."""

TAKE_BACK_WITHDRAWAL = timedelta(days=30)


@dataclass(frozen=True)
class Refusal:
    """Why somebody may not do this here now. ``sentence`` is what they read."""

    code: str
    sentence: str
    comment: Comment | None = None
    """The comment that the sentence speaks of."""

    def __str__(self):
        return self.sentence


class RefusedByRule(Exception):
    """What a rule did not allow; ``refusal`` says why."""

    def __init__(self, refusal: Refusal):
        super().__init__(refusal.code)
        self.refusal = refusal


def refusal(
    author: User,
    strategy: Strategy,
    phase: Phase | None,
    *,
    goal: Goal | None = None,
    parent: Comment | None = None,
    text: str = "",
    agrees_to: int | None = None,
) -> Refusal | None:
    """Say why ``author`` may not post this here now, or None if they may.

    ``phase`` is the open phase of a published strategy with the database's ``now``, or
    None; ``agrees_to`` the version of the rules of conduct that they agree to with this.
    The action asks under its lock; a page may ask before, without ``text``.
    """
    if phase is None:
        return closed(strategy)
    if reason := _suspended(author, strategy, phase):
        return reason
    if not author.public_name:
        return Refusal("nameless", _("Please choose the name that stands beside your comments."))
    if reason := _disagreeing(author, agrees_to):
        return reason
    if parent and not _may_be_answered(parent, strategy, goal):
        sentence = _(
            "The comment that you are answering can no longer be read. Your text is still there."
        )
        return Refusal("parent", sentence)
    if text:
        return _repeated(author, strategy, goal, text) or _flooding(author, phase.now)
    return None


def _suspended(person: User, strategy: Strategy, phase: Phase) -> Refusal | None:
    if not person.suspended_until or person.suspended_until <= phase.now:
        return None
    until = day_and_time(person.suspended_until)
    sentence = _("You cannot comment here until {until}. Questions? {contact}")
    return Refusal("suspended", sentence.format(until=until, contact=contact(strategy)))


def rules_to_agree_to(person: User) -> PageVersion | None:
    """The rules of conduct that ``person`` has to agree to before they contribute, if any."""
    changed = frame().rules
    return changed if changed and (person.accepted_rules_id or 0) < changed.pk else None


def _disagreeing(author: User, agrees_to: int | None) -> Refusal | None:
    changed = rules_to_agree_to(author)
    if changed is None or changed.pk == agrees_to:
        return None
    sentence = _(
        "The rules of conduct were changed on {day}. Please read them. If you agree to them, you"
        " can publish your text; it is still there."
    )
    return Refusal("rules", sentence.format(day=day(changed.saved_at)))


def contact(strategy: Strategy) -> str:
    return strategy.contact or town().contact


def _recipient(strategy: Strategy) -> str:
    """Where a text can be sent to: a telephone number takes none."""
    known = contact(strategy)
    return known if "@" in known else f"{known}, {town().contact_email}"


def closed(strategy: Strategy) -> Refusal:
    """Why nobody may comment on ``strategy`` now."""
    phases = list(strategy.phases.clocked())
    past = [phase for phase in phases if phase.closes_at <= phase.now]
    if not past:
        return Refusal(
            "closed",
            _(
                "Commenting is not possible yet. Your comment was not published. Your text"
                " stands below. You can copy it, and publish it once commenting begins."
            ),
        )
    phase = past[-1]
    if phase.now - phase.closes_at < timedelta(hours=12):
        ended = end_of_day(phase.closes_at)
        sentence = _(
            "Commenting ended at {ended}, while you were writing. Your comment was not published."
            " Your text stands below. You can copy it and send it to {contact}; whether it is"
            " still considered is for the administration to decide."
        )
    else:
        ended = last_moment(phase.closes_at)
        sentence = _(
            "Commenting ended on {ended}. Your comment was not published."
            " Your text stands below. You can copy it and send it to {contact}; whether it is"
            " still considered is for the administration to decide."
        )
    return Refusal("closed", sentence.format(ended=ended, contact=_recipient(strategy)))


def _may_be_answered(parent: Comment, strategy: Strategy, goal: Goal | None) -> bool:
    goal_id = goal.pk if goal else None
    place = Comment.objects.visible().discussion(strategy.pk, goal_id)
    return place.filter(pk=parent.pk, parent=None).exists()


def _repeated(
    author: User, strategy: Strategy, goal: Goal | None, text: str, besides: Comment | None = None
) -> Refusal | None:
    place = Comment.objects.discussion(strategy.pk, goal.pk if goal else None)
    same = place.filter(author=author, text=text, withdrawn_at=None)
    same = same.exclude(pk=besides.pk if besides else None).only("pk").first()
    if same is None:
        return None
    sentence = _("You have already published this text here: No. {number}.")
    return Refusal("repeated", sentence.format(number=same.pk), same)


def _flooding(author: User, now: datetime) -> Refusal | None:
    if author.is_staff:
        return None
    most = max(number for number, _window in FLOOD_LIMITS)
    posted = list(author.comments.values_list("posted_at", flat=True)[:most])
    free_at = [
        posted[number - 1] + window
        for number, window in FLOOD_LIMITS
        if len(posted) >= number and posted[number - 1] + window > now
    ]
    if not free_at:
        return None
    sentence = _(
        "You have written many comments in a short time. From {time} you can write on."
        " Your text is still there."
    )
    # The full minute after: nobody is to be refused at the time that was promised.
    free = max(free_at) + timedelta(minutes=1)
    same_day = free - now < timedelta(hours=12)
    return Refusal(
        "flooding", sentence.format(time=clock(free) if same_day else day_and_time(free))
    )


def too_long(length: int, strategy: Strategy) -> str:
    over = length - MAX_LENGTH
    sentence = ngettext(
        "Your comment is {over} character too long. {most} are allowed. Please shorten it, or send"
        " your statement to {contact}. It is evaluated just the same.",
        "Your comment is {over} characters too long. {most} are allowed. Please shorten it, or send"
        " your statement to {contact}. It is evaluated just the same.",
        over,
    )
    too_many, most = (number_format(each, force_grouping=True) for each in (over, MAX_LENGTH))
    return sentence.format(over=too_many, most=most, contact=_recipient(strategy))


def may_vote(
    person: User | None,
    comment: Comment,
    strategy: Strategy,
    phase: Phase | None,
    version: int | None = None,
) -> Refusal | None:
    """Say why ``person`` may not agree or disagree with ``comment``, or None if they may.

    ``phase`` is the one open now, ``version`` what they have read. Without ``person`` it is
    asked for whoever will sign in.
    """
    person_id = person.pk if person else None
    if reason := no_vote_on(comment, person_id, phase.pk if phase else None):
        return reason
    if version is not None and version != comment.version:
        return Refusal("edited", _("This comment has just been edited. Please read it again."))
    return barred_from_voting(person, strategy, phase) if person else None


def no_vote_on(comment: Comment, person_id: int | None, phase_id: int | None) -> Refusal | None:
    """The part of ``may_vote`` that differs from comment to comment."""
    if phase_id is None or phase_id != comment.phase_id:
        sentence = _(
            "Votes can be given and changed only during the phase in which the comment was written."
        )
        return Refusal("closed", sentence)
    if comment.is_gone:
        return Refusal("gone", _("This comment is no longer there, so there is no vote on it."))
    if person_id is not None and person_id == comment.author_id:
        return Refusal("own", _("There is no vote on a comment of one's own."))
    return None


def barred_from_voting(person: User, strategy: Strategy, phase: Phase) -> Refusal | None:
    """The part of ``may_vote`` that is the same for all comments."""
    if person.is_staff:
        sentence = _(
            "People who work for the town do not vote here: the numbers are to say what citizens"
            " think. You can answer in the name of your office."
        )
        return Refusal("staff", sentence)
    return _suspended(person, strategy, phase)


def may_edit(
    user: User,
    comment: Comment,
    phase: Phase | None,
    text: str = "",
    agrees_to: int | None = None,
    leaves_nothing: bool = False,
) -> Refusal | None:
    """Say why ``user`` may not change the words of ``comment`` to ``text``, or None if they may.

    ``phase`` is the one open now: what was said in one that is closed stays as it is.
    ``agrees_to`` is as in ``refusal``; ``leaves_nothing``: they were told that what it says
    now will be gone, which is no longer so once somebody has replied or voted.
    """
    if comment.author_id != user.pk:
        return Refusal("not own", _("Only the person who wrote a comment may edit it."))
    if comment.is_gone:
        return Refusal("gone", _("This comment is not shown, so it cannot be edited."))
    if phase is None or phase.pk != comment.phase_id:
        sentence = _(
            "The phase in which you wrote this has ended, so it can no longer be changed. Your"
            " change was not saved. You can still withdraw your comment."
        )
        return Refusal("closed", sentence)
    if comment.version > MOST_EDITS:
        sentence = _(
            "You have changed this comment {number} times; more is not possible. You can withdraw"
            " it and write a new one."
        )
        return Refusal("often", sentence.format(number=MOST_EDITS))
    strategy = comment.phase.strategy
    if reason := _suspended(user, strategy, phase) or _disagreeing(user, agrees_to):
        return reason
    if leaves_nothing and text not in ("", comment.text) and comment.was_answered():
        sentence = _(
            "Somebody has just replied or voted. What your comment says now would therefore stay"
            " readable as an earlier version. Your change is not published yet, and your text is"
            " still there. If you want that, please publish it once more."
        )
        return Refusal("answered", sentence)
    return _repeated(user, strategy, comment.goal, text, besides=comment) if text else None


def may_remove(user: User, version: CommentVersion) -> str | None:
    """Say why ``user`` may not remove an earlier version. Authors may at any time."""
    if version.comment.author_id != user.pk:
        return _("Only the person who wrote a comment may remove an earlier version of it.")
    if version.removed_at:
        return _("This version has already been removed.")
    return None


def may_withdraw(user: User, comment: Comment) -> str | None:
    """Say why ``user`` may not withdraw ``comment``. Authors may at any time, also when closed."""
    if not user.is_authenticated or comment.author_id != user.pk:
        return _("Only the person who wrote a comment may withdraw it.")
    if comment.withdrawn_at:
        return _("This comment has already been withdrawn.")
    return None


def may_take_back_withdrawal(user: User, comment: Comment, phase: Phase | None) -> str | None:
    """Say why ``user`` may not show ``comment`` again; ``phase`` is the one open now."""
    if not user.is_authenticated or comment.author_id != user.pk:
        return _("Only the person who wrote a comment may show it again.")
    if not comment.withdrawn_at:
        return _("This comment has not been withdrawn.")
    if phase is None or phase.pk != comment.phase_id:
        return _("A comment can be shown again only while its phase is open.")
    if not comment.text or comment.withdrawn_at <= phase.now - TAKE_BACK_WITHDRAWAL:
        return _("A comment can be shown again for 30 days only.")
    strategy = comment.phase.strategy
    again = _suspended(user, strategy, phase) or _repeated(
        user, strategy, comment.goal, comment.text
    )
    return again.sentence if again else None


def may_moderate(user: User) -> str | None:
    """Say why ``user`` may not decide about comments."""
    if user.is_active and user.is_staff and user.has_perm("comments.add_decision"):
        return None
    return _("Only moderators may decide about comments.")


def no_reason(rule: HouseRule | None, explanation: str) -> str | None:
    """Say why this is no reason to hide a comment, or None if it is one.

    Article 17 of Regulation (EU) 2022/2065 asks for the legal ground, which no sentence
    that was prepared can name.
    """
    if rule is None or not explanation.strip():
        return _("Hiding needs a rule and an explanation.")
    if rule.number == Rule.LAW and explanation.strip() == rule.explanation:
        return _(
            "Please write which law the comment breaks and by what: its author must be told the"
            " legal ground (Article 17 of Regulation (EU) 2022/2065)."
        )
    return None


def may_report(person: User | None, comment: Comment) -> Refusal | None:
    """Say why ``person``, or somebody unknown, may not report ``comment`` now.

    It does not matter whether its phase is open, or whether they may comment.
    """
    if comment.is_gone or not Comment.objects.published().filter(pk=comment.pk).exists():
        return Refusal("gone", _("This comment can no longer be read, so it cannot be reported."))
    if person is None:
        return None
    if person.pk == comment.author_id:
        return Refusal("own", _("This is your own comment. You can withdraw it."))
    if person.reports.open().filter(comment=comment).exists():
        return Refusal(
            "repeated", _("You have already reported this comment. You will hear what comes of it.")
        )
    lately = person.reports.filter(reported_at__gt=Now() - timedelta(hours=1))
    if lately.count() >= MOST_REPORTS:
        return too_many_reports(comment.phase.strategy)
    return None


def too_many_comments(strategy: Strategy) -> Refusal:
    sentence = _(
        "Many comments have been written from here in a short time. Your text is still there."
        " Please try again in an hour, or turn to: {contact}"
    )
    return Refusal("flooding", sentence.format(contact=contact(strategy)))


def too_many_reports(strategy: Strategy) -> Refusal:
    sentence = _(
        "Many comments have been reported from here in a short time. Please try again later,"
        " or turn to: {contact}"
    )
    return Refusal("flooding", sentence.format(contact=contact(strategy)))
