"""What happens to strategies, goals and phases."""

import logging
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.actions import (
    WORTH_SENDING,
    notify,
    notify_news,
    retract,
    retract_all,
)
from accounts.models import User
from accounts.town import GAP
from lenzen.richtext import clean
from strategies import messages
from strategies.models import (
    TAKE_BACK,
    Goal,
    GoalVersion,
    Phase,
    PhaseEvent,
    Strategy,
    Subscription,
)
from strategies.wording import day, last_day, overlap_named

log = logging.getLogger(__name__)

NEWS = timedelta(days=1)
"""What happened longer ago is recorded and not mailed."""

Kind = PhaseEvent.Kind


class Refused(Exception):
    """Something that somebody may not do now; ``reason`` is the sentence they read."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class StrategyRefused(Refused):
    pass


class PhaseRefused(Refused):
    pass


def missing(strategy: Strategy) -> list[str]:
    """What keeps a strategy from being published, in sentences."""
    sentences = []
    if not _is_said(strategy.next_steps):
        sentences.append(_("Before it is published, it must say what happens with comments."))
    if not _is_said(strategy.contact):
        sentences.append(_("Before it is published, it must say whom people can ask."))
    return sentences


def _is_said(text: str) -> bool:
    # A starter text whose gap nobody has filled says nothing yet.
    return bool(text.strip()) and not GAP.search(text)


@transaction.atomic
def publish_strategy(*, strategy: Strategy) -> None:
    """Show a strategy to the public. StrategyRefused: it does not say what people must know."""
    strategy = Strategy.objects.select_for_update().get(pk=strategy.pk)
    if sentences := missing(strategy):
        raise StrategyRefused(" ".join(sentences))
    if not strategy.is_public:
        strategy.published_at = Now()
        strategy.save(update_fields=["published_at"])


@transaction.atomic
def unpublish_strategy(*, strategy: Strategy) -> None:
    """Take a strategy back into the draft: for the public it does not exist, nor its comments.

    What waits to be told about its phases, and about comments to those who can switch that
    off, does not leave. Decisions and answers to reports do.
    """
    public = Strategy.objects.published().filter(pk=strategy.pk)
    public.update(published_at=None, taken_back_at=Now())
    # Those who post have waited or are refused; a worker that records holds the phase, and
    # its messages must be there before they are taken back.
    list(Phase.objects.filter(strategy=strategy.pk).order_by("pk").select_for_update())
    events = PhaseEvent.objects.filter(phase__strategy=strategy.pk)
    abouts = [event.about for event in events.only("pk")]
    retract_all(which=Q(about__in=abouts) | messages.ended_by_link(strategy))


@transaction.atomic
def revise_goal(*, goal: Goal, title: str, text: str, reason: str, by: User | None) -> bool:
    """Change the words of a goal. Return whether anything changed.

    Once there are comments the change needs a public ``reason``, and the words that
    people commented on are kept. StrategyRefused: the reason is missing.
    """
    goal = Goal.objects.select_for_update().get(pk=goal.pk)
    before = (goal.title, goal.text)
    goal.title, goal.text = title, clean(text)
    # Rows that are older than the one form of rich text hold line breaks of the editor.
    if (before[0], clean(before[1])) == (goal.title, goal.text):
        return False
    if goal.commented_at:
        if not reason.strip():
            raise StrategyRefused(
                _("People have commented on this goal: please give a public reason.")
            )
        GoalVersion.objects.create(
            goal=goal, title=before[0], text=before[1], reason=reason.strip(), replaced_by=by
        )
    goal.save(update_fields=["title", "text"])
    return True


# Phases: time opens and closes them. These are the deeds that move the time.


@transaction.atomic
def open_phase(*, phase: Phase, by: User, reason: str) -> PhaseEvent:
    """Open now what would open later. PhaseRefused: it has opened, or another one is open."""
    phase, now = _hold(phase)
    if phase.opens_at <= now:
        raise PhaseRefused(_("This phase has already opened."))
    _check_no_other_open(phase, now)
    return _move(phase, Kind.OPENED, now, by, reason, opens_at=now)


@transaction.atomic
def close_phase(*, phase: Phase, by: User, reason: str) -> PhaseEvent:
    """End an open phase now. PhaseRefused: it is not open."""
    phase, now = _hold(phase)
    if not phase.opens_at < now < phase.closes_at:
        raise PhaseRefused(_("Only an open phase can be closed."))
    return _move(phase, Kind.CLOSED, now, by, reason, closes_at=now)


@transaction.atomic
def extend_phase(*, phase: Phase, closes_at: datetime, by: User, reason: str) -> PhaseEvent:
    """Give an open phase a later end. PhaseRefused: it is not open, or the end is not later."""
    phase, now = _hold(phase)
    if not phase.opens_at <= now < phase.closes_at:
        raise PhaseRefused(_("Only an open phase can be extended."))
    if closes_at <= phase.closes_at:
        raise PhaseRefused(_("The new end must be later than the present one."))
    _check_answer(phase, closes_at)
    return _move(phase, Kind.EXTENDED, now, by, reason, closes_at=closes_at)


@transaction.atomic
def reopen_phase(*, phase: Phase, closes_at: datetime, by: User, reason: str) -> PhaseEvent:
    """Open a closed phase again until ``closes_at``. PhaseRefused: it is not closed."""
    phase, now = _hold(phase)
    if now < phase.closes_at:
        raise PhaseRefused(_("Only a closed phase can be opened again."))
    if closes_at <= now:
        raise PhaseRefused(_("The new end must lie in the future."))
    _check_no_other_open(phase, now)
    _check_answer(phase, closes_at)
    return _move(phase, Kind.REOPENED, now, by, reason, closes_at=closes_at)


@transaction.atomic
def answer_phase(*, phase: Phase, by: User, reason: str) -> PhaseEvent:
    """Make known what the administration answers; ``reason`` is its words.

    PhaseRefused: people can still comment, or it has answered before.
    """
    phase, now = _hold(phase)
    if now < phase.closes_at:
        raise PhaseRefused(_("The answer is made known when commenting has ended."))
    if phase.answered_at:
        text = _("The administration answered on {day} already.")
        raise PhaseRefused(text.format(day=day(phase.answered_at)))
    return _move(phase, Kind.ANSWERED, now, by, reason, answered_at=localtime(now).date())


@transaction.atomic
def take_back_event(*, event: PhaseEvent) -> None:
    """Undo a deed, with its messages, as if it had not been. PhaseRefused: too late."""
    phase, _now = _hold(event.phase)
    if phase.events.revocable().filter(pk__gt=event.pk).exists():
        raise PhaseRefused(_("Please undo first what was done later."))
    latest = phase.events.exclude(kind=Kind.CLOSING_SOON).order_by("pk").last()
    field, before, after = _moved(event)
    if latest != event or not event.by_id or getattr(phase, field) != after:
        raise PhaseRefused(_("Something has happened since; this can no longer be taken back."))
    if not phase.events.revocable().filter(pk=event.pk).exists():
        raise PhaseRefused(_("The messages have left; this can no longer be taken back."))
    opened = event.kind not in (Kind.CLOSED, Kind.ANSWERED)
    since = event.moment if event.kind == Kind.OPENED else event.date_before
    if opened and phase.participations.filter(last_at__gte=since).exists():
        raise PhaseRefused(_("Somebody has commented since; this can no longer be taken back."))
    setattr(phase, field, before)
    _save(phase, field)
    retract(about=event.about)
    event.delete()
    _announce_again(phase, until=event.moment)


def _moved(event: PhaseEvent) -> tuple[str, datetime | None, datetime | date]:
    """The date of the phase that a deed changed, and what it was before and after."""
    if event.kind == Kind.ANSWERED:
        return "answered_at", None, localtime(event.moment).date()
    field = "opens_at" if event.kind == Kind.OPENED else "closes_at"
    return field, event.date_before, event.date_after


def _announce_again(phase: Phase, until: datetime) -> None:
    """Owe the messages of the deed that was overtaken at ``until``, while they waited."""
    deeds = phase.events.exclude(by=None).filter(moment__gt=until - TAKE_BACK)
    if earlier := deeds.order_by("pk").last():
        _announce(earlier, phase, earlier.moment + TAKE_BACK)


def _hold(phase: Phase) -> tuple[Phase, datetime]:
    """The phase as it is, for us alone until commit, and the database's time after that."""
    Phase.objects.select_for_update().get(pk=phase.pk)
    phase = Phase.objects.clocked().select_related("strategy").get(pk=phase.pk)
    return phase, phase.now


