"""The words of the messages about a phase, and the link that ends them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from django.core.signing import BadSignature, Signer
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.messages import absolute, in_town_language
from accounts.models import User
from strategies.models import Phase, PhaseEvent, Strategy, Subscription
from strategies.wording import last_moment, outcome, tally, time_sentence

_ending = Signer(salt="unsubscribe")
_starting = Signer(salt="confirm following")


def unsubscribe_url(
    strategy: Strategy | None, subscriptions: Mapping[str, int] = MappingProxyType({})
) -> Callable[[User | str], str]:
    """For each follower the link that ends the messages on ``strategy``, without sign-in.

    For a person whose ``follows_all`` is known and true it ends all they follow. For an
    address it names the subscription, and so neither address nor person.
    """

    @in_town_language
    def url(follower: User | str) -> str:
        if isinstance(follower, str):
            token = f"0-{subscriptions[follower]}"
        elif strategy is None or getattr(follower, "follows_all", False):
            token = f"{follower.pk}-0"
        else:
            token = f"{follower.pk}-{strategy.pk}"
        return absolute(reverse("unsubscribe", args=[_ending.sign(token)]))

    return url


def ended_by_link(strategy: Strategy) -> Q:
    """Messages to people whose link ends what they hear of this strategy alone."""
    return Q(unsubscribe_url__regex=rf"/[1-9][0-9]*-{strategy.pk}:[^/]+/$")


def read_unsubscribe_token(token: str) -> tuple[int, int] | None:
    """Person and strategy of such a link, or None when it is not one of ours.

    Strategy 0 is all strategies; without person the second number is a subscription.
    """
    try:
        person, other = _ending.unsign(token).split("-")
    except (BadSignature, ValueError):
        return None
    return int(person), int(other)


@in_town_language
def confirm_url(subscription: Subscription) -> str:
    token = _starting.sign(subscription.pk)
    return absolute(reverse("confirm_following", args=[token]))


def read_confirm_token(token: str) -> int | None:
    """The subscription of such a link, or None when it is not one of ours."""
    try:
        return int(_starting.unsign(token))
    except (BadSignature, ValueError):
        return None


def _named(strategy: Strategy | None) -> str:
    if strategy is None:
        return pgettext("e-mails about", "all strategies")
    return _("“{title}”").format(title=strategy.title)


@in_town_language
def please_confirm_subject(strategy: Strategy | None) -> str:
    return _("Please confirm: e-mails about {what}").format(what=_named(strategy))


@in_town_language
def already_following_subject(strategy: Strategy | None) -> str:
    return _("You already get e-mails about {what}").format(what=_named(strategy))


@in_town_language
def please_confirm(subscription: Subscription) -> str:
    """For an address that somebody has entered: the link, and what if it was not they."""
    parts = [
        _(
            "Somebody, probably you, wants to get e-mails about {what}. Please confirm it on this"
            " page within seven days:"
        ).format(what=_named(subscription.strategy)),
        confirm_url(subscription),
        _(
            "If it was not you, there is nothing to do: without confirmation you get no further"
            " messages, and your address is deleted after seven days."
        ),
    ]
    return "\n\n".join(parts)


@in_town_language
def already_following(strategy: Strategy | None, url: str) -> str:
    """For an address that follows and was entered again; ``url`` ends it."""
    parts = [
        _(
            "Somebody, probably you, has entered your address. You already get e-mails about"
            " {what}; there is nothing to do. To get no more of them, use this page:"
        ).format(what=_named(strategy)),
        url,
    ]
    return "\n\n".join(parts)


@in_town_language
def subject(event: PhaseEvent, phase: Phase) -> str:
    kinds = PhaseEvent.Kind
    texts = {
        kinds.OPENED: _("Comment now: “{title}”, until {last}"),
        kinds.CLOSING_SOON: _("Still possible until {last}: comment on “{title}”"),
        kinds.CLOSED: _("Commenting has ended: “{title}”"),
        kinds.EXTENDED: _("More time to comment: “{title}”, until {last}"),
        kinds.REOPENED: _("Commenting is possible again: “{title}”, until {last}"),
        kinds.ANSWERED: _("The administration has answered: “{title}”"),
    }
    return texts[event.kind].format(title=phase.strategy.title, last=last_moment(phase.closes_at))


def _time(event: PhaseEvent, phase: Phase) -> str:
    """When one may comment; after the end also when again, and what becomes of the comments."""
    coming = phase.strategy.phases.filter(opens_at__gte=phase.closes_at)
    following = coming.first() if event.kind == PhaseEvent.Kind.CLOSED else None
    sentence = time_sentence(phase, event.moment, remaining=False, following=following)
    # The sentence that names the next phase leaves it out.
    return f"{sentence} {outcome(phase, event.moment)}" if following else sentence


@in_town_language
def body(event: PhaseEvent, phase: Phase) -> str:
    """For those who follow: what happened, the link, and why they hear of it."""
    parts = [_time(event, phase)]
    if event.kind == PhaseEvent.Kind.CLOSED:
        parts.append(tally(event.contributions, event.participants) + ".")
        parts.append(phase.strategy.next_steps)
    if event.kind == PhaseEvent.Kind.ANSWERED:
        parts.append(event.reason)
    parts.append(absolute(phase.strategy.get_absolute_url()))
    parts.append(_("You get this message because you follow this strategy."))
    return "\n\n".join(parts)


@in_town_language
def staff_body(event: PhaseEvent, phase: Phase) -> str:
    """For those who work here: the same, and where to work."""
    parts = [
        _time(event, phase),
        tally(event.contributions, event.participants) + ".",
        absolute(phase.strategy.get_absolute_url()),
        _("You get this message because you work on this site."),
    ]
    return "\n\n".join(parts)
