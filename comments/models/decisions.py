from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from comments.models.comments import Comment
from comments.rulebook import reason_in_public
from strategies.models import TAKE_BACK


class DecisionQuerySet(models.QuerySet):
    def revocable(self):
        """Decisions whose messages have not left, so that they can be taken back."""
        return self.filter(decided_at__gt=Now() - TAKE_BACK)


class Decision(models.Model):
    """A moderator's verdict on a comment: the rule or law, and the sentence people read.

    The author reads it, and of dismissed reports those who reported, too.
    """

    class Verdict(models.TextChoices):
        HIDDEN = "hidden", _("hidden")
        RESTORED = "restored", _("shown again")
        DISMISSED = "dismissed", _("reports dismissed")

    comment = models.ForeignKey(
        Comment, verbose_name=_("comment"), on_delete=models.PROTECT, related_name="decisions"
    )
    verdict = models.CharField(_("decision"), max_length=10, choices=Verdict)
    rule = models.CharField(_("rule"), max_length=5, blank=True)
    # What it said when it was cited; empty when it is one of the start.
    rule_words = models.CharField(max_length=200, blank=True, editable=False)
    explanation = models.CharField(_("explanation"), max_length=1_000, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("decided by"),
        on_delete=models.PROTECT,
        related_name="decisions",
    )
    decided_at = models.DateTimeField(_("decided"), db_default=Now(), editable=False)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["-decided_at", "-pk"]
        constraints = [
            CheckConstraint(
                condition=~Q(verdict="hidden") | (~Q(rule="") & ~Q(explanation="")),
                name="comments_decision_hiding_needs_reasons",
                violation_error_message=_("Hiding needs a rule and an explanation."),
            ),
            CheckConstraint(
                condition=~Q(verdict="dismissed") | ~Q(explanation=""),
                name="comments_decision_dismissing_needs_reason",
                violation_error_message=_("Dismissing needs an explanation."),
            ),
        ]

    def __str__(self):
        return f"{self.get_verdict_display()}: {self.comment}"

    @property
    def about(self) -> str:
        return f"decision:{self.pk}"

    @property
    def reason(self) -> str:
        """The rule as a placeholder names it."""
        return reason_in_public(self.rule, self.rule_words)


class ReportQuerySet(models.QuerySet):
    def open(self):
        """What nobody has decided about yet."""
        return self.filter(decision=None)


class Report(models.Model):
    """A reader says that a comment breaks a rule or the law.

    It is open until a decision answers it; a decision that is taken back opens it again.
    Whoever reports may stay unknown, or leave a name and an address for the answer.
    """

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="reports")
    rule = models.CharField(max_length=5)
    rule_words = models.CharField(max_length=200, blank=True)
    words = models.TextField(max_length=1_000, blank=True)
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="reports"
    )
    name = models.CharField(max_length=60, blank=True)
    email = models.EmailField(blank=True)
    reported_at = models.DateTimeField(db_default=Now())
    decision = models.ForeignKey(
        Decision, null=True, on_delete=models.SET_NULL, related_name="reports"
    )

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        ordering = ["-reported_at", "-pk"]
        constraints = [
            CheckConstraint(
                condition=Q(reporter=None) | Q(name="", email=""),
                name="comments_report_one_reporter",
            )
        ]

    def __str__(self):
        return gettext("Report about {comment}").format(comment=self.comment)

    @property
    def about(self) -> str:
        return f"report:{self.pk}"

    @property
    def reason(self) -> str:
        """What it says is wrong: a rule or the law."""
        return reason_in_public(self.rule, self.rule_words)
