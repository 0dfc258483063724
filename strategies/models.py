from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, models
from django.db.models import Count, Exists, F, OuterRef, Q, Sum
from django.db.models.functions import Coalesce, Now
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lenzen.richtext import RichTextField
from strategies.constraints import NoOverlap

CLOSING_SOON = timedelta(days=3)
"""How long before the end those who follow are reminded."""

TAKE_BACK = timedelta(minutes=10)
"""How long a deed of staff can be taken back; its messages wait as long."""


WORTH_CONFIRMING = timedelta(days=7)
"""How long the link in the mail to a new address works; then the request is forgotten."""


class StrategyQuerySet(models.QuerySet):
    def published(self):
        """What the public may see; everything else does not exist for it."""
        return self.filter(published_at__lte=Now())


class Strategy(models.Model):
    """A numbered text of the development plan that the town puts up for discussion.

    A strategy is public only when it says what happens with comments and whom to ask.
    """

    number = models.PositiveSmallIntegerField(_("number"), unique=True)
    title = models.CharField(_("title"), max_length=200)
    slug = models.SlugField(
        _("address"), unique=True, help_text=_("The last part of its web address.")
    )
    summary = models.CharField(
        _("summary"), max_length=300, blank=True, help_text=_("One sentence for the cards.")
    )
    edition = models.CharField(
        _("edition"),
        max_length=100,
        blank=True,
        help_text=_("For example: Draft of 30 June 2022."),
    )
    introduction = RichTextField(_("introduction"), blank=True)
    next_steps = models.TextField(
        _("what happens with the comments"),
        blank=True,
        help_text=_("Who reads them, who answers until when, and who decides."),
    )
    contact = models.CharField(
        _("contact"),
        max_length=200,
        blank=True,
        help_text=_("A person or an office, with telephone number and hours."),
    )
    commenting_intended = models.BooleanField(
        _("commenting is intended"),
        default=True,
        help_text=_("If not, the page says so instead of promising a date."),
    )
    published_at = models.DateTimeField(_("published"), null=True, blank=True, editable=False)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = StrategyQuerySet.as_manager()

    class Meta:
        verbose_name = _("strategy")
        verbose_name_plural = _("strategies")
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(published_at=None) | (~Q(next_steps="") & ~Q(contact="")),
                name="strategies_strategy_published_complete",
                violation_error_message=_(
                    "A published strategy says what happens with the comments and whom to ask."
                ),
            )
        ]

    def __str__(self):
        return gettext("Strategy {number}: {title}").format(number=self.number, title=self.title)

    def get_absolute_url(self):
        return reverse("strategy", args=[self.slug])


class GoalQuerySet(models.QuerySet):
    def published(self):
        return self.filter(strategy__in=Strategy.objects.published())

    def with_history(self):
        """With ``is_revised``: whether there are earlier words to read."""
        return self.annotate(is_revised=Exists(GoalVersion.objects.filter(goal=OuterRef("pk"))))


class Goal(models.Model):
    """A numbered part of a strategy, and the thing that people comment on.

    Once somebody has commented (``commented_at``), its words change only through
    ``actions.revise_goal``, which gives a public reason and keeps the old ones.
    """

    strategy = models.ForeignKey(
        Strategy, verbose_name=_("strategy"), on_delete=models.CASCADE, related_name="goals"
    )
    number = models.PositiveSmallIntegerField(_("number"))
    title = models.CharField(_("title"), max_length=200)
    text = RichTextField(_("text"), blank=True)
    commented_at = models.DateTimeField(_("first comment"), null=True, editable=False)

    objects = GoalQuerySet.as_manager()

    class Meta:
        verbose_name = _("goal")
        verbose_name_plural = _("goals")
        ordering = ["strategy", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["strategy", "number"],
                name="strategies_goal_number_unique",
                violation_error_message=_("There is a goal with this number in the strategy."),
            )
        ]

    def __str__(self):
        return gettext("Goal {number}: {title}").format(number=self.number, title=self.title)

    def get_absolute_url(self):
        return reverse("goal", args=[self.strategy.slug, self.number])


class GoalVersion(models.Model):
    """The words of a goal before they were changed, and why they were."""

    goal = models.ForeignKey(
        Goal, verbose_name=_("goal"), on_delete=models.CASCADE, related_name="versions"
    )
    title = models.CharField(_("title"), max_length=200)
    text = RichTextField(_("text"), blank=True)
    replaced_at = models.DateTimeField(_("replaced"), db_default=Now(), editable=False)
    replaced_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("changed by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    reason = models.CharField(_("public reason"), max_length=300)

    class Meta:
        verbose_name = _("earlier wording of a goal")
        verbose_name_plural = _("earlier wordings of goals")
        ordering = ["-replaced_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason=""), name="strategies_goalversion_reason_given"
            )
        ]

    def __str__(self):
        return self.title


