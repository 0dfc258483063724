"""Who hears of a comment, and what becomes of messages whose words are no longer there.

Call these in the transaction of the deed.
"""

from django.db.models.functions import Now

from accounts.actions import notify, notify_news, retract, reword
from accounts.models import Notification
from comments import messages
from comments.models import Comment, Decision
from strategies.messages import unsubscribe_url
from strategies.models import TAKE_BACK, Strategy, Subscription


def confirm(comment: Comment, strategy: Strategy) -> None:
    """Tell its author that it is published."""
    notify(
        recipients=[comment.author],
        key=f"receipt:{comment.pk}",
        about=comment.about,
        subject=messages.receipt_subject(comment),
        body=_receipt(comment, strategy),
        unsubscribe_url=unsubscribe_url(strategy),
    )


def _receipt(comment: Comment, strategy: Strategy) -> str:
    author = comment.author
    follows = Subscription.objects.reaching(strategy).filter(person=author).exists()
    return messages.receipt(comment, strategy, brings_news=author.wants_news and follows)


def tell_parent(comment: Comment, parent: Comment, strategy: Strategy) -> None:
    """Tell the author of ``parent``, if they follow ``strategy``, that they were answered."""
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


def tell_again(comment: Comment) -> None:
    """Put the words back into messages that have left, where they can be read again; and write
    the news of a reply that went before it had left. Its key lets nobody hear twice."""
    shown = Comment.objects.visible().select_related("author", "parent", "goal", "phase__strategy")
    comment = shown.filter(pk=comment.pk).first()
    if comment is None:
        return
    about, strategy = comment.about, comment.phase.strategy
    if comment.author:
        subject, body = messages.receipt_subject(comment), _receipt(comment, strategy)
        reword(about=about, key=f"receipt:{comment.pk}", subject=subject, body=body)
    if comment.parent:
        subject = messages.reply_subject(comment, comment.parent)
        reword(
            about=about, key=f"reply:{comment.pk}", subject=subject, body=messages.reply(comment)
        )
        tell_parent(comment, comment.parent, strategy)


def tell_anew(comment: Comment) -> None:
    """Write again what has not left yet and quotes words that are no longer there."""
    strategy = comment.phase.strategy
    waiting = Notification.objects.waiting().filter(about=comment.about)
    keys = set(waiting.values_list("key", flat=True))
    retract(about=comment.about)
    if f"receipt:{comment.pk}" in keys:
        confirm(comment, strategy)
    if f"reply:{comment.pk}" in keys:
        tell_parent(comment, comment.parent, strategy)


def tell_edited(comment: Comment) -> None:
    """Take words that no version shows any more out of messages that have left."""
    subject = messages.edited_subject(comment)
    reword(about=comment.about, subject=subject, body=messages.edited(comment))


def untell(comment: Comment) -> None:
    """Take the words out of messages, of those that have left as well."""
    retract(about=comment.about)
    reword(about=comment.about, subject=messages.gone_subject(comment), body=messages.gone(comment))


def tell_author(comment: Comment, decision: Decision) -> None:
    """Tell its author in ten minutes what was decided, unless they decided it themselves.

    Of withdrawn words nobody could say that they stay, nor quote them.
    """
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
