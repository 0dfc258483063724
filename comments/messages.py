"""The words of the messages about comments."""

from django.conf import settings
from django.utils.translation import gettext as _

from comments.models import Comment, Decision, Rule
from comments.rules import contact
from strategies.messages import absolute
from strategies.models import Strategy


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())


def _place(comment: Comment) -> str:
    return str(comment.goal or comment.phase.strategy)


def receipt_subject(comment: Comment) -> str:
    return _("Your comment No. {number} has arrived and is published").format(number=comment.pk)


def receipt(comment: Comment, strategy: Strategy) -> str:
    return "\n\n".join(
        [
            _("Your comment on “{place}” is published:").format(place=_place(comment)),
            _quoted(comment.text),
            absolute(comment.get_absolute_url()),
            strategy.next_steps,
            _(
                "You get this message because it is your first comment in this phase. From now"
                " on you hear when somebody answers you and when something happens to this"
                " strategy."
            ),
        ]
    )


def reply_subject(comment: Comment, parent: Comment) -> str:
    return _("{name} has answered your comment No. {number}").format(
        name=comment.author_name, number=parent.pk
    )


def reply(comment: Comment, parent: Comment) -> str:
    return "\n\n".join(
        [
            _("On “{place}” {name} has answered:").format(
                place=_place(comment), name=comment.author_name
            ),
            _quoted(comment.text),
            absolute(comment.get_absolute_url()),
            _("You get this message because you wrote the comment."),
        ]
    )


def hidden_subject(comment: Comment) -> str:
    return _("Your comment No. {number} was hidden").format(number=comment.pk)


def hidden(comment: Comment, decision: Decision) -> str:
    """The statement of reasons that Article 17 of Regulation (EU) 2022/2065 asks for."""
    return "\n\n".join(
        [
            _(
                "The moderation has hidden your comment on “{place}”. Readers see in its place"
                " that it was hidden and by which rule; replies stay."
            ).format(place=_place(comment)),
            _quoted(comment.text),
            _("Reason: {rule}. {explanation}").format(
                rule=Rule(decision.rule).short, explanation=decision.explanation
            ),
            _("A person decided this; no automatic system was involved."),
            _("To have the decision checked by another person, turn to: {contact}").format(
                contact=f"{contact(comment.phase.strategy)}, {settings.TOWN['contact_email']}"
            ),
            absolute(comment.get_absolute_url()),
        ]
    )


def restored_subject(comment: Comment) -> str:
    return _("Your comment No. {number} is shown again").format(number=comment.pk)


def restored(comment: Comment, decision: Decision) -> str:
    return "\n\n".join(
        [
            _("The moderation shows your comment on “{place}” again.").format(
                place=_place(comment)
            ),
            absolute(comment.get_absolute_url()),
        ]
    )