class PhaseQuerySet(models.QuerySet):
    def open(self, at: datetime | None = None):
        """Phases of published strategies that take comments at ``at``; by default now,
        by the database's clock.

        A phase includes the instant it opens and excludes the instant it closes.
        """
        at = at or Now()
        return self.filter(
            opens_at__lte=at, closes_at__gt=at, strategy__in=Strategy.objects.published()
        )

    def published(self):
        return self.filter(strategy__in=Strategy.objects.published())

    def begun(self):
        """Phases that people have seen open: only deeds with a public reason move their dates."""
        recorded = PhaseEvent.objects.filter(phase=OuterRef("pk"))
        seen = Exists(recorded) | Q(strategy__in=Strategy.objects.published())
        return self.filter(seen, opens_at__lte=Now())

    def clocked(self):
        """With the database's time as ``now``, for everything that is said about time."""
        return self.annotate(now=Now())

    def described(self):
        """With what pages say about time: ``now``, ``is_open`` and the events."""
        is_open = Exists(Phase.objects.open().filter(pk=OuterRef("pk")))
        return self.clocked().annotate(is_open=is_open).prefetch_related("events")

    def with_tally(self):
        """With ``contributions`` of citizens and the number of ``participants``.

        Comments and replies count, also withdrawn and hidden ones and those of erased
        accounts; what staff wrote does not.
        """
        citizens = Q(participations__by_staff=False)
        return self.annotate(
            contributions=Coalesce(Sum("participations__contributions", filter=citizens), 0),
            participants=Count("participations", filter=citizens),
        )

    def due(self, kind: str):
        """Phases whose moment for ``kind`` has come and was not recorded, with it as ``moment``.

        Phases of drafts are announced when they are published. A phase shorter than
        the reminder, or one whose end was moved after the reminder's moment, has none.
        """
        moments = {
            PhaseEvent.Kind.OPENED: F("opens_at"),
            PhaseEvent.Kind.CLOSING_SOON: F("closes_at") - CLOSING_SOON,
            PhaseEvent.Kind.CLOSED: F("closes_at"),
        }
        recorded = PhaseEvent.objects.filter(
            phase=OuterRef("pk"), kind=kind, moment=OuterRef("moment")
        )
        due = self.published().annotate(moment=moments[kind]).filter(moment__lte=Now())
        if kind == PhaseEvent.Kind.CLOSING_SOON:
            moved = PhaseEvent.objects.filter(
                phase=OuterRef("pk"),
                kind__in=[PhaseEvent.Kind.EXTENDED, PhaseEvent.Kind.REOPENED],
                recorded_at__gte=OuterRef("moment"),
            )
            due = due.filter(~Exists(moved), closes_at__gt=Now(), moment__gt=F("opens_at"))
        return due.filter(~Exists(recorded))

    def hold(self, strategy_id: int) -> None:
        """Until commit, let nobody change this strategy or the dates of its phases.

        Those who hold do not wait for one another (``FOR SHARE``); whoever changes,
        by whatever path, waits for all of them. SQLite lets only one write at a time
        (``BEGIN IMMEDIATE``), so there is nothing to do.
        """
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT FROM strategies_strategy AS strategy"
                    " JOIN strategies_phase ON strategy_id = strategy.id"
                    " WHERE strategy.id = %s FOR SHARE",
                    [strategy_id],
                )

    def hold_open(self, strategy_id: int) -> "Phase | None":
        """The open phase of the strategy, held until commit, with ``now`` from the database.

        It is asked for in the statement after the lock: ``Now()`` is the start of a
        statement, and one who waited past the closing must not get in.
        """
        self.hold(strategy_id)
        return self.open().clocked().filter(strategy_id=strategy_id).first()


class Phase(models.Model):
    """A time in which people may comment on a strategy; time alone opens and closes it.

    The phases of a strategy do not overlap; the database sees to it.
    """

    strategy = models.ForeignKey(
        Strategy, verbose_name=_("strategy"), on_delete=models.CASCADE, related_name="phases"
    )
    title = models.CharField(_("title"), max_length=100, default="Kommentierphase")
    description = models.TextField(_("description"), blank=True)
    opens_at = models.DateTimeField(_("opens"))
    closes_at = models.DateTimeField(_("closes"))
    answer_by = models.DateField(
        _("answer promised by"),
        null=True,
        blank=True,
        help_text=_("The day by which the administration answers. It is shown in public."),
    )
    answered_at = models.DateField(
        _("answered on"),
        null=True,
        blank=True,
        help_text=_("The day on which the answer was published."),
    )
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = PhaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("phase")
        verbose_name_plural = _("phases")
        ordering = ["opens_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")),
                name="strategies_phase_closes_after_opening",
                violation_error_message=_("A phase closes after it has opened."),
            ),
            NoOverlap(
                name="strategies_phase_no_overlap",
                group="strategy",
                start="opens_at",
                end="closes_at",
            ),
        ]

    def __str__(self):
        return gettext("{phase} on strategy {number}").format(
            phase=self.title, number=self.strategy.number
        )

    def tally(self) -> dict[str, int]:
        """``contributions`` and ``participants``, as ``with_tally`` counts them."""
        counted = Phase.objects.with_tally().filter(pk=self.pk)
        return counted.values("contributions", "participants").get()


