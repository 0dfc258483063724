"""The words of the messages about a phase, and the link that ends them."""

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from strategies.models import Phase, PhaseEvent, Strategy
from strategies.wording import last_moment, tally, time_sentence

_signer = Signer(salt="unsubscribe")


def absolute(path: str) -> str:
    return f"{settings.SITE_URL}{path}"


def unsubscribe_url(strategy: Strategy):
    """For each person the link that ends the messages on ``strategy``, without sign-in."""

    def url(person: User) -> str:
        token = _signer.sign(f"{strategy.pk}-{person.pk}")
        return absolute(reverse("unsubscribe", args=[token]))

    return url


def read_unsubscribe_token(token: str) -> tuple[int, int] | None:
    """Strategy and person of such a link, or None when it is not one of ours."""
    try:
        strategy, person = _signer.unsign(token).split("-")
    except (BadSignature, ValueError):
        return None
    return int(strategy), int(person)


def subject(event: PhaseEvent, phase: Phase) -> str:
    kinds = PhaseEvent.Kind
    texts = {
        kinds.OPENED: _("Comment now: “{title}”, until {last}"),
        kinds.CLOSING_SOON: _("Still possible until {last}: comment on “{title}”"),
        kinds.CLOSED: _("Commenting has ended: “{title}”"),
        kinds.EXTENDED: _("More time to comment: “{title}”, until {last}"),
        kinds.REOPENED: _("Commenting is possible again: “{title}”, until {last}"),
    }
    return texts[event.kind].format(title=phase.strategy.title, last=last_moment(phase.closes_at))


def body(event: PhaseEvent, phase: Phase) -> str:
    """For those who follow: what happened, the link, and why they hear of it."""
    parts = [time_sentence(phase, event.moment, remaining=False)]
    if event.kind == PhaseEvent.Kind.CLOSED:
        parts.append(tally(event.contributions, event.participants) + ".")
        parts.append(phase.strategy.next_steps)
    parts.append(absolute(phase.strategy.get_absolute_url()))
    parts.append(_("You get this message because you follow this strategy."))
    return "\n\n".join(parts)


def staff_body(event: PhaseEvent, phase: Phase) -> str:
    """For those who work here: the same, and where to work."""
    parts = [
        time_sentence(phase, event.moment, remaining=False),
        tally(event.contributions, event.participants) + ".",
        absolute(phase.strategy.get_absolute_url()),
        _("You get this message because you work on this site."),
    ]
    return "\n\n".join(parts)
