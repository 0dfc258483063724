from collections.abc import Iterable
from datetime import datetime, time, timedelta

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.names import skeleton
from accounts.town import PageVersion

GATHERED_UNTIL = time(7)
"""When gathered news leave, by the town's clock; weekly ones on Mondays."""

TRIED_IN_VAIN = 4
"""Attempts after which a message is late: the fourth is made 2 + 4 + 8 minutes after the first."""

LOST = timedelta(hours=1)
"""How long a message that expired after attempts in vain counts as late: to be noticed."""


class UserQuerySet(models.QuerySet):
    def staff(self):
        """Those who work here and may sign in."""
        return self.filter(is_staff=True, is_active=True)

    def hold(self, ids: Iterable[int]) -> set[int]:
        """Those of these people who are there; until commit, nobody deletes their account.

        Those who hold do not wait for one another, nor does who changes an account
        (``FOR KEY SHARE``). SQLite lets only one write at a time, so there is nothing to do.
        """
        if connection.vendor != "postgresql":
            return set(ids)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM accounts_user WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE",
                [list(ids)],
            )
            return {pk for (pk,) in cursor.fetchall()}


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):
    def create_user(self, email: str, password: str | None = None, public_name: str = "", **fields):
        """A new account; without ``password`` it can only be entered by code."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        if public_name:
            user.rename(public_name)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields):
        # `manage.py createsuperuser` says in one sentence what a form would.
        self.model(email=email.strip()).validate_constraints()
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who signs in by e-mail and is known to readers by a public name.

    An account without public name cannot comment; it gives one after its first code.
    No two accounts have names that readers could take for the same (``names.skeleton``).
    """

    class Rhythm(models.TextChoices):
        AT_ONCE = "at_once", _("At once")
        DAILY = "daily", _("Gathered daily")
        WEEKLY = "weekly", _("Gathered weekly")
        NEVER = "never", _("Not at all")

    email = models.EmailField(_("e-mail address"))
    public_name = models.CharField(_("public name"), max_length=60, blank=True)
    # NULL, not empty: those without a name must not clash.
    name_skeleton = models.CharField(max_length=120, null=True, editable=False)  # noqa: DJ001
    badge_text = models.CharField(
        _("badge"),
        max_length=60,
        blank=True,
        help_text=_("For staff: what stands beside the name, for example “Planning office”."),
    )
    suspended_until = models.DateTimeField(
        _("may not comment until"),
        null=True,
        blank=True,
        help_text=_("Reading and withdrawing stay possible."),
    )
    news_rhythm = models.CharField(
        _("news by e-mail"), max_length=10, choices=Rhythm, default=Rhythm.AT_ONCE
    )
    is_staff = models.BooleanField(_("works here"), default=False)
    is_active = models.BooleanField(_("may sign in"), default=True)
    joined_at = models.DateTimeField(_("joined"), db_default=Now(), editable=False)
    warned_at = models.DateTimeField(
        _("asked whether it is still needed"), null=True, editable=False
    )
    # NULL: they came while the rules of the start were valid.
    accepted_rules = models.ForeignKey(
        PageVersion, null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    accepted_rules_at = models.DateTimeField(null=True, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="accounts_user_email_unique",
                violation_error_message=_("There is an account with this e-mail address."),
            ),
            models.UniqueConstraint(
                fields=["name_skeleton"],
                name="accounts_user_name_unique",
                violation_error_message=_("This name is taken, or too close to another one."),
            ),
        ]

    def __str__(self):
        return self.public_name or gettext("Account {number}").format(number=self.pk)

    def rename(self, public_name: str) -> None:
        """Set the public name together with what makes it unique. Does not save."""
        self.public_name = public_name
        self.name_skeleton = skeleton(public_name) or None

    def get_full_name(self):
        return str(self)

    get_short_name = get_full_name

    def news_leave_at(self, moment: datetime) -> datetime:
        """When news that may leave at ``moment`` do: then, or with all that is gathered.

        Seven o'clock is seven o'clock, also on the days on which the clocks change.
        """
        if self.news_rhythm not in (self.Rhythm.DAILY, self.Rhythm.WEEKLY):
            return moment
        town = get_default_timezone()
        day = moment.astimezone(town).date()
        if datetime.combine(day, GATHERED_UNTIL, town) < moment:
            day += timedelta(days=1)
        if self.news_rhythm == self.Rhythm.WEEKLY:
            day += timedelta(days=-day.weekday() % 7)
        return datetime.combine(day, GATHERED_UNTIL, town)

    @property
    def wants_news(self) -> bool:
        return self.news_rhythm != self.Rhythm.NEVER

    def bounce(self) -> "Bounce | None":
        """That their address takes no mails, if it is so."""
        return Bounce.objects.filter(address=self.email.lower()).first()

    @property
    def message_prefix(self) -> str:
        """Begins the key of messages to an address that is not theirs yet, or any more."""
        return f"person:{self.pk}:"

    @property
    def badge(self) -> str:
        """What stands beside the name of staff; empty for citizens."""
        if not self.is_staff:
            return ""
        return self.badge_text or gettext("Administration")