def _check_no_other_open(phase: Phase, now: datetime) -> None:
    others = Phase.objects.filter(strategy=phase.strategy, opens_at__lte=now, closes_at__gt=now)
    if other := others.first():
        text = _("The phase “{title}” is open. Please close it first.")
        raise PhaseRefused(text.format(title=other.title))


def _check_answer(phase: Phase, closes_at: datetime) -> None:
    """That nobody is promised an answer before they have stopped commenting."""
    if phase.answer_by and not phase.answered_at and phase.answer_by < last_day(closes_at)[0]:
        text = _(
            "The answer is promised by {day}, which would be before the new end. Please change the"
            " promised day first, on the page of the strategy."
        )
        raise PhaseRefused(text.format(day=day(phase.answer_by)))


def _save(phase: Phase, field: str) -> None:
    try:
        phase.validate_constraints()
    except ValidationError as error:
        raise PhaseRefused(" ".join(overlap_named(error).messages)) from error
    phase.save(update_fields=[field, "changed_at"])


def _move(
    phase: Phase, kind: str, now: datetime, by: User, reason: str, **new: datetime | date
) -> PhaseEvent:
    """Move one date of a held phase and tell those who follow, in ten minutes.

    Of an earlier deed that nobody was told of yet nobody hears: it is no longer true.
    """
    if not reason.strip():
        raise PhaseRefused(_("Please give a reason; it is public."))
    ((field, after),) = new.items()
    dates = {"date_before": getattr(phase, field), "date_after": after}
    setattr(phase, field, after)
    _save(phase, field)
    for earlier in phase.events.revocable():
        retract(about=earlier.about)
    event = PhaseEvent.objects.create(
        phase=phase,
        kind=kind,
        moment=now,
        by=by,
        reason=reason.strip(),
        **(dates if kind != Kind.ANSWERED else {}),
        **phase.tally(),
    )
    _announce(event, phase, now + TAKE_BACK)
    return event


