from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from comments.models.comments import MAX_LENGTH, Comment, Label
from strategies.models import Goal, Strategy

LONGEST_DRAFT = 4 * MAX_LENGTH
"""Characters that may wait for their author, who can then shorten what is too long to publish."""


class Draft(models.Model):
    """A text that waits for its author; only they publish it.

    It belongs to a person, or to whoever holds its unguessable token; a person has
    one per place. Without account it keeps who its author says they are, for as long.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="drafts"
    )
    token = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=60, blank=True)
    address = models.EmailField(blank=True)
    strategy = models.ForeignKey(Strategy, on_delete=models.CASCADE, related_name="+")
    goal = models.ForeignKey(Goal, null=True, on_delete=models.CASCADE, related_name="+")
    parent = models.ForeignKey(Comment, null=True, on_delete=models.CASCADE, related_name="+")
    answered_version = models.PositiveSmallIntegerField(null=True)
    label = models.CharField(max_length=10, choices=Label, blank=True)
    text = models.TextField(max_length=LONGEST_DRAFT)
    saved_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [
            UniqueConstraint(
                fields=["person", "parent"],
                name="comments_draft_one_per_thread",
                condition=~Q(person=None) & ~Q(parent=None),
            ),
            UniqueConstraint(
                fields=["person", "goal"],
                name="comments_draft_one_per_goal",
                condition=~Q(person=None) & ~Q(goal=None) & Q(parent=None),
            ),
            UniqueConstraint(
                fields=["person", "strategy"],
                name="comments_draft_one_per_strategy",
                condition=~Q(person=None) & Q(goal=None, parent=None),
            ),
            UniqueConstraint(
                fields=["token"], name="comments_draft_token_unique", condition=~Q(token="")
            ),
            CheckConstraint(
                condition=Q(person=None) ^ Q(token=""), name="comments_draft_one_owner"
            ),
            CheckConstraint(
                condition=Q(person=None) | Q(name="", address=""),
                name="comments_draft_of_person_or_address",
            ),
        ]

    def __str__(self):
        return gettext("Draft")
