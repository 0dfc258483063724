"""Who wants to hear of it."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from strategies.models.strategies import Strategy

WORTH_CONFIRMING = timedelta(days=7)
"""How long the link in the mail to a new address works; then the request is forgotten."""


class SubscriptionQuerySet(models.QuerySet):
    def current(self):
        """Those that count: not ended and, without an account, confirmed."""
        return self.filter(ended_at=None).exclude(person=None, confirmed_at=None)

    def reaching(self, strategy: Strategy | OuterRef):
        """Current ones through which ``strategy``, or each of an outer query, is heard of.

        Who follows all strategies and has switched this one off does not.
        """
        # One query further in, an outer one is one further out.
        inner = OuterRef(strategy) if isinstance(strategy, OuterRef) else strategy
        ended = Subscription.objects.filter(
            strategy=inner, person=OuterRef("person"), ended_at__isnull=False
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
