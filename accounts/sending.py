"""How messages leave: what is due is claimed, sent and marked."""

import logging
import re
import smtplib
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain
from time import monotonic

from django.core.mail import get_connection
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.actions import record_bounce
from accounts.messages import as_email
from accounts.models import Bounce, Notification, NotificationQuerySet, User

log = logging.getLogger(__name__)

CLAIM = timedelta(minutes=5)
"""How long a worker may hold what it claimed. A batch must be through well before."""

BATCH = 50
"""Mails at a time."""

Letter = list[Notification]
"""What leaves as one mail: one message, or all that was gathered for somebody."""

_ADDRESS = re.compile(r"\S+@\S+")

_ENHANCED_CODE = re.compile(r"\d\.\d{1,3}\.\d{1,3}\b")

_MAILBOX_CODES = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.2.2"}
"""Nobody there, moved, disabled or full: what is said of a mailbox, not of the message or us."""

_MAILBOX_WORDS = re.compile(
    r"""
    (?!.*(sender|relay|authent))
    .*(
        (no\ such|unknown|invalid)\ (user|person|mailbox|recipient|address|account)
        | (user|mailbox|recipient|address|account)\ (is\ )?(unknown|not\ found|does\ not\ exist)
    )
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
"""The same where the server sends no such code. “No such user here. Sender verify failed” is
what everybody's server says when our own address is wrong."""


def retry_delay(attempts: int) -> timedelta:
    """How long to wait after so many failed attempts: 2, 4, 8 ... minutes, at most an hour."""
    return min(timedelta(minutes=2 ** min(attempts, 6)), timedelta(hours=1))


def send_due_notifications() -> int:
    """Send what is due, one batch. Return how many messages were claimed.

    No transaction is open while the mail server answers. A worker that dies in between
    leaves its claim to run out; at most the mail in flight is sent twice.
    """
    _end(Notification.objects.expired(), Notification.Outcome.EXPIRED)
    claimed = _claim() + _claim_gathered()
    if not claimed:
        return 0
    letters, stop_at = deque(_deliverable(claimed)), monotonic() + CLAIM.total_seconds() / 2
    failures: Counter[str] = Counter()
    connection = get_connection()
    try:
        connection.open()
        while letters and monotonic() < stop_at:
            if (letter := _still_owed(letters[0])) and (failure := _send(letter, connection)):
                failures[failure] += 1
            letters.popleft()
    except OSError as error:
        # The server is away: the rest would fare no better, each after a long wait.
        for letter in letters:
            failures[_postpone(letter, error)] += 1
    finally:
        connection.close()
    if failures:
        # Once a batch, and neither to whom nor what.
        reasons = ", ".join(f"{reason} ({number})" for reason, number in failures.items())
        log.warning("The mail server is away or refuses; tried again later: %s", reasons)
    # A server that takes its time would hold us until the claim runs out and others send, too.
    _rows([*chain.from_iterable(letters)]).update(claimed_until=None)
    return sum(map(len, claimed))


@transaction.atomic
def _claim() -> list[Letter]:
    # Two statements: with one, PostgreSQL claimed rows that another worker had just sent.
    # Codes first: somebody waits for them.
    due = Notification.objects.due().filter(is_gathered=False)
    due = due.order_by("-is_private", "send_at", "pk").select_for_update(skip_locked=True)
    ids = list(due.values_list("pk", flat=True)[:BATCH])
    return [[notification] for notification in _take(Notification.objects.filter(pk__in=ids))]


@transaction.atomic
def _claim_gathered() -> list[Letter]:
    # Who holds the person holds all that was gathered for them, so that it leaves in one
    # mail. It is asked for again in the next statement: another worker may have sent it.
    due = Notification.objects.due().filter(is_gathered=True)
    ids = list(due.order_by().values_list("recipient", flat=True).distinct()[:BATCH])
    people = User.objects.filter(pk__in=ids).order_by("pk")
    people = list(people.select_for_update(skip_locked=True, no_key=True))
    letters = defaultdict(list)
    for notification in _take(due.filter(recipient__in=people)):
        letters[notification.recipient_id].append(notification)
    return list(letters.values())


def _take(rows: NotificationQuerySet) -> Letter:
    ids = list(rows.values_list("pk", flat=True))
    Notification.objects.filter(pk__in=ids).update(claimed_until=Now() + CLAIM)
    return _read(Notification.objects.filter(pk__in=ids))


def _read(rows: NotificationQuerySet) -> Letter:
    return list(rows.select_related("recipient").order_by("-is_private", "send_at", "pk"))


def _still_owed(letter: Letter) -> Letter:
    # While the rest of a batch is sent, comments are hidden and accounts erased. One query a
    # letter, so that only what is in flight already can still say what was taken back.
    return _read(_rows(letter).waiting())


def _rows(letter: Letter) -> NotificationQuerySet:
    return Notification.objects.filter(pk__in=[notification.pk for notification in letter])


def _deliverable(letters: list[Letter]) -> Iterator[Letter]:
    """Give up the letters that nobody would get; let pass the others.

    Codes are tried even where mails came back: the way back is to enter one.
    """
    addresses = [letter[0].to for letter in letters]
    bounces = Bounce.objects.filter(address__in=addresses)
    bounced = set(bounces.values_list("address", flat=True))
    for letter in letters:
        first = letter[0]
        if first.recipient and not first.recipient.is_active:
            _give_up(letter, _("The account is deactivated."))
        elif first.to in bounced and not first.is_private:
            _give_up(letter, _("The address takes no mails."))
        else:
            yield letter


def _send(letter: Letter, connection) -> str:
    """Send one mail and write down what became of it. OSError: the server is away.

    Return why it is tried again, as ``_postpone`` does; nothing if it is not.
    """
    try:
        connection.send_messages([as_email(letter)])
    except smtplib.SMTPServerDisconnected:
        raise
    except smtplib.SMTPRecipientsRefused as refused:
        return _refused(letter, *next(iter(refused.recipients.values())))
    except smtplib.SMTPException as error:
        return _postpone(letter, error)
    except OSError:
        raise
    except Exception as error:
        # Whatever it is: one bad message must not hold up the rest.
        return _postpone(letter, error)
    _end(_rows(letter), Notification.Outcome.SENT)
    return ""


def _refused(letter: Letter, code: int, answer: bytes | str) -> str:
    refusal = smtplib.SMTPResponseException(code, answer)
    words = _in_words(refusal)
    if not _names_mailbox(words):
        return _postpone(letter, refusal)
    _give_up(letter, words)
    # Nothing is remembered of addresses that somebody mistyped at the door.
    if not letter[0].is_private:
        record_bounce(address=letter[0].to, answer=without_addresses(words)[:300])
    return ""


def _in_words(error: Exception) -> str:
    if not isinstance(error, smtplib.SMTPResponseException):
        return str(error) or type(error).__name__
    text = error.smtp_error
    text = text.decode(errors="replace") if isinstance(text, bytes) else text
    return f"{error.smtp_code} {text}"


def _names_mailbox(words: str) -> bool:
    """Whether this answer, given for a recipient, says for good that the mailbox takes no mails.

    Only then. A relay that is set up wrongly says 550 for everybody: if that counted, one such
    hour would silence all followers. What is tried again until it expires loses nothing.
    """
    code, _space, text = words.partition(" ")
    if not code.startswith("5"):
        return False
    if enhanced := _ENHANCED_CODE.match(text):
        return enhanced[0] in _MAILBOX_CODES
    return bool(_MAILBOX_WORDS.match(text))


def without_addresses(answer: str) -> str:
    """What a mail server answered, without to whom."""
    return _ADDRESS.sub("…", answer)


def _give_up(letter: Letter, why: str) -> None:
    _end(_rows(letter), Notification.Outcome.GIVEN_UP, last_error=why[:300])


def _end(rows: NotificationQuerySet, outcome: str, **fields) -> None:
    fields |= {"outcome": outcome, "ended_at": Now(), "claimed_until": None}
    if outcome != Notification.Outcome.EXPIRED:
        fields["attempts"] = F("attempts") + 1
    rows = rows.filter(ended_at=None)
    rows.filter(is_private=True).update(subject="", body="", **fields)
    rows.filter(is_private=False).update(**fields)


def _postpone(letter: Letter, error: Exception) -> str:
    """Try again later. Return why, for the log: the server's code, or the kind of error."""
    attempts = max(notification.attempts for notification in letter) + 1
    _rows(letter).update(
        attempts=attempts,
        send_at=Now() + retry_delay(attempts),
        claimed_until=None,
        last_error=_in_words(error)[:300],
    )
    return str(getattr(error, "smtp_code", type(error).__name__))
