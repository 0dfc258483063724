"""The words of the messages about comments."""

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.messages import absolute, in_town_language
from accounts.town import town
from comments.models import Comment, Decision, Draft, Report
from comments.rulebook import Rule
from comments.rules import contact
from strategies.models import Strategy
from strategies.wording import named


def quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())


def _place(comment: Comment) -> str:
    return named(comment.phase.strategy, comment.goal)


@in_town_language
def waiting_url(draft: Draft) -> str:
    """Where a text that waits for a code can be read in any browser."""
    return absolute(reverse("waiting_text", args=[draft.token]))


@in_town_language
def receipt_subject(comment: Comment) -> str:
    return _("Your comment No. {number} has arrived and is published").format(number=comment.pk)


@in_town_language
def receipt(comment: Comment, strategy: Strategy, *, brings_news: bool) -> str:
    """``brings_news``: whether its author hears of the strategy from now on."""
    why = _("You get this message because it is your first comment in this phase.")
    news = _(
        "From now on you hear when somebody answers you and when something happens to this"
        " strategy."
    )
    return "\n\n".join(
        [
            _("Your comment on “{place}” is published:").format(place=_place(comment)),
            quoted(comment.text),
            absolute(comment.get_absolute_url()),
            strategy.next_steps,
            f"{why} {news}" if brings_news else why,
        ]
    )


@in_town_language
def reply_subject(comment: Comment, parent: Comment) -> str:
    return _("{name} has answered your comment No. {number}").format(
        name=comment.author_name, number=parent.pk
    )


@in_town_language
def reply(comment: Comment) -> str:
    return "\n\n".join(
        [
            _("On “{place}” {name} has answered:").format(
                place=_place(comment), name=comment.author_name
            ),
            quoted(comment.text),
            absolute(comment.get_absolute_url()),
            _("You get this message because you wrote the comment."),
        ]
    )


@in_town_language
def gone_subject(comment: Comment) -> str:
    return _("Comment No. {number} was withdrawn or hidden").format(number=comment.pk)


@in_town_language
def gone(comment: Comment) -> str:
    """What stays of messages that have left and quoted words which are no longer public."""
    words = _("What stood here can no longer be read: the comment was withdrawn or hidden.")
    return f"{words}\n\n{absolute(comment.get_absolute_url())}"


@in_town_language
def edited_subject(comment: Comment) -> str:
    return _("Comment No. {number} was edited").format(number=comment.pk)


@in_town_language
def edited(comment: Comment) -> str:
    """What stays of messages that have left and quoted words of which nothing was to remain."""
    words = _("What stood here was changed by whoever wrote it. Here you read what it says now:")
    return f"{words}\n\n{absolute(comment.get_absolute_url())}"


@in_town_language
def decided_subject(comment: Comment, decision: Decision) -> str:
    subjects = {
        Decision.Verdict.HIDDEN: _("Your comment No. {number} was hidden"),
        Decision.Verdict.RESTORED: _("Your comment No. {number} is shown again"),
        Decision.Verdict.DISMISSED: _("Your comment No. {number} was reported and stays"),
    }
    return subjects[decision.verdict].format(number=comment.pk)


@in_town_language
def decided(comment: Comment, decision: Decision) -> str:
    """What the author hears of a decision: never who reported, nor their words.

    For a hidden comment it is the statement of reasons that Article 17 of Regulation (EU)
    2022/2065 asks for.
    """
    what = {
        Decision.Verdict.HIDDEN: _(
            "The moderation has hidden your comment on “{place}”. Readers see in its place"
            " that it was hidden and by which rule; replies stay."
        ),
        Decision.Verdict.RESTORED: _("The moderation shows your comment on “{place}” again."),
        Decision.Verdict.DISMISSED: _(
            "Your comment on “{place}” was reported. The moderation has looked at it and"
            " leaves it as it is."
        ),
    }
    parts = [what[decision.verdict].format(place=_place(comment))]
    if decision.verdict != Decision.Verdict.RESTORED:
        parts += [quoted(comment.text), *_reasons(comment, decision)]
    why = _(
        "You get this message because you wrote the comment, whatever you have switched off"
        " otherwise."
    )
    return "\n\n".join([*parts, absolute(comment.get_absolute_url()), why])


