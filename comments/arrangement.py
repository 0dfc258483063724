"""Which comments a page shows, and in which order: what its address says about it."""

from dataclasses import dataclass, replace

from django.db.models import Count, Exists, F, FloatField, OuterRef, Q, Subquery, TextChoices
from django.db.models.functions import Cast, Coalesce, Greatest, Sqrt
from django.http import QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from comments.models import READABLE, Comment, CommentQuerySet, Label

KINDS = {
    Label.SUGGESTION: "anregung",
    Label.CONCERN: "bedenken",
    Label.QUESTION: "frage",
    Label.PRAISE: "lob",
}
"""How labels are called in an address."""

SURE = 1.96
"""How many standard deviations the share of those who agree may be lower than it seems: 95 %."""


class Order(TextChoices):
    NEWEST = "neueste", gettext_lazy("Newest")
    OLDEST = "aelteste", gettext_lazy("Oldest")
    APPROVAL = "zustimmung", gettext_lazy("Broad approval")
    DISCUSSED = "diskutiert", gettext_lazy("Most discussed")


@dataclass(frozen=True)
class Choice:
    """A link that shows the comments in another way."""

    words: str
    query: str
    is_current: bool


@dataclass(frozen=True)
class Arrangement:
    """An order, perhaps only comments with ``label``, or only threads in which somebody with
    ``badge`` speaks."""

    order: Order = Order.NEWEST
    label: str = ""
    badge: str = ""

    @classmethod
    def wanted(cls, query: QueryDict, labels: list[str], badges: list[str]) -> "Arrangement":
        """What an address asks for, of the ``labels`` and ``badges`` that there are."""
        order, kind, badge = (query.get(name, "") for name in ("sortierung", "art", "von"))
        label = next((label for label in labels if KINDS[Label(label)] == kind), "")
        return cls(
            order=Order(order) if order in Order.values else Order.NEWEST,
            label=label,
            badge=badge if badge in badges else "",
        )

    @property
    def is_filtered(self) -> bool:
        return bool(self.label or self.badge)

    @property
    def query(self) -> str:
        """How an address asks for it; empty for what it shows by itself."""
        return self.query_of(1)

    def query_of(self, page: int) -> str:
        """The same for one of its pages."""
        parts = {
            "sortierung": "" if self.order == Order.NEWEST else self.order.value,
            "art": KINDS.get(self.label, ""),
            "von": self.badge,
            "seite": "" if page == 1 else page,
        }
        return urlencode({name: value for name, value in parts.items() if value})

    def of(self, place: CommentQuerySet) -> CommentQuerySet:
        """The top-level comments of ``place`` that it shows, in its order."""
        tops = place.filter(parent=None)
        if self.label:
            tops = tops.readable().filter(label=self.label)
        if self.badge:
            theirs = Comment.objects.readable().filter(badge=self.badge)
            replies = theirs.filter(parent=OuterRef("pk"))
            spoken = READABLE & Q(badge=self.badge)
            tops = tops.filter(spoken | Exists(replies))
        return _in_order(tops, self.order)

    def orders(self) -> list[Choice]:
        return [self._choice(order.label, order=order) for order in Order]

    def labels(self, labels: list[str]) -> list[Choice]:
        named = [(Label(label).label, label) for label in labels]
        return [self._choice(words, label=label) for words, label in [(_("All kinds"), ""), *named]]

    def badges(self, badges: list[str]) -> list[Choice]:
        named = [(_("Everybody"), ""), *((badge, badge) for badge in badges)]
        return [self._choice(words, badge=badge) for words, badge in named]

    def _choice(self, words, **changes) -> Choice:
        other = replace(self, **changes)
        return Choice(str(words), other.query, other == self)

    def heading(self, number: int, page) -> str:
        """„23 Kommentare, sortiert nach Neueste, Seite 1 von 2“."""
        words = ngettext("{number} comment", "{number} comments", number)
        if self.badge:
            # Whole conversations, of which others wrote a part.
            words = ngettext("{number} conversation", "{number} conversations", number)
        parts = [words.format(number=number)]
        if self.label:
            parts.append(_("kind: {label}").format(label=Label(self.label).label))
        if self.badge:
            parts.append(_("with words from: {badge}").format(badge=self.badge))
        if page.paginator.count > 1:
            parts.append(_("sorted by: {order}").format(order=self.order.label))
        if page.paginator.num_pages > 1:
            words = _("page {number} of {total}")
            parts.append(words.format(number=page.number, total=page.paginator.num_pages))
        return ", ".join(parts)


def _in_order(tops: CommentQuerySet, order: Order) -> CommentQuerySet:
    if order == Order.OLDEST:
        return tops.order_by("posted_at", "pk")
    if order == Order.APPROVAL:
        return tops.order_by(_approval().desc(), "-posted_at", "-pk")
    if order == Order.DISCUSSED:
        return tops.order_by(_answers().desc(), "-posted_at", "-pk")
    return tops.order_by("-posted_at", "-pk")


def _answers():
    """The number of replies that can be read."""
    answers = Comment.objects.readable().filter(parent=OuterRef("pk")).order_by()
    number = answers.values("parent").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(number), 0)


def _approval():
    """The lower bound of Wilson's interval for the share of those who agree; 0 without votes."""
    agreeing = Cast("agreeing", FloatField())
    number = Cast(F("agreeing") + F("disagreeing"), FloatField())
    spread = Sqrt(agreeing * F("disagreeing") / Greatest(number, 1.0) + SURE**2 / 4)
    return (agreeing + SURE**2 / 2 - SURE * spread) / (number + SURE**2)
