"""Who hears of strategies: what people and addresses switch on and off. None is all strategies."""

from collections.abc import Iterable
from contextlib import suppress

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.crypto import get_random_string

from accounts.actions import choose_rhythm, forget_bounce, notify, retract_unwanted
from accounts.models import User
from strategies import messages
from strategies.models import (
    WORTH_CONFIRMING,
    PhaseEvent,
    Strategy,
    Subscription,
    SubscriptionQuerySet,
)


@transaction.atomic
def subscribe(*, person: User, strategy: Strategy | None) -> None:
    """Let ``person`` hear of ``strategy``, also after having switched it or all news off."""
    _adopt(person.pk)
    if not person.wants_news:
        choose_rhythm(person=person, rhythm=User.Rhythm.AT_ONCE)
    if strategy is None:
        person.subscriptions.update(ended_at=None)
    Subscription.objects.update_or_create(
        person=person, strategy=strategy, defaults={"ended_at": None}
    )


def subscribe_by_commenting(*, person: User, strategy: Strategy) -> None:
    """As ``subscribe``, but who switched it off before, or all, is left alone."""
    if person.subscriptions.filter(strategy=None, ended_at__isnull=False).exists():
        return
    # One statement, so it needs no transaction of its own; looking first would cost six.
    row = Subscription(person=person, strategy=strategy)
    Subscription.objects.bulk_create([row], ignore_conflicts=True)


@transaction.atomic
def unsubscribe(*, person_id: int, strategy_id: int | None) -> None:
    """Let them hear no more of it, nor what waits to be sent.

    The row stays, so that a comment does not start it again, and so that who follows
    all strategies can leave one out. Nothing happens when the person is gone.
    """
    person = User.objects.filter(pk=person_id).first()
    if person is None:
        return
    _adopt(person_id)
    current = person.subscriptions.current()
    if strategy_id is None:
        # Also who never followed all: no later comment is to start anything.
        person.subscriptions.get_or_create(strategy=None)
        current.update(ended_at=Now())
        retract_unwanted(person_id=person_id)
        return
    row, _created = person.subscriptions.get_or_create(strategy_id=strategy_id)
    current.filter(pk=row.pk).update(ended_at=Now())
    events = PhaseEvent.objects.filter(phase__strategy=strategy_id)
    abouts = [event.about for event in events.only("pk")]
    url = messages.unsubscribe_url(row.strategy)(person)
    retract_unwanted(person_id=person_id, url=url, abouts=abouts)


def _adopt(person_id: int) -> None:
    # What the address asked for before there was an account is the person's from now on.
    own = User.objects.filter(pk=person_id).values_list("email")
    take_over(person_id=person_id, addresses=own)


def take_over(*, person_id: int, addresses: Iterable[str]) -> None:
    """Let the person follow what these addresses follow without account."""
    rows = Subscription.objects.filter(person=None, address__in=addresses)
    for row in rows.exclude(confirmed_at=None):
        # The row itself, for mails to the address hold links that end it. Where the person has
        # one, that counts.
        with suppress(IntegrityError), transaction.atomic():
            Subscription.objects.filter(pk=row.pk).update(person=person_id, address="")
    rows.delete()


@transaction.atomic
def ask_to_follow(*, address: str, strategy: Strategy | None) -> None:
    """Mail to ``address`` the link that lets it hear of ``strategy``, or that it does.

    Whoever asks learns nothing of that. Until the link is used the address counts for
    nothing, and after seven days it is forgotten.
    """
    address = address.lower()
    person = User.objects.filter(email=address).first()
    if person and person.wants_news and hears_of(strategy).filter(person=person).exists():
        url = messages.unsubscribe_url(strategy)(person)
        subject = messages.already_following_subject(strategy)
        body = messages.already_following(strategy, url)
    else:
        subject, body = _ask(address, strategy)
    notify(
        addresses=[address],
        key=get_random_string(20),
        subject=subject,
        body=body,
        expires_at=Now() + WORTH_CONFIRMING,
        is_private=True,
    )


def _ask(address: str, strategy: Strategy | None) -> tuple[str, str]:
    row, _created = Subscription.objects.get_or_create(
        person=None, address=address, strategy=strategy
    )
    Subscription.objects.filter(pk=row.pk, confirmed_at=None).update(started_at=Now())
    if not row.confirmed_at:
        return messages.please_confirm_subject(strategy), messages.please_confirm(row)
    url = messages.unsubscribe_url(strategy, {address: row.pk})(address)
    subject = messages.already_following_subject(strategy)
    return subject, messages.already_following(strategy, url)


def hears_of(strategy: Strategy | None) -> SubscriptionQuerySet:
    """Through what ``strategy`` is heard of, or all of them when it is None."""
    current = Subscription.objects.current()
    return Subscription.objects.reaching(strategy) if strategy else current.filter(strategy=None)


@transaction.atomic
def confirm_following(*, subscription_id: int) -> None:
    """Let the address hear from now on, unless it has not asked, or too long ago.

    Where it has an account, the account follows.
    """
    rows = Subscription.objects.unconfirmed().select_for_update(of=("self",))
    row = rows.filter(pk=subscription_id).first()
    if row is None:
        return
    forget_bounce(address=row.address)
    if person := User.objects.filter(email=row.address).first():
        row.delete()
        subscribe(person=person, strategy=row.strategy)
    else:
        Subscription.objects.filter(pk=row.pk).update(confirmed_at=Now())


@transaction.atomic
def forget_follower(*, subscription_id: int) -> None:
    """Forget an address that wants to hear no more, of one strategy or of anything."""
    row = Subscription.objects.filter(pk=subscription_id, person=None).first()
    if row is None:
        return
    url = messages.unsubscribe_url(row.strategy, {row.address: row.pk})(row.address)
    retract_unwanted(address=row.address, url=url)
    rows = Subscription.objects.filter(address=row.address)
    (rows.filter(pk=row.pk) if row.strategy_id else rows).delete()
    if not rows.all().exists() and not User.objects.filter(email=row.address).exists():
        forget_bounce(address=row.address)
