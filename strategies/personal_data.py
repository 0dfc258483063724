"""What this app knows about a person, and how it forgets them."""

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.personal_data import addresses_of
from strategies.models import GoalVersion, Participation, PhaseEvent, Subscription
from strategies.subscriptions import take_over
from strategies.wording import named


def export(person: User) -> dict[str, list[dict]]:
    """Everything about ``person`` here, by section."""
    follows = Subscription.objects.filter(
        Q(person=person) | Q(address__in=addresses_of(person))
    ).select_related("strategy")
    took_part = person.participations.select_related("phase__strategy")
    deeds = PhaseEvent.objects.filter(by=person).select_related("phase__strategy")
    wordings = GoalVersion.objects.filter(replaced_by=person).select_related("goal")
    return {
        "subscriptions": [
            {
                "strategy": named(row.strategy) if row.strategy else _("All strategies"),
                "started_at": row.started_at,
                "confirmed_at": row.confirmed_at,
                "ended_at": row.ended_at,
            }
            for row in follows
        ],
        "participations": [
            {
                "strategy": named(row.phase.strategy),
                "contributions": row.contributions,
                "first_at": row.first_at,
                "last_at": row.last_at,
            }
            for row in took_part
        ],
        "deeds": [
            {"what": str(event), "recorded_at": event.recorded_at, "reason": event.reason}
            for event in deeds
        ],
        "wordings": [
            {"what": str(row.goal), "saved_at": row.replaced_at, "reason": row.reason}
            for row in wordings
        ],
    }


def hold(person: User) -> int:
    """Until commit, let nobody count another contribution of ``person`` where they took part.
    Return how often that was."""
    return len(Participation.objects.filter(person=person).order_by("pk").select_for_update())


def leave_address(person: User, address: str) -> None:
    """Let the account follow what ``address`` followed, which is no longer theirs."""
    take_over(person_id=person.pk, addresses=[address])


def erase(person: User) -> None:
    """Forget what the address asked for. Participations stay, so that no tally changes."""
    Subscription.objects.filter(address__in=addresses_of(person)).delete()
