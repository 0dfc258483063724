"""Who people are, and the outbox: what is owed to them. How it leaves is in ``sending``."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain, islice

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Lower, Now
from django.utils.crypto import get_random_string

from accounts.messages import second_step_removed, second_step_removed_subject
from accounts.models import Bounce, Notification, NotificationQuerySet, User
from accounts.names import NameRefusal, refusal, tidy
from accounts.town import PageVersion, frame

WORTH_SENDING = timedelta(days=3)
"""How long a message is worth sending when nothing else is said."""

ROWS_A_STATEMENT = 1_000


class NameRefused(Exception):
    """Somebody may not bear a name; ``reason`` is the sentence that says why."""

    def __init__(self, reason: NameRefusal):
        super().__init__(reason)
        self.reason = reason


@transaction.atomic
def confirm_address(*, address: str) -> User:
    """The account of whoever reads mails at ``address``; made if there is none.

    Call it only when they have shown that they do.
    """
    address = address.lower()
    # Not iexact: for PostgreSQL, which compares in capitals, “ı” would be “i”.
    person, is_new = User.objects.annotate(written=Lower("email")).get_or_create(
        written__exact=address, defaults={"email": address, "password": make_password(None)}
    )
    if is_new and (rules := frame().rules):
        # The form that led here says that they apply.
        accept_rules(person=person, version=rules)
    # One address a person, one person an address: what was confirmed before and has been
    # changed since, in the admin, must not lock anybody out.
    known = EmailAddress.objects.filter(Q(email=address) | Q(user=person))
    known.exclude(email=address, user=person).delete()
    EmailAddress.objects.update_or_create(
        email=address, user=person, defaults={"verified": True, "primary": True}
    )
    forget_bounce(address=address)
    return person


@transaction.atomic
def choose_name(*, person: User, name: str) -> None:
    """Give ``person`` this public name. Raise NameRefused if they may not bear it."""
    name = tidy(name)
    if reason := refusal(name, person):
        raise NameRefused(reason)
    person.rename(name)
    try:
        with transaction.atomic():
            person.save(update_fields=["public_name", "name_skeleton"])
    except IntegrityError:
        # The unique row decides, so that of two who ask at once one gets it.
        person.refresh_from_db(fields=["public_name", "name_skeleton"])
        raise NameRefused(NameRefusal.TAKEN) from None


@transaction.atomic
def remove_second_step(*, person: User) -> bool:
    """Let whoever has lost it sign in without; they are signed out everywhere, and told.

    Call it only when it is sure who asks: from now on their mailbox opens the account.
    Return whether there was one; if not, nothing happens.
    """
    number, _of_each = Authenticator.objects.filter(user=person).delete()
    if not number:
        return False
    for session in UserSession.objects.filter(user=person):
        session.end()
    notify(
        recipients=[person],
        key=person.message_prefix + get_random_string(20),
        subject=second_step_removed_subject(),
        body=second_step_removed(),
        is_private=True,
    )
    return True


@transaction.atomic
def accept_rules(*, person: User, version: PageVersion) -> None:
    """Keep that ``person`` has agreed to the rules of conduct as they stand in ``version``."""
    person.accepted_rules, person.accepted_rules_at = version, Now()
    person.save(update_fields=["accepted_rules", "accepted_rules_at"])
    person.refresh_from_db(fields=["accepted_rules_at"])


@transaction.atomic
def choose_rhythm(*, person: User, rhythm: str) -> None:
    """Let ``person`` hear news as often as this.

    What was gathered before still leaves when it was to; with „not at all“ it does not.
    """
    person.news_rhythm = rhythm
    person.save(update_fields=["news_rhythm"])
    if rhythm == User.Rhythm.NEVER:
        retract_unwanted(person_id=person.pk)


@transaction.atomic
def notify(
    *,
    recipients: Iterable[User] = (),
    addresses: Iterable[str] = (),
    key: str,
    subject: str,
    body: str,
    about: str = "",
    send_at: datetime | Combinable | None = None,
    expires_at: datetime | Combinable | None = None,
    is_private: bool = False,
    unsubscribe_url: Callable[[User | str], str] = lambda follower: "",
) -> None:
    """Owe everybody one message; who was owed one for this ``key`` before, gets none.

    Call it once for all, in the transaction of the event that the message tells of.
    It leaves at ``send_at`` (by default at once) and is pointless from ``expires_at``
    (by default three days later). For news call ``notify_news``.
    """
    send_at = send_at or Now()
    words = {"key": key, "about": about, "subject": subject, "body": body, "is_private": is_private}
    times = {"send_at": send_at, "expires_at": expires_at or send_at + WORTH_SENDING}
    followers: Iterator[User | str] = chain(recipients, addresses)
    _owe(
        Notification(unsubscribe_url=unsubscribe_url(follower), **_to(follower), **words, **times)
        for follower in followers
    )


@transaction.atomic
def notify_news(
    *,
    recipients: Iterable[User] = (),
    addresses: Iterable[str] = (),
    key: str,
    about: str,
    subject: str,
    body: str,
    send_at: datetime,
    pointless_from: datetime | None = None,
    unsubscribe_url: Callable[[User | str], str],
) -> None:
    """As ``notify``, but each person hears it as often as they chose, or not at all.

    ``send_at`` comes from the database. News that would be pointless when the gathered
    ones leave are not held back.
    """

    words = {"key": key, "about": about, "subject": subject, "body": body}
    wanted = (person for person in recipients if person.wants_news)
    followers: Iterator[User | str] = chain(wanted, addresses)
    _owe(
        Notification(
            unsubscribe_url=unsubscribe_url(follower),
            **_to(follower),
            **words,
            **_news_times(follower, send_at, pointless_from),
        )
        for follower in followers
    )


def _to(follower: User | str) -> dict:
    return {"recipient": follower} if isinstance(follower, User) else {"address": follower}


def _news_times(
    follower: User | str, send_at: datetime, pointless_from: datetime | None
) -> dict[str, datetime | bool]:
    leave_at = send_at
    if isinstance(follower, User):
        leave_at = follower.news_leave_at(send_at)
    if pointless_from and leave_at >= pointless_from:
        leave_at = send_at
    worth = leave_at + WORTH_SENDING
    return {
        "send_at": leave_at,
        "expires_at": min(worth, pointless_from or worth),
        "is_gathered": leave_at != send_at,
    }


def _owe(messages: Iterator[Notification]) -> None:
    while batch := list(islice(messages, ROWS_A_STATEMENT)):
        for message in batch:
            message.subject = _shortened(message.subject)
        # Who deletes their account just now must not keep others from hearing, nor the deed
        # from being done.
        people = {message.recipient_id for message in batch if message.recipient_id}
        living = User.objects.hold(people) if people else set()
        owed = [message for message in batch if message.address or message.recipient_id in living]
        Notification.objects.bulk_create(owed, ignore_conflicts=True)


def _shortened(subject: str) -> str:
    """A title alone may be as long as the column, and PostgreSQL refuses what is longer."""
    most = Notification._meta.get_field("subject").max_length
    return subject if len(subject) <= most else f"{subject[: most - 1].rstrip()}…"


def retract(*, about: str) -> int:
    """Take back every message about this that has not left. Return how many."""
    return Notification.objects.waiting().filter(about=about).delete()[0]


def reword(*, about: str, subject: str, body: str, key: str = "") -> None:
    """Let these words stand where people can read again what they were told about this; with
    ``key`` only in the messages of that occasion.

    What could not be sent is not tried again.
    """
    told = Notification.objects.filter(about=about).exclude(ended_at=None)
    if key:
        told = told.filter(key=key)
    told.update(subject=_shortened(subject), body=body)
    told.failed().update(outcome=Notification.Outcome.RETRACTED)


def retract_unwanted(
    *, person_id: int | None = None, address: str = "", url: str = "", abouts: Iterable[str] = ()
) -> None:
    """Take back what somebody no longer wants: what ``url`` ends, or is about this; or all."""
    follower = Q(recipient=person_id) if person_id else Q(address=address)
    unwanted = follower & ~Q(unsubscribe_url="")
    if url:
        unwanted &= Q(unsubscribe_url=url) | Q(about__in=abouts)
    retract_all(which=unwanted)


def retract_all(*, which: Q) -> None:
    """Take back all of these that have not left.

    What could not be sent stays in the account and is not tried again.
    """
    unwanted = Notification.objects.filter(which)
    unwanted.failed().update(outcome=Notification.Outcome.RETRACTED)
    unwanted.waiting().delete()


@transaction.atomic
def record_bounce(*, address: str, answer: str = "") -> None:
    """Write to ``address`` no more, except codes; what waits for it will be given up."""
    Bounce.objects.get_or_create(address=address, defaults={"answer": answer})


def forget_bounce(*, address: str) -> None:
    """Write to ``address`` again. Somebody has shown to read it, or staff want it tried."""
    Bounce.objects.filter(address=address).delete()


@transaction.atomic
def mark_read(*, person: User, up_to: int) -> None:
    """What ``person`` was told up to this message is read."""
    person.notifications.unread().filter(pk__lte=up_to).update(read_at=Now())


@transaction.atomic
def retry_notifications(*, notifications: NotificationQuerySet) -> int:
    """Let messages that were given up or expired try again now. Return how many.

    Messages with a code are not among them: their text is gone; nor what was taken back
    since. That mails to the address came back is forgotten, so that the mail server is asked
    again.
    """
    ended = notifications.failed().filter(is_private=False)
    addresses = {notification.to for notification in ended.select_related("recipient")}
    Bounce.objects.filter(address__in=addresses).delete()
    return ended.update(
        outcome=Notification.Outcome.WAITING,
        ended_at=None,
        attempts=0,
        send_at=Now(),
        expires_at=Now() + WORTH_SENDING,
    )
