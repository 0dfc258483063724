from django.conf import settings
from django.db import models
from django.db.models import (
    CheckConstraint,
    Exists,
    F,
    Index,
    OuterRef,
    Q,
    Subquery,
    UniqueConstraint,
    Value,
)
from django.db.models.functions import Coalesce, Length, Now
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from strategies.constraints import SEARCH_CONFIG, FullTextIndex
from strategies.models import Goal, Phase, is_public

MAX_LENGTH = 4_000
"""Characters a comment may have, line breaks counted as one."""

models.TextField.register_lookup(Length)


class Label(models.TextChoices):
    """What kind of comment it is, if its author wishes to say so."""

    SUGGESTION = "suggestion", _("Suggestion")
    CONCERN = "concern", _("Concern")
    QUESTION = "question", _("Question")
    PRAISE = "praise", _("Praise")


READABLE = Q(withdrawn_at=None, hidden_by=None)
"""Comments whose words may be shown wherever their strategy may."""


def about_comment(number: int) -> str:
    """How messages name a comment, so that they can be taken back, or said beside it."""
    return f"comment:{number}"


class CommentQuerySet(models.QuerySet):
    def published(self):
        """Comments on what the public may see, whatever became of their words."""
        return self.filter(is_public("phase__strategy__"))

    def readable(self):
        """Comments whose words may be shown wherever their strategy may."""
        return self.filter(READABLE)

    def visible(self):
        """Published comments whose words may be shown."""
        return self.published().readable()

    def contributions(self):
        """What counts: everything that citizens wrote, not what staff wrote."""
        return self.filter(badge="")

    def with_opinion_of(self, person):
        """With what ``person`` thinks of each as ``opinion``, and whether it ``has_versions``."""
        votes = Vote.objects.filter(comment=OuterRef("pk"), person=person)
        versions = CommentVersion.objects.filter(comment=OuterRef("pk"))
        return self.annotate(
            opinion=Subquery(votes.values("opinion")[:1]) if person else Value(""),
            has_versions=Exists(versions),
        )

    def discussion(self, strategy_id: int, goal_id: int | None):
        """Everything said in one place: on a goal, or on the strategy as a whole."""
        if goal_id:
            return self.filter(goal_id=goal_id)
        return self.filter(phase__strategy_id=strategy_id, goal=None)

    def of_threads(self, tops):
        """The comments with these ids, which are no replies, and their replies."""
        return self.alias(top=Coalesce("parent_id", "pk")).filter(top__in=tops)


