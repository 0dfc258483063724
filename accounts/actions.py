"""Who people are, and the outbox: what is owed to them and how it leaves."""

import smtplib
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import chain, islice

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.mail import EmailMessage, get_connection
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.models import Notification, NotificationQuerySet, User
from accounts.names import NameRefusal, refusal, tidy

WORTH_SENDING = timedelta(days=3)
"""How long a message is worth sending when nothing else is said."""

CLAIM = timedelta(minutes=5)
"""How long a worker may hold what it claimed. A batch must be through well before."""

BATCH = 50
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
    address = address.strip().lower()
    person, _created = User.objects.get_or_create(
        email__iexact=address, defaults={"email": address, "password": make_password(None)}
    )
    # One address a person, one person an address: what was confirmed before and has been
    # changed since, in the admin, must not lock anybody out.
    known = EmailAddress.objects.filter(Q(email=address) | Q(user=person))
    known.exclude(email=address, user=person).delete()
    EmailAddress.objects.update_or_create(
        email=address, user=person, defaults={"verified": True, "primary": True}
    )
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
    unsubscribe_url: Callable[[User], str] = lambda person: "",
) -> None:
    """Owe everybody one message; who was owed one for this ``key`` before, gets none.

    Call it once for all, in the transaction of the event that the message tells of.
    It leaves at ``send_at`` (by default at once) and is pointless from ``expires_at``
    (by default three days later).
    """
    send_at = send_at or Now()
    fields = {
        "key": key,
        "about": about,
        "subject": subject,
        "body": body,
        "is_private": is_private,
        "send_at": send_at,
        "expires_at": expires_at or send_at + WORTH_SENDING,
    }
    rows = chain(
        (
            Notification(recipient=person, unsubscribe_url=unsubscribe_url(person), **fields)
            for person in recipients
        ),
        (Notification(address=address, **fields) for address in addresses),
    )
    while batch := list(islice(rows, ROWS_A_STATEMENT)):
        Notification.objects.bulk_create(batch, ignore_conflicts=True)


def retract(*, about: str) -> int:
    """Take back every message about this that has not left. Return how many."""
    return Notification.objects.waiting().filter(about=about).delete()[0]


def retry_notifications(*, notifications: NotificationQuerySet) -> int:
    """Let messages that were given up or expired try again now. Return how many.

    Messages with a code are not among them: their text is gone.
    """
    return notifications.filter(
        outcome__in=[Notification.Outcome.GIVEN_UP, Notification.Outcome.EXPIRED], is_private=False
    ).update(
        outcome=Notification.Outcome.WAITING,
        ended_at=None,
        attempts=0,
        send_at=Now(),
        expires_at=Now() + WORTH_SENDING,
    )


def retry_delay(attempts: int) -> timedelta:
    """How long to wait after so many failed attempts: 2, 4, 8 ... minutes, at most an hour."""
    return min(timedelta(minutes=2 ** min(attempts, 6)), timedelta(hours=1))


def send_due_notifications() -> int:
    """Send what is due, one batch. Return how many messages were claimed.

    No transaction is open while the mail server answers. A worker that dies in between
    leaves its claim to run out; at most the message in flight is sent twice.
    """
    _end(Notification.objects.expired(), Notification.Outcome.EXPIRED)
    claimed = _claim()
    if not claimed:
        return 0
    connection = get_connection()
    waiting = deque(claimed)
    try:
        connection.open()
        while waiting:
            _send(waiting[0], connection)
            waiting.popleft()
    except OSError as error:
        # The server is away: the rest would fare no better, each after a long wait.
        for notification in waiting:
            _postpone(notification, error)
    finally:
        connection.close()
    return len(claimed)


@transaction.atomic
def _claim() -> list[Notification]:
    # Two statements: with one, PostgreSQL claimed rows that another worker had just sent.
    due = Notification.objects.due().order_by("send_at", "pk").select_for_update(skip_locked=True)
    ids = list(due.values_list("pk", flat=True)[:BATCH])
    Notification.objects.filter(pk__in=ids).update(claimed_until=Now() + CLAIM)
    claimed = Notification.objects.filter(pk__in=ids).select_related("recipient")
    return list(claimed.order_by("send_at", "pk"))


def _send(notification: Notification, connection) -> None:
    """Send one message and write down what became of it. OSError: the server is away."""
    row = Notification.objects.filter(pk=notification.pk)
    if notification.recipient and not notification.recipient.is_active:
        _end(row, Notification.Outcome.GIVEN_UP, last_error=_("The account is deactivated."))
        return
    try:
        connection.send_messages([as_email(notification)])
    except smtplib.SMTPServerDisconnected:
        raise
    except smtplib.SMTPRecipientsRefused as refused:
        _refused(notification, *next(iter(refused.recipients.values())))
    except smtplib.SMTPDataError as refused:
        _refused(notification, refused.smtp_code, refused.smtp_error)
    except smtplib.SMTPException as error:
        _postpone(notification, error)
    except OSError:
        raise
    except Exception as error:
        # Whatever it is: one bad message must not hold up the rest.
        _postpone(notification, error)
    else:
        _end(row, Notification.Outcome.SENT)


def _refused(notification: Notification, code: int, answer: bytes | str) -> None:
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    if 500 <= code < 600:
        row = Notification.objects.filter(pk=notification.pk)
        _end(row, Notification.Outcome.GIVEN_UP, last_error=f"{code} {text}"[:300])
    else:
        _postpone(notification, f"{code} {text}")


def _end(rows: NotificationQuerySet, outcome: str, **fields) -> None:
    fields |= {"outcome": outcome, "ended_at": Now(), "claimed_until": None}
    if outcome != Notification.Outcome.EXPIRED:
        fields["attempts"] = F("attempts") + 1
    rows = rows.filter(ended_at=None)
    rows.filter(is_private=True).update(subject="", body="", **fields)
    rows.filter(is_private=False).update(**fields)


def _postpone(notification: Notification, error: Exception | str) -> None:
    attempts = notification.attempts + 1
    Notification.objects.filter(pk=notification.pk).update(
        attempts=attempts,
        send_at=Now() + retry_delay(attempts),
        claimed_until=None,
        last_error=(str(error) or type(error).__name__)[:300],
    )


def as_email(notification: Notification) -> EmailMessage:
    """The message as it leaves: its words, who sends it, and how to hear no more."""
    town = settings.TOWN
    foot = [f"{town['site_name']}\n{settings.SITE_URL}/", _("Questions? {contact}").format(**town)]
    # The same number each time, so that a message sent twice can be recognised.
    headers = {
        "Message-ID": f"<{notification.pk}.{notification.created_at:%s}@{_host()}>",
        "Auto-Submitted": "auto-generated",
    }
    if notification.unsubscribe_url:
        foot.append(_("No more of these messages: {url}").format(url=notification.unsubscribe_url))
        headers["List-Unsubscribe"] = f"<{notification.unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return EmailMessage(
        subject=notification.subject,
        body="\n\n".join([notification.body.strip(), "-- \n" + "\n".join(foot)]) + "\n",
        to=[notification.recipient.email if notification.recipient else notification.address],
        headers=headers,
    )


def _host() -> str:
    return settings.SITE_URL.partition("://")[2].partition(":")[0].partition("/")[0]