class PhaseEvent(models.Model):
    """Something that happened to a phase at ``moment``: claim, history and trigger in one.

    There is one row for a phase, kind and moment, however many workers see it.
    """

    class Kind(models.TextChoices):
        OPENED = "opened", _("opened")
        CLOSING_SOON = "closing_soon", _("closing soon")
        CLOSED = "closed", _("closed")
        EXTENDED = "extended", _("extended")
        REOPENED = "reopened", _("reopened")

    phase = models.ForeignKey(
        Phase, verbose_name=_("phase"), on_delete=models.CASCADE, related_name="events"
    )
    kind = models.CharField(_("event"), max_length=20, choices=Kind)
    moment = models.DateTimeField(_("moment"))
    recorded_at = models.DateTimeField(_("recorded"), db_default=Now(), editable=False)
    date_before = models.DateTimeField(_("date before"), null=True, blank=True)
    date_after = models.DateTimeField(_("date after"), null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("Empty when time itself did it."),
    )
    reason = models.CharField(_("public reason"), max_length=300, blank=True)
    contributions = models.PositiveIntegerField(_("contributions"), null=True, blank=True)
    participants = models.PositiveIntegerField(_("participants"), null=True, blank=True)

    class Meta:
        verbose_name = _("event of a phase")
        verbose_name_plural = _("events of phases")
        ordering = ["moment", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["phase", "kind", "moment"], name="strategies_phaseevent_once"
            ),
            models.CheckConstraint(
                condition=Q(by=None) | ~Q(reason=""),
                name="strategies_phaseevent_deed_has_reason",
                violation_error_message=_("Please give a reason; it is public."),
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()}: {self.phase}"

    @property
    def about(self) -> str:
        """How messages name this event, so that they can be taken back with it."""
        return f"event:{self.pk}"


class Participation(models.Model):
    """That a person took part in a phase, and how often. The row outlives the account."""

    phase = models.ForeignKey(Phase, on_delete=models.PROTECT, related_name="participations")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="participations",
    )
    by_staff = models.BooleanField(default=False)
    contributions = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField(db_default=Now(), editable=False)
    last_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("participation")
        verbose_name_plural = _("participations")
        constraints = [
            models.UniqueConstraint(
                fields=["phase", "person"],
                name="strategies_participation_once",
                condition=~Q(person=None),
            )
        ]

    def __str__(self):
        return f"{self.person} – {self.phase}"


class SubscriptionQuerySet(models.QuerySet):
    def current(self):
        """Those that count: not ended and, without an account, confirmed."""
        return self.filter(ended_at=None).exclude(person=None, confirmed_at=None)

    def reaching(self, strategy: Strategy):
        """Current ones through which ``strategy`` is heard of.

        Who follows all strategies and has switched this one off does not.
        """
        ended = Subscription.objects.filter(
            strategy=strategy, person=OuterRef("person"), ended_at__isnull=False
        )
        follows_all = Q(strategy=None) & ~Exists(ended)
        return self.current().filter(Q(strategy=strategy) | follows_all)

    def unconfirmed(self):
        """Requests by e-mail whose link nobody has used, and still can."""
        return self.filter(person=None, confirmed_at=None, started_at__gt=Now() - WORTH_CONFIRMING)

    def abandoned(self):
        """Requests by e-mail that nobody has confirmed in time: to be deleted."""
        return self.filter(person=None, confirmed_at=None, started_at__lte=Now() - WORTH_CONFIRMING)


class Subscription(models.Model):
    """That a person, or an address without account, wants to hear of a strategy or of all.

    A person who switches off keeps the row, so that a later comment does not switch it
    on again, and so that who follows all can leave one out. An address that does is
    forgotten. An address counts when ``confirmed_at`` is known.
    """

    strategy = models.ForeignKey(
        Strategy,
        verbose_name=_("strategy"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="subscriptions",
        help_text=_("Empty: all strategies."),
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="subscriptions",
    )
    address = models.EmailField(_("address"), blank=True)
    started_at = models.DateTimeField(db_default=Now(), editable=False)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        constraints = [
            models.CheckConstraint(
                condition=Q(person=None) ^ Q(address=""),
                name="strategies_subscription_one_follower",
            ),
            models.UniqueConstraint(
                fields=["strategy", "person"], name="strategies_subscription_once"
            ),
            models.UniqueConstraint(
                fields=["person"],
                name="strategies_subscription_all_once",
                condition=Q(strategy=None),
            ),
            models.UniqueConstraint(
                fields=["strategy", "address"],
                name="strategies_subscription_address_once",
                condition=~Q(address=""),
            ),
            models.UniqueConstraint(
                fields=["address"],
                name="strategies_subscription_address_all_once",
                condition=Q(strategy=None) & ~Q(address=""),
            ),
        ]

    def __str__(self):
        follower = self.person or gettext("An address without account")
        return f"{follower} – {self.strategy or gettext('All strategies')}"