def _reasons(comment: Comment, decision: Decision) -> list[str]:
    """Why, decided by whom, and what the author can do now."""
    if decision.verdict == Decision.Verdict.HIDDEN:
        reason = _("Reason: {rule}. {explanation}").format(
            rule=decision.reason, explanation=decision.explanation
        )
        way_on = _second_look(comment)
    else:
        reason = _("Reason: {explanation}").format(explanation=decision.explanation)
        way_on = _("There is nothing for you to do.")
    return [reason, _("A person decided this; no automatic system was involved."), way_on]


def _second_look(comment: Comment) -> str:
    return _("To have the decision checked by another person, turn to: {contact}").format(
        contact=f"{contact(comment.phase.strategy)}, {town().contact_email}"
    )


@in_town_language
def reported_subject(comment: Comment) -> str:
    return _("Your report about comment No. {number} has arrived").format(number=comment.pk)


@in_town_language
def reported(report: Report) -> str:
    """What was reported, without the words: anybody could have them sent to anybody."""
    comment = report.comment
    return "\n\n".join(
        [
            _("You have reported comment No. {number} on “{place}”: {rule}.").format(
                number=comment.pk,
                place=_place(comment),
                rule=report.reason,
            ),
            absolute(comment.get_absolute_url()),
            _("A person looks at it and decides. Then you hear what came of it."),
            _(
                "You get this message because this address was given with the report. If it was"
                " not you, there is nothing to do."
            ),
        ]
    )


@in_town_language
def to_decide_subject(report: Report) -> str:
    if report.rule == Rule.LAW:
        subject = _("Comment No. {number} was reported as against the law")
    else:
        subject = _("Comment No. {number} was reported")
    return subject.format(number=report.comment_id)


@in_town_language
def to_decide(report: Report) -> str:
    """What moderators hear of a report: neither who reported, nor anybody's words."""
    return "\n\n".join(
        [
            _("Somebody has reported comment No. {number} ({place}): {rule}.").format(
                number=report.comment_id, place=report.comment.place, rule=report.reason
            ),
            _("Here you read it and decide:"),
            absolute(reverse("admin:comments_comment_change", args=[report.comment_id])),
            _(
                "Further reports of this comment bring no further message until it is decided."
                " You get this message because you moderate on this site."
            ),
        ]
    )


@in_town_language
def report_answered_subject(comment: Comment) -> str:
    return _("What came of your report about comment No. {number}").format(number=comment.pk)


@in_town_language
def report_answered(comment: Comment, decision: Decision) -> str:
    """The decision that Article 16 of Regulation (EU) 2022/2065 owes to who reported."""
    if decision.verdict == Decision.Verdict.HIDDEN:
        what = _("The moderation has hidden comment No. {number}, which you reported.")
        reason = _("Reason: {rule}.").format(rule=decision.reason)
    else:
        what = _(
            "The moderation has looked at comment No. {number}, which you reported, and leaves it"
            " as it is."
        )
        if comment.withdrawn_at:
            what = _(
                "The moderation has looked at your report about comment No. {number} and decides"
                " nothing more: whoever wrote the comment has withdrawn it."
            )
        reason = _("Reason: {explanation}").format(explanation=decision.explanation)
    return "\n\n".join(
        [
            what.format(number=comment.pk),
            reason,
            _("A person decided this; no automatic system was involved."),
            _second_look(comment),
            absolute(comment.get_absolute_url()),
            _why_reporters_hear(),
        ]
    )


@in_town_language
def shown_again_subject(comment: Comment) -> str:
    return _("Comment No. {number}, which you reported, is shown again").format(number=comment.pk)


@in_town_language
def shown_again(comment: Comment) -> str:
    """What whoever reported hears when the comment that was hidden for it comes back."""
    return "\n\n".join(
        [
            _(
                "The moderation had hidden comment No. {number}, which you reported. It has"
                " looked at it again and shows it."
            ).format(number=comment.pk),
            _("A person decided this; no automatic system was involved."),
            _second_look(comment),
            absolute(comment.get_absolute_url()),
            _why_reporters_hear(),
        ]
    )


def _why_reporters_hear() -> str:
    return _(
        "You get this message because you reported the comment, whatever you have switched off"
        " otherwise."
    )