class Comment(models.Model):
    """What a person said during a phase, on a goal or on the strategy as a whole.

    A comment is hidden exactly when ``hidden_by`` names the decision that hid it: there
    is no way to hide one without giving reasons. Its number (``pk``) is permanent.
    A reply has a ``parent`` that is no reply itself. The author may be gone; the words stay.
    """

    phase = models.ForeignKey(
        Phase, verbose_name=_("phase"), on_delete=models.PROTECT, related_name="comments"
    )
    goal = models.ForeignKey(
        Goal,
        verbose_name=_("goal"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="comments",
        help_text=_("Empty when it is about the strategy as a whole."),
    )
    parent = models.ForeignKey(
        "self",
        verbose_name=_("reply to"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="replies",
        db_index=False,
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("author"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="comments",
    )
    badge = models.CharField(_("badge"), max_length=60, blank=True)
    label = models.CharField(_("label"), max_length=10, choices=Label, blank=True)
    text = models.TextField(_("text"), blank=True)
    version = models.PositiveSmallIntegerField(default=1, editable=False)
    edited_at = models.DateTimeField(null=True, editable=False)
    # Which version of its parent the author of a reply had read.
    answered_version = models.PositiveSmallIntegerField(null=True, editable=False)
    # Counted in the action that votes: the order by approval would count them for every page.
    agreeing = models.PositiveIntegerField(default=0, editable=False)
    disagreeing = models.PositiveIntegerField(default=0, editable=False)
    earlier_votes = models.PositiveIntegerField(default=0, editable=False)
    posted_at = models.DateTimeField(_("posted"), db_default=Now(), editable=False)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    hidden_by = models.ForeignKey(
        "Decision",
        verbose_name=_("hidden by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )

    objects = CommentQuerySet.as_manager()

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["-posted_at", "-pk"]
        indexes = [
            Index(F("goal"), F("posted_at").desc(), F("id").desc(), name="comments_by_goal"),
            # The page of a strategy asks for the newest of each goal, and for their number:
            # without these two it reads every comment.
            Index(
                *[F("goal"), F("posted_at").desc(), F("id").desc()],
                name="comments_newest_by_goal",
                condition=Q(parent=None, withdrawn_at=None, hidden_by=None),
            ),
            Index(
                fields=["goal", "badge", "label", "parent", "withdrawn_at", "hidden_by"],
                name="comments_counted",
            ),
            Index(Coalesce("parent_id", "id"), name="comments_by_thread"),
            # Only of replies: SQLite believes that an index finds few rows without a parent, and
            # would read half of all comments by it, not the newest by the one above.
            Index(fields=["parent"], name="comments_by_parent", condition=~Q(parent=None)),
            Index(fields=["phase", "goal"], name="comments_by_phase"),
            Index(fields=["author", "posted_at"], name="comments_by_author"),
        ]
        constraints = [
            # A partial one for the same reason; a unique field would have a whole index.
            UniqueConstraint(
                fields=["hidden_by"],
                name="comments_hidden_by_one_decision",
                condition=~Q(hidden_by=None),
            ),
            CheckConstraint(
                condition=Q(text__length__gte=1, text__length__lte=MAX_LENGTH)
                | (Q(text="") & ~Q(withdrawn_at=None)),
                name="comments_comment_length",
            ),
            FullTextIndex(name="comments_by_words", field="text", config=SEARCH_CONFIG),
        ]

    def __str__(self):
        return gettext("No. {number}").format(number=self.pk)

    def get_absolute_url(self):
        return reverse("comment", args=[self.pk])

    def open_phase(self) -> Phase | None:
        """Its phase, with ``now``, while one can comment in it."""
        return Phase.objects.open().clocked().filter(pk=self.phase_id).first()

    @property
    def is_gone(self) -> bool:
        return bool(self.withdrawn_at or self.hidden_by_id)

    def was_answered(self) -> bool:
        """Whether somebody has replied to it or voted on it."""
        return self.replies.exists() or self.votes.exists()

    def version_read(self, version: int | None) -> int:
        """The version that somebody answers who says they have read this one; by default the
        latest."""
        return min(version or self.version, self.version)

    @property
    def public_text(self) -> str:
        """The words that may be shown anywhere; empty when there are none."""
        return "" if self.is_gone else self.text

    @property
    def author_name(self) -> str:
        return self.author.public_name if self.author else gettext("Deleted account")

    @property
    def place(self) -> str:
        """Where it was said, for those who work here: „Strategie 3, Leitziel 2: Grüne Stadt“."""
        strategy = self.phase.strategy
        if self.goal is None:
            return str(strategy)
        return gettext("Strategy {number}, {goal}").format(number=strategy.number, goal=self.goal)

    @property
    def about(self) -> str:
        return about_comment(self.pk)


class CommentVersion(models.Model):
    """What a comment said before an edit; kept only if somebody had replied or voted by then.

    It is as public as its comment, until the author removes it: then the words are gone
    and only that there was a version remains.
    """

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField()
    text = models.TextField(blank=True)
    replaced_at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("earlier version")
        verbose_name_plural = _("earlier versions")
        ordering = ["-number"]
        constraints = [
            UniqueConstraint(fields=["comment", "number"], name="comments_version_number_unique"),
            CheckConstraint(
                condition=Q(removed_at=None) ^ Q(text=""), name="comments_version_text_or_removed"
            ),
        ]

    def __str__(self):
        return gettext("{comment}, version {number}").format(
            comment=self.comment, number=self.number
        )


class Opinion(models.TextChoices):
    AGREE = "agree", _("Agree")
    DISAGREE = "disagree", _("Disagree")


class Vote(models.Model):
    """A person's opinion on a comment, and which version of it they had read.

    Who voted how is nobody's business: it is shown nowhere, and no time is kept that
    would tell. The person may be gone; the vote counts on.
    """

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="votes")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="votes"
    )
    opinion = models.CharField(max_length=8, choices=Opinion)
    version = models.PositiveSmallIntegerField(default=1)

    class Meta:
        verbose_name = _("vote")
        verbose_name_plural = _("votes")
        constraints = [
            UniqueConstraint(
                fields=["person", "comment"],
                name="comments_vote_one_per_person",
                condition=~Q(person=None),
            )
        ]

    def __str__(self):
        return gettext("Vote")
