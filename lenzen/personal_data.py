"""What the site knows about a person: to take along, and to be forgotten."""

import json
import logging
import os
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial
from io import BytesIO

from allauth.account.models import EmailAddress
from allauth.account.signals import email_changed
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models.deletion import Collector, ProtectedError
from django.dispatch import receiver
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import accounts.personal_data as of_accounts
import comments.personal_data as of_comments
import strategies.personal_data as of_strategies
from accounts.models import Notification, User
from accounts.town import town
from comments.models import Decision, Label, Opinion
from strategies.actions import Refused
from strategies.wording import day_and_time

log = logging.getLogger(__name__)

SECTIONS = {
    "account": gettext_lazy("Account"),
    "addresses": gettext_lazy("E-mail addresses"),
    "second_steps": gettext_lazy("Second step"),
    "sessions": gettext_lazy("Where you are signed in"),
    "comments": gettext_lazy("Comments"),
    "earlier_versions": gettext_lazy("Earlier versions of your comments"),
    "votes": gettext_lazy("Votes"),
    "reports": gettext_lazy("Comments that you reported"),
    "drafts": gettext_lazy("Drafts"),
    "decisions": gettext_lazy("Decisions about your comments"),
    "participations": gettext_lazy("Participation"),
    "subscriptions": gettext_lazy("What you hear of"),
    "messages": gettext_lazy("Messages to you"),
    "bounces": gettext_lazy("Messages that came back"),
    "decided": gettext_lazy("Decisions that you made"),
    "deeds": gettext_lazy("What you did to phases"),
    "wordings": gettext_lazy("Goals that you changed"),
    "saved": gettext_lazy("Pages and settings that you saved"),
    "log": gettext_lazy("What you did in the staff area"),
}
WORDS = {
    "accepted_rules": gettext_lazy("agreed to"),
    "accepted_rules_at": gettext_lazy("agreed"),
    "about": gettext_lazy("about"),
    "action_flag": gettext_lazy("what"),
    "action_time": gettext_lazy("when"),
    "address": gettext_lazy("address"),
    "answer": gettext_lazy("answer of the mail server"),
    "badge": gettext_lazy("badge"),
    "bounced_at": gettext_lazy("since"),
    "comment": gettext_lazy("comment No."),
    "confirmed_at": gettext_lazy("confirmed"),
    "contributions": gettext_lazy("contributions"),
    "created_at": gettext_lazy("made"),
    "decided_at": gettext_lazy("decided"),
    "edited_at": gettext_lazy("edited"),
    "email": gettext_lazy("e-mail address"),
    "ended_at": gettext_lazy("ended"),
    "explanation": gettext_lazy("explanation"),
    "first_at": gettext_lazy("for the first time"),
    "has_password": gettext_lazy("has a password"),
    "is_hidden": gettext_lazy("hidden"),
    "is_staff": gettext_lazy("works here"),
    "joined_at": gettext_lazy("joined"),
    "label": gettext_lazy("label"),
    "last_at": gettext_lazy("for the last time"),
    "last_error": gettext_lazy("last error"),
    "last_login": gettext_lazy("last signed in"),
    "last_seen_at": gettext_lazy("last seen"),
    "last_used_at": gettext_lazy("last used"),
    "name": gettext_lazy("name"),
    "news_rhythm": gettext_lazy("news by e-mail"),
    "number": gettext_lazy("number"),
    "object_id": gettext_lazy("number of what it was about"),
    "opinion": gettext_lazy("opinion"),
    "outcome": gettext_lazy("outcome"),
    "place": gettext_lazy("on"),
    "posted_at": gettext_lazy("posted"),
    "primary": gettext_lazy("in use"),
    "public_name": gettext_lazy("public name"),
    "read_at": gettext_lazy("read"),
    "reason": gettext_lazy("public reason"),
    "recorded_at": gettext_lazy("recorded"),
    "reported_at": gettext_lazy("reported"),
    "replaced_at": gettext_lazy("replaced"),
    "reply_to": gettext_lazy("reply to No."),
    "roles": gettext_lazy("roles"),
    "rule": gettext_lazy("rule"),
    "saved_at": gettext_lazy("saved"),
    "started_at": gettext_lazy("begun"),
    "strategy": gettext_lazy("strategy"),
    "subject": gettext_lazy("subject"),
    "suspended_until": gettext_lazy("may not comment until"),
    "text": gettext_lazy("text"),
    "type": gettext_lazy("kind"),
    "verdict": gettext_lazy("decision"),
    "verified": gettext_lazy("confirmed"),
    "warned_at": gettext_lazy("asked whether it is still needed"),
    "what": gettext_lazy("what"),
    "withdrawn_at": gettext_lazy("withdrawn"),
    "words": gettext_lazy("words"),
}


CHOICES = {
    "label": Label,
    "news_rhythm": User.Rhythm,
    "opinion": Opinion,
    "outcome": Notification.Outcome,
    "type": Authenticator.Type,
    "verdict": Decision.Verdict,
}
"""What stands for words in the database."""

ONLY_FOR_MACHINES = {"about", "action_flag"}


class ErasureRefused(Refused):
    pass