class NotificationQuerySet(models.QuerySet):
    def waiting(self):
        """Neither sent nor ended otherwise."""
        return self.filter(ended_at=None)

    def due(self):
        """Waiting, may be tried now, still worth sending, and not in another worker's hands."""
        return self.waiting().filter(
            Q(claimed_until=None) | Q(claimed_until__lte=Now()),
            send_at__lte=Now(),
            expires_at__gt=Now(),
        )

    def expired(self):
        """Waiting, but no longer worth sending."""
        return self.waiting().filter(expires_at__lte=Now())

    def failed(self):
        """Ended without being sent; staff may let it try again."""
        return self.filter(
            outcome__in=[Notification.Outcome.EXPIRED, Notification.Outcome.GIVEN_UP]
        )

    def overdue(self, since: datetime):
        """Might have been tried since ``since`` and nobody did; or was, and always in vain.

        Each failure moves ``send_at`` on, so attempts are counted.
        """
        untried = self.due().filter(send_at__lte=since)
        in_vain = self.waiting().filter(attempts__gte=TRIED_IN_VAIN)
        lost = self.filter(
            outcome=Notification.Outcome.EXPIRED, attempts__gt=0, ended_at__gt=Now() - LOST
        )
        return untried | in_vain | lost

    def told(self):
        """What people can read again in their account: all that has ended, never a code."""
        return self.exclude(ended_at=None).filter(is_private=False)

    def unread(self):
        return self.told().filter(read_at=None)


class Notification(models.Model):
    """One message owed to one person or to one address.

    The row is the message: it is written in the transaction of the event it tells of,
    at most once for a recipient and occasion (``key``), and keeps what became of it.
    A message has ended exactly when it has an outcome.
    """

    class Outcome(models.TextChoices):
        WAITING = "", _("waiting")
        SENT = "sent", _("sent")
        EXPIRED = "expired", _("expired")
        GIVEN_UP = "given_up", _("given up")
        RETRACTED = "retracted", _("taken back")

    recipient = models.ForeignKey(
        User,
        verbose_name=_("recipient"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="notifications",
    )
    address = models.EmailField(_("address"), blank=True)
    key = models.CharField(_("occasion"), max_length=200)
    about = models.CharField(_("about"), max_length=80, blank=True, db_index=True)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"))
    unsubscribe_url = models.CharField(max_length=300, blank=True)
    is_private = models.BooleanField(
        default=False, help_text=_("Holds a code: shown to nobody, and emptied when it ends.")
    )
    is_gathered = models.BooleanField(
        default=False, help_text=_("Leaves in one mail with whatever else was gathered.")
    )
    created_at = models.DateTimeField(_("written"), db_default=Now(), editable=False)
    send_at = models.DateTimeField(_("leaves"), db_default=Now())
    expires_at = models.DateTimeField(_("pointless from"))
    claimed_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    outcome = models.CharField(
        _("outcome"), max_length=10, choices=Outcome, default=Outcome.WAITING, blank=True
    )
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(
                fields=["send_at"], name="accounts_notification_waiting", condition=Q(ended_at=None)
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(recipient=None) ^ Q(address=""),
                name="accounts_notification_one_recipient",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", ended_at=None) | (~Q(outcome="") & ~Q(ended_at=None)),
                name="accounts_notification_outcome_when_ended",
            ),
            models.UniqueConstraint(
                fields=["recipient", "key"],
                name="accounts_notification_once_per_person",
                condition=~Q(recipient=None),
            ),
            models.UniqueConstraint(
                fields=["address", "key"],
                name="accounts_notification_once_per_address",
                condition=~Q(address=""),
            ),
        ]

    def __str__(self):
        return gettext("Message with a code") if self.is_private else self.subject

    @property
    def to(self) -> str:
        """The address it goes to now, in small letters."""
        address = self.recipient.email if self.recipient else self.address
        return address.lower()

    @property
    def is_about_phase(self) -> bool:
        """It tells many people the same, and nothing that somebody wrote or did."""
        return self.about.startswith("event:")


class Bounce(models.Model):
    """That an address takes no mails: only codes are sent there until one was entered.

    The address and not the person bounces, so a new address is written to at once.
    """

    address = models.EmailField(_("address"), unique=True)
    answer = models.CharField(_("answer of the mail server"), max_length=300, blank=True)
    bounced_at = models.DateTimeField(_("since"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("address that takes no mails")
        verbose_name_plural = _("addresses that take no mails")

    def __str__(self):
        return self.address


class TaskRun(models.Model):
    """When a task of the worker last came to its end, or the sender to that of a batch."""

    task = models.CharField(max_length=80, unique=True)
    finished_at = models.DateTimeField(db_default=Now())

    def __str__(self):
        return self.task

    @classmethod
    def record(cls, task: str) -> None:
        cls.objects.update_or_create(task=task, defaults={"finished_at": Now()})
