"""What this app knows about a person, and how it forgets them."""

import json
from collections.abc import Iterable

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db.models import Q
from django.utils.crypto import salted_hmac

from accounts.models import Bounce, Notification, User
from accounts.town import PageVersion, Statement, Town


def export(person: User) -> dict[str, list[dict]]:
    """Everything about ``person`` here, by section.

    Of messages the words that stand in the account, and of all others only that there are some.
    """
    addresses = addresses_of(person)
    keys = Authenticator.objects.filter(user=person)
    sessions = UserSession.objects.filter(user=person)
    return {
        "account": [_account(person)],
        "addresses": list(
            EmailAddress.objects.filter(user=person).values("email", "verified", "primary")
        ),
        "second_steps": list(keys.values("type", "created_at", "last_used_at")),
        "sessions": list(sessions.values("created_at", "last_seen_at")),
        "messages": _messages(person),
        "bounces": list(
            Bounce.objects.filter(address__in=addresses).values("address", "bounced_at", "answer")
        ),
        "log": list(
            LogEntry.objects.filter(user=person).values("action_time", "action_flag", "object_id")
        ),
        "saved": [
            {"what": str(version), "saved_at": version.saved_at}
            for model in (Town, Statement, PageVersion)
            for version in model.objects.filter(saved_by=person)
        ],
    }


def _account(person: User) -> dict:
    return {
        "number": person.pk,
        "email": person.email,
        "public_name": person.public_name,
        "badge": person.badge,
        "has_password": person.has_usable_password(),
        "news_rhythm": person.news_rhythm,
        "suspended_until": person.suspended_until,
        "joined_at": person.joined_at,
        "last_login": person.last_login,
        "warned_at": person.warned_at,
        "accepted_rules": str(person.accepted_rules or ""),
        "accepted_rules_at": person.accepted_rules_at,
        "is_staff": person.is_staff,
        "roles": ", ".join(person.groups.values_list("name", flat=True)),
    }


def _messages(person: User) -> list[dict]:
    columns = ("about", "created_at", "outcome", "ended_at", "read_at", "last_error")
    every = Notification.objects.filter(Q(recipient=person) | _sent_elsewhere(person))
    words = {
        message.pk: {"subject": message.subject, "text": message.body}
        for message in person.notifications.told()
    }
    return [
        {column: getattr(message, column) for column in columns} | words.get(message.pk, {})
        for message in every
    ]


def addresses_of(person: User) -> set[str]:
    """Every address that is known to be theirs, in small letters."""
    rows = EmailAddress.objects.filter(user=person).values_list("email", flat=True)
    return {address.lower() for address in (person.email, *rows)}


def _sent_elsewhere(person: User) -> Q:
    """Messages to an address of theirs, also to one they are leaving or only asked for."""
    return Q(address__in=addresses_of(person)) | Q(key__startswith=person.message_prefix)


def about_address(address: str) -> str:
    """What a message to others is ``about`` whose words name ``address``, so that it goes with
    it. A keyed hash: who reads the row does not find the address there once more."""
    return f"address:{salted_hmac('about address', address.lower()).hexdigest()}"


def leave_address(address: str) -> None:
    """Forget what was sent to ``address``, which has no account any more, or names it."""
    Notification.objects.filter(Q(address=address) | Q(about=about_address(address))).delete()
    Bounce.objects.filter(address=address).delete()


def erase(person: User) -> None:
    """Delete the account and whatever else holds its address or name. Call it last.

    It must be locked, and nobody may be signed in with it afterwards.
    """
    addresses = addresses_of(person)
    naming = Q(about__in=[about_address(address) for address in addresses])
    Notification.objects.filter(_sent_elsewhere(person) | naming).delete()
    Bounce.objects.filter(address__in=addresses).delete()
    _end_sessions(person, addresses)
    LogEntry.objects.filter(_entries_about(person, addresses)).update(object_repr="–")
    person.delete()


def _entries_about(person: User, addresses: Iterable[str]) -> Q:
    """Entries of the staff's log that are called by their name or address."""
    of_people = ContentType.objects.get_for_model(User)
    return Q(content_type=of_people, object_id=str(person.pk)) | Q(object_repr__in=addresses)


def _end_sessions(person: User, addresses: Iterable[str]) -> None:
    # What a session holds is packed, so each is opened: ten thousand take a third of a second.
    # Among them are those in which somebody asked for a code and never came back.
    ended = []
    for session in Session.objects.iterator():
        kept = session.get_decoded()
        words = json.dumps(kept, default=str, ensure_ascii=False).lower()
        if kept.get("_auth_user_id") == str(person.pk) or any(a in words for a in addresses):
            ended.append(session.pk)
    Session.objects.filter(pk__in=ended).delete()