def export(person: User) -> dict[str, list[dict]]:
    """Everything about ``person``, by section, in the order in which it is read."""
    found = of_accounts.export(person) | of_strategies.export(person) | of_comments.export(person)
    return {name: found[name] for name in SECTIONS}


def as_zip(person: User) -> bytes:
    """The same for machines and for people: JSON, and a page to read."""
    known = export(person)
    words = json.dumps(known, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
    context = {"person": person, "sections": _readable(known), "town": town()}
    context["made_at"] = day_and_time(timezone.now())
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_("my-data.json"), words)
        archive.writestr(_("my-data.html"), render_to_string("account/my_data_file.html", context))
    return packed.getvalue()


def _readable(known: dict[str, list[dict]]) -> list[dict]:
    return [
        {"title": SECTIONS[name], "rows": [list(_said(row)) for row in rows]}
        for name, rows in known.items()
        if rows
    ]


def _said(row: dict) -> Iterator[tuple[str, str, bool]]:
    """What is known, how it is called, and whether somebody wrote it: then it is German."""
    for key, value in row.items():
        if value in ("", None) or key in ONLY_FOR_MACHINES:
            continue
        if key in CHOICES:
            yield WORDS[key], CHOICES[key](value).label, False
        else:
            yield WORDS[key], _in_words(value), isinstance(value, str)


def _in_words(value) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return day_and_time(value) if isinstance(value, datetime) else str(value)


def refusal(person: User) -> str | None:
    """Say why this account is not deleted, or None if it may be.

    Who has decided for the town stays named in its records.
    """
    sentence = _(
        "You work here, or have worked here: your decisions stay, with who made them. So your"
        " account is not deleted. Whoever gives roles here can deactivate it; then nobody can"
        " sign in with it, and no messages are sent to it."
    )
    if person.is_staff or person.is_superuser:
        return sentence
    try:
        Collector(using=DEFAULT_DB_ALIAS).collect([person])
    except ProtectedError:
        return sentence
    return None


@transaction.atomic
def erase(person: User, *, withdraw: bool = False) -> None:
    """Delete an account with everything that names it, here and at once.

    Comments stay under „Deleted account“, or are withdrawn; what others wrote stays, and
    no tally changes. Once it is certain, the number goes into the file of erased
    accounts. ErasureRefused: it is one of staff.
    """
    person = _hold(person)
    if reason := refusal(person):
        raise ErasureRefused(reason)
    line = f"{person.pk} {person.joined_at.isoformat()} {'withdraw' if withdraw else 'keep'}"
    of_comments.erase(person, withdraw=withdraw)
    of_strategies.erase(person)
    of_accounts.erase(person)
    # Not before: of an account that lives on, nothing may stand there.
    transaction.on_commit(partial(_write_down, line))


class _WroteMeanwhile(Exception):
    pass


def _hold(person: User) -> User:
    """Until commit, let nobody write as ``person``, nor about what they wrote.

    In the order of all who write: what a person did first, then the person. What somebody
    did in between is held by whoever waits for the person next, so then the person is let
    go, and it begins anew.
    """
    while True:
        held = of_strategies.hold(person) + of_comments.hold(person)
        with suppress(_WroteMeanwhile), transaction.atomic():
            locked = User.objects.select_for_update().get(pk=person.pk)
            if locked.participations.count() + locked.comments.count() != held:
                raise _WroteMeanwhile
            return locked


# Connected here: an address is changed at an address of the site, and those lead to this module.
@receiver(email_changed)
@transaction.atomic
def leave_address(*, user: User, from_email_address: EmailAddress | None, **signal) -> None:
    """Keep nothing under the address that ``user`` has just changed for another one.

    Nobody could find it any more when the account is erased.
    """
    if from_email_address:
        address = from_email_address.email.lower()
        of_comments.leave_address(address)
        of_strategies.leave_address(user, address)
        of_accounts.leave_address(address)


def _write_down(line: str) -> None:
    try:
        with open(settings.ERASED_ACCOUNTS_FILE, "a", encoding="ascii") as file:
            file.write(f"{line}\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        # The account is gone; whoever restores a backup must hear of it all the same.
        log.exception("Could not write down that an account was erased: %s", line)


def reapply(lines: Iterable[str]) -> tuple[int, list[int]]:
    """Erase again what came back with a backup; safe to repeat.

    Return how many accounts were erased, and the numbers of those that were refused: in
    the backup they are of staff. Numbers are given anew after a restore, so an account is
    recognised by the moment it was made, too. ValueError names the line that is none;
    nobody is erased then.
    """
    erased, refused = 0, set()
    for number, joined_at, choice in list(_written_down(lines)):
        person = User.objects.filter(pk=number).first()
        # Not asked of SQLite: it compares words, and its clock writes milliseconds.
        if person and person.joined_at == joined_at:
            try:
                erase(person, withdraw=choice == "withdraw")
            except ErasureRefused:
                refused.add(number)
            else:
                erased += 1
    return erased, sorted(refused)


def _written_down(lines: Iterable[str]) -> Iterator[tuple[int, datetime, str]]:
    for place, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            number, joined_at, choice = line.split()
            if choice not in ("keep", "withdraw"):
                raise ValueError(choice)
            yield int(number), datetime.fromisoformat(joined_at), choice
        except ValueError as error:
            raise ValueError(f"line {place} is “{line}”") from error