def _announce(event: PhaseEvent, phase: Phase, send_at: datetime) -> None:
    """Owe staff and those who follow one message about this event; not whoever did it.

    Of a draft nobody hears.
    """
    if not phase.strategy.is_public:
        return
    # Staff first: who also follows gets this one and, by the same key, not the other.
    overtaken = Q(moment__gt=event.moment - TAKE_BACK, pk__lt=event.pk) & ~Q(by=None)
    said = phase.events.filter(Q(pk=event.pk) | overtaken)
    if said.filter(kind__in=[Kind.OPENED, Kind.CLOSED]).exists():
        notify(
            recipients=User.objects.staff().exclude(pk=event.by_id).iterator(),
            key=event.about,
            about=event.about,
            subject=messages.subject(event, phase),
            body=messages.staff_body(event, phase),
            send_at=send_at,
            expires_at=send_at + WORTH_SENDING,
        )
    addresses = _following_addresses(phase.strategy)
    notify_news(
        recipients=_followers(event, phase).iterator(),
        addresses=addresses,
        key=event.about,
        about=event.about,
        subject=messages.subject(event, phase),
        body=messages.body(event, phase),
        send_at=send_at,
        pointless_from=phase.closes_at if event.moment < phase.closes_at else None,
        unsubscribe_url=messages.unsubscribe_url(phase.strategy, addresses),
    )


def _followers(event: PhaseEvent, phase: Phase) -> QuerySet[User]:
    """The people who hear of this event, with ``follows_all``."""
    reaching = Subscription.objects.reaching(phase.strategy).filter(person=OuterRef("pk"))
    followers = User.objects.filter(Exists(reaching), is_active=True).exclude(pk=event.by_id)
    if event.kind in (Kind.OPENED, Kind.CLOSING_SOON):
        # Both call to comment. The first may be recorded after somebody has.
        followers = followers.exclude(participations__phase=phase)
    return followers.annotate(follows_all=Exists(reaching.filter(strategy=None)))


def _following_addresses(strategy: Strategy) -> dict[str, int]:
    """The addresses that hear of ``strategy``, with the number of their subscription.

    Where an address has an account that has decided about this strategy, that counts.
    """
    decided = Subscription.objects.filter(
        Q(strategy=strategy) | Q(strategy=None), person__email=OuterRef("address")
    )
    rows = Subscription.objects.reaching(strategy).filter(~Exists(decided), person=None)
    # Of two the one for all strategies comes last and counts.
    rows = rows.order_by(F("strategy").asc(nulls_last=True))
    return dict(rows.values_list("address", "pk"))


def record_due_events() -> int:
    """Record what time has done to phases, and owe the messages. Return how many events.

    Safe to run anywhere, twice, at once and after any pause: there is one event and one
    message a person.
    """
    recorded = 0
    for kind in (Kind.OPENED, Kind.CLOSING_SOON, Kind.CLOSED):
        for phase in Phase.objects.due(kind):
            try:
                recorded += _record(phase, kind)
            except Exception:
                # Whatever it is: one phase must not hold up the others. It stays due, so the next
                # run tries it again, and /health/ says that it is late.
                log.exception("Could not record “%s” of phase %s", kind, phase.pk)
    return recorded


@transaction.atomic
def _record(phase: Phase, kind: str) -> bool:
    # Nobody is still posting once we hold the phase, so the tally is final; and another
    # worker waits here for our commit, then finds the event and leaves.
    phase, now = _hold(phase)
    due = Phase.objects.due(kind).filter(pk=phase.pk).first()
    if due is None:
        return False
    event, is_ours = PhaseEvent.objects.get_or_create(
        phase=phase, kind=kind, moment=due.moment, defaults=phase.tally()
    )
    if is_ours and due.moment > now - NEWS:
        _announce(event, phase, now)
    return is_ours
