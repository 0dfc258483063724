"""When it is discussed, what happened to that time, and who took part."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, models
from django.db.models import Count, Exists, F, OuterRef, Q, Sum
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from strategies.constraints import NoOverlap
from strategies.models.strategies import Strategy, is_public

CLOSING_SOON = timedelta(days=3)
"""How long before the end those who follow are reminded."""

TAKE_BACK = timedelta(minutes=10)
"""How long a deed of staff can be taken back; its messages wait as long."""


ENDS_TOO_EARLY = _(
    "The phase would end before it begins. Please choose a later end or an earlier beginning."
)


def _is_open(at) -> Q:
    return Q(opens_at__lte=at, closes_at__gt=at) & is_public("strategy__")


class PhaseQuerySet(models.QuerySet):
    def open(self, at: datetime | None = None):
        """Phases of published strategies that take comments at ``at``; by default now,
        by the database's clock.

        A phase includes the instant it opens and excludes the instant it closes.
        """
        return self.filter(_is_open(at or Now()))

    def published(self):
        return self.filter(is_public("strategy__"))

    def begun(self):
        """Phases that people have seen open: only deeds with a public reason move their dates."""
        recorded = PhaseEvent.objects.filter(phase=OuterRef("pk"))
        seen = Exists(recorded) | is_public("strategy__")
        return self.filter(seen, opens_at__lte=Now())

    def clocked(self):
        """With the database's time as ``now``, for everything that is said about time."""
        return self.annotate(now=Now())

    def described(self):
        """With what pages say about time: ``now``, ``is_open`` and the events."""
        return self.clocked().annotate(is_open=_is_open(Now())).prefetch_related("events")

    def with_tally(self):
        """With ``contributions`` of citizens and the number of ``participants``.

        Comments and replies count, also withdrawn and hidden ones and those of erased
        accounts; what staff wrote does not.
        """
        citizens = Q(participations__by_staff=False)
        tallied = self.annotate(
            contributions=Coalesce(Sum("participations__contributions", filter=citizens), 0),
            participants=Count("participations", filter=citizens),
        )
        # Django drops the usual order where it groups.
        return tallied.order_by(*Phase._meta.ordering)

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
        help_text=_(
            "The day on which the answer was published. Those who follow hear of it only by"
            " “Make the answer known…”."
        ),
    )
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    now: datetime
    """The database's time; only where it was asked for: ``clocked()``."""

    objects = PhaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("phase")
        verbose_name_plural = _("phases")
        ordering = ["opens_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")),
                name="strategies_phase_closes_after_opening",
                violation_error_message=ENDS_TOO_EARLY,
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
        return self.participations.tally()


class PhaseEventQuerySet(models.QuerySet):
    def revocable(self):
        """Deeds of staff whose messages have not left, so that they can be taken back."""
        # Counted from the moment from which the messages wait.
        return self.exclude(by=None).filter(moment__gt=Now() - TAKE_BACK)


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
        ANSWERED = "answered", _("answered")

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
    # Of an answer: what the administration says.
    reason = models.CharField(_("public reason"), max_length=300, blank=True)
    contributions = models.PositiveIntegerField(_("contributions"), null=True, blank=True)
    participants = models.PositiveIntegerField(_("participants"), null=True, blank=True)

    objects = PhaseEventQuerySet.as_manager()

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


class ParticipationQuerySet(models.QuerySet):
    def tally(self) -> dict[str, int]:
        """``contributions`` and ``participants``, as ``PhaseQuerySet.with_tally`` counts them;
        but who took part in several phases is one, unless the account was erased."""
        counted = self.filter(by_staff=False).aggregate(
            contributions=Coalesce(Sum("contributions"), 0),
            people=Count("person", distinct=True),
            erased=Count("pk", filter=Q(person=None)),
        )
        participants = counted["people"] + counted["erased"]
        return {"contributions": counted["contributions"], "participants": participants}


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

    objects = ParticipationQuerySet.as_manager()

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
