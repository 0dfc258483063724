"""What is up for discussion."""

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lenzen.richtext import RichTextField


def is_public(path: str = "") -> Q:
    """That a strategy is public; ``path`` leads to it. ``Strategy.is_public`` says it of a row."""
    return Q(**{f"{path}published_at__isnull": False})


class StrategyQuerySet(models.QuerySet):
    def published(self):
        """What the public may see; everything else does not exist for it."""
        return self.filter(is_public())


class Strategy(models.Model):
    """A numbered text of the development plan that the town puts up for discussion.

    A strategy is public only when it says what happens with comments and whom to ask.
    """

    number = models.PositiveSmallIntegerField(
        _("number"),
        unique=True,
        error_messages={
            "unique": _("There is a strategy with this number already. Please choose another one.")
        },
    )
    title = models.CharField(_("title"), max_length=200)
    slug = models.SlugField(
        _("address"),
        unique=True,
        error_messages={
            "unique": _("There is a strategy with this address already. Please choose another one.")
        },
        help_text=_(
            "The last part of its web address. Once the strategy has been published it stays:"
            " links in mails and on posters lead there."
        ),
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
    taken_back_at = models.DateTimeField(
        _("taken back into the draft"), null=True, blank=True, editable=False
    )
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

    @property
    def is_public(self) -> bool:
        return self.published_at is not None

    @property
    def has_been_public(self) -> bool:
        """Whether it is, or was: then there are links to its address, and it stays."""
        return self.is_public or self.taken_back_at is not None


class GoalQuerySet(models.QuerySet):
    def published(self):
        return self.filter(is_public("strategy__"))

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
                violation_error_message=_(
                    "The strategy has a goal with this number already. Please choose another one."
                ),
            )
        ]

    def __str__(self):
        return gettext("Goal {number}: {title}").format(number=self.number, title=self.title)

    def get_absolute_url(self):
        return reverse("goal", args=[self.strategy.slug, self.number])


class MilestoneQuerySet(models.QuerySet):
    def clocked(self):
        """With the database's time as ``now``, for everything that is said about time."""
        return self.annotate(now=Now())


class Milestone(models.Model):
    """A day on the way of a strategy that is no phase and no answer: a council decides."""

    strategy = models.ForeignKey(
        Strategy, verbose_name=_("strategy"), on_delete=models.CASCADE, related_name="milestones"
    )
    title = models.CharField(
        _("title"), max_length=100, help_text=_("For example: the council decides.")
    )
    day = models.DateField(_("day"))
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = MilestoneQuerySet.as_manager()

    class Meta:
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        ordering = ["day", "pk"]

    def __str__(self):
        return self.title


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
