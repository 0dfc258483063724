"""Texts that are not published yet: what keeps them, and what throws them away."""

from django.db import transaction
from django.db.models.functions import Now
from django.utils.crypto import get_random_string

from accounts.models import User
from comments.models import Comment, Draft
from strategies.models import Goal, Strategy


@transaction.atomic
def save_draft(
    *,
    person: User,
    strategy: Strategy,
    goal: Goal | None,
    parent: Comment | None,
    version: int | None,
    text: str,
    label: str = "",
) -> Draft:
    """Keep a text for ``person``, who has one per place. ``version`` is as in ``let_wait``."""
    place: dict = {"person": person, "strategy": strategy, "goal": goal, "parent": parent}
    read = parent.version_read(version) if parent else None
    words = {"answered_version": read, "text": text, "label": label, "saved_at": Now()}
    draft, _is_new = Draft.objects.update_or_create(**place, defaults=words)
    return draft


def let_wait(
    *,
    name: str,
    address: str,
    strategy: Strategy,
    goal: Goal | None,
    parent: Comment | None,
    version: int | None,
    text: str,
    label: str = "",
) -> Draft:
    """Keep a text under a token of its own, with who its author says they are.

    ``version`` is the one of ``parent`` that they have read, by default its latest. Nothing
    of this changes afterwards: what somebody has read is what their code publishes.
    """
    return Draft.objects.create(
        token=get_random_string(40),
        name=name,
        address=address.lower(),
        strategy=strategy,
        goal=goal,
        parent=parent,
        answered_version=parent.version_read(version) if parent else None,
        text=text,
        label=label,
    )


def discard_draft(
    *, token: str, strategy: Strategy, goal: Goal | None, parent: Comment | None
) -> None:
    """Forget the text kept under ``token`` for this place; nothing happens when there is none."""
    if not token:
        return
    kept = Draft.objects.filter(person=None, token=token)
    kept.filter(strategy=strategy, goal=goal, parent=parent).delete()
