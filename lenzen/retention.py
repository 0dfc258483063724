"""How long things are kept, why, and how they end: one table, and what runs it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest, Lower, Now
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, override

from accounts.actions import notify
from accounts.adapter import VISIT
from accounts.messages import absolute
from accounts.models import Bounce, Notification, User
from accounts.town import town
from comments.models import Comment, Draft, Report
from comments.personal_data import empty, unname
from comments.rules import TAKE_BACK_WITHDRAWAL
from lenzen.personal_data import ErasureRefused, erase
from strategies.models import WORTH_CONFIRMING, Participation, Subscription
from strategies.wording import day

UNUSED = timedelta(days=2 * 365)
AFTER_WARNING = timedelta(days=62)
"""Two months at least, whichever they are."""


@dataclass(frozen=True)
class Term:
    """What is kept how long, from when, and why. ``end`` ends what is over, and says how much.

    Without ``period`` it ends together with what ``since`` names.
    """

    what: str
    period: timedelta | None
    since: str
    why: str
    end: Callable[[timedelta | None], int]


def keep_terms() -> dict[str, int]:
    """End everything whose time is over. Return how much of each.

    Safe to run anywhere, twice, at once and after any pause.
    """
    return {str(term.what): term.end(term.period) for term in TERMS}


def _counters(period: None) -> int:
    # The cache forgets what has expired only when somebody asks for it again.
    table = connection.ops.quote_name(settings.CACHES["default"]["LOCATION"])
    now = connection.ops.adapt_datetimefield_value(timezone.now().replace(microsecond=0))
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [now])  # noqa: S608
        return cursor.rowcount


def _sessions(period: timedelta) -> int:
    # Each bears its own end: that of a sign-in, or the next day when nobody signed in.
    return Session.objects.filter(expire_date__lte=Now()).delete()[0]


def _listed_sessions(period: None) -> int:
    living = Session.objects.values("session_key")
    return UserSession.objects.exclude(session_key__in=living).delete()[0]


def _codes(period: timedelta) -> int:
    ended = Notification.objects.filter(is_private=True, ended_at__lte=Now() - period)
    return ended.delete()[0]


def _messages(period: timedelta) -> int:
    return Notification.objects.filter(ended_at__lte=Now() - period).delete()[0]


def _drafts_of_visitors(period: timedelta) -> int:
    return Draft.objects.filter(person=None, saved_at__lte=Now() - period).delete()[0]


def _drafts(period: timedelta) -> int:
    return Draft.objects.filter(saved_at__lte=Now() - period).delete()[0]


def _requests(period: timedelta) -> int:
    return Subscription.objects.abandoned().delete()[0]


def _bounces(period: None) -> int:
    bounced = Bounce.objects.annotate(written_to=Lower("address"))
    for known in (
        User.objects.values_list(Lower("email")),
        EmailAddress.objects.values_list(Lower("email")),
        Subscription.objects.exclude(address="").values_list(Lower("address")),
        Report.objects.exclude(email="").values_list(Lower("email")),
        Notification.objects.waiting().exclude(address="").values_list(Lower("address")),
    ):
        bounced = bounced.exclude(written_to__in=known)
    return bounced.delete()[0]


@transaction.atomic
def _withdrawn_words(period: timedelta) -> int:
    return empty(Comment.objects.filter(withdrawn_at__lte=Now() - period))


def _reporters(period: timedelta) -> int:
    return unname(Report.objects.filter(decision__decided_at__lte=Now() - period))


def _unconfirmed_accounts(period: timedelta) -> int:
    confirmed = EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)
    never_used = _citizens().filter(~Exists(confirmed), last_login=None, participations=None)
    return _erase(never_used.filter(joined_at__lte=Now() - period))


def _citizens() -> QuerySet[User]:
    return User.objects.filter(is_staff=False, is_superuser=False)


def _unused(period: timedelta) -> QuerySet[User]:
    """Accounts with which nobody has signed in or written since; ``used_at`` is when."""
    wrote = Participation.objects.filter(person=OuterRef("pk")).order_by("-last_at")
    return (
        _citizens()
        .annotate(
            used_at=Greatest(
                Coalesce("last_login", "joined_at"),
                Coalesce(Subquery(wrote.values("last_at")[:1]), "joined_at"),
            )
        )
        .filter(used_at__lte=Now() - period)
    )


@transaction.atomic
def _warn_unused(period: timedelta) -> int:
    """Ask those who have not come for long whether they still want their account."""
    unasked = Q(warned_at=None) | Q(warned_at__lt=F("used_at"))
    # Held until commit: whoever runs this at the same time then finds them asked.
    people = list(_unused(period).filter(unasked).order_by("pk").select_for_update(of=("self",)))
    notify(
        recipients=people,
        key=f"unused:{timezone.localdate()}",
        subject=_("Do you still need your account? ({site})").format(site=town().site_name),
        body=_(
            "For two years nobody has signed in here with your account.\n\n"
            "If you want to keep it, please sign in once before {day}:\n\n"
            "{url}\n\n"
            "If not, there is nothing to do: after that day it is deleted. Your comments stay,"
            " without your name.\n\n"
            "You get this message because you have an account here."
        ).format(url=absolute("/konto/"), day=day(timezone.localdate() + AFTER_WARNING)),
    )
    User.objects.filter(pk__in=[person.pk for person in people]).update(warned_at=Now())
    return len(people)


def _erase_unused(period: timedelta) -> int:
    warned = _unused(UNUSED).filter(warned_at__lte=Now() - period, warned_at__gte=F("used_at"))
    return _erase(warned)


def _erase(people: QuerySet[User]) -> int:
    erased = 0
    for pk in list(people.values_list("pk", flat=True)):
        # Asked again: they may have come back meanwhile, or another worker was faster.
        for person in people.filter(pk=pk):
            try:
                erase(person)
            except (User.DoesNotExist, ErasureRefused):
                continue
            erased += 1
    return erased


TERMS = [
    Term(
        gettext_lazy("Counters against misuse (stand-ins for network and e-mail addresses)"),
        None,
        gettext_lazy("until their limit is over: an hour for networks, a day for e-mail addresses"),
        gettext_lazy("Nobody may ask for codes or try passwords without end."),
        _counters,
    ),
    Term(
        gettext_lazy("Sessions"),
        timedelta(seconds=settings.SESSION_COOKIE_AGE),
        gettext_lazy("since signing in; a day when nobody signed in"),
        gettext_lazy("Who has signed in stays so for a while."),
        _sessions,
    ),
    Term(
        gettext_lazy("List of one's own sessions"),
        None,
        gettext_lazy("as long as the session"),
        gettext_lazy("People see where they are signed in, and can end it."),
        _listed_sessions,
    ),
    Term(
        gettext_lazy("Messages with a code, and about how an account is protected"),
        timedelta(days=1),
        gettext_lazy("since they were sent; their words are emptied at once"),
        gettext_lazy("Staff can see that messages leave."),
        _codes,
    ),
    Term(
        gettext_lazy("All other messages"),
        timedelta(days=30),
        gettext_lazy("since they were sent or given up"),
        gettext_lazy("People can read them again, and staff can see whether they left."),
        _messages,
    ),
    Term(
        gettext_lazy("Texts of people who have not signed in, with their name and e-mail address"),
        VISIT,
        gettext_lazy("since they were saved"),
        gettext_lazy("The text waits until its author has entered the code."),
        _drafts_of_visitors,
    ),
    Term(
        gettext_lazy("Drafts of people with an account"),
        timedelta(days=30),
        gettext_lazy("since they were saved"),
        gettext_lazy("Nobody loses what they have begun."),
        _drafts,
    ),
    Term(
        gettext_lazy("Words of withdrawn comments"),
        TAKE_BACK_WITHDRAWAL,
        gettext_lazy("since they were withdrawn; place, number and date stay"),
        gettext_lazy("Until then the author can show the comment again."),
        _withdrawn_words,
    ),
    Term(
        gettext_lazy("Name and e-mail address of people without account who reported a comment"),
        timedelta(days=30),
        gettext_lazy("since the decision about it; the report itself stays"),
        gettext_lazy("They hear what became of it, and can ask."),
        _reporters,
    ),
    Term(
        gettext_lazy("Unconfirmed requests for messages by e-mail"),
        WORTH_CONFIRMING,
        gettext_lazy("since they were made"),
        gettext_lazy("Only who reads mails at an address can ask for messages to it."),
        _requests,
    ),
    Term(
        gettext_lazy("Addresses that take no mails"),
        None,
        gettext_lazy("as long as an account, a request, a report or a message has the address"),
        gettext_lazy("So that no more mails are sent there."),
        _bounces,
    ),
    Term(
        gettext_lazy("Accounts whose address nobody has confirmed"),
        timedelta(days=30),
        gettext_lazy("since they were made"),
        gettext_lazy("Perhaps somebody mistyped their address."),
        _unconfirmed_accounts,
    ),
    Term(
        gettext_lazy("Accounts that nobody uses: they are asked by e-mail"),
        UNUSED,
        gettext_lazy("since somebody last signed in or wrote"),
        gettext_lazy("What nobody needs is not kept, and nobody is taken by surprise."),
        _warn_unused,
    ),
    Term(
        gettext_lazy("Accounts that nobody uses: they are deleted, comments stay without name"),
        AFTER_WARNING,
        gettext_lazy("since they were asked, unless somebody signs in"),
        gettext_lazy("What nobody needs is not kept."),
        _erase_unused,
    ),
]


def as_markdown() -> str:
    """The table as it stands in the German plan of deletion."""
    lines = ["| Was | Wie lange | Ab wann | Warum |", "|---|---|---|---|"]
    with override("de"):
        for term in TERMS:
            period = _in_words(term.period) if term.period else "–"
            lines.append(f"| {term.what} | {period} | {term.since} | {term.why} |")
    return "\n".join(lines)


def _in_words(period: timedelta) -> str:
    if period <= timedelta(days=1):
        hours = round(period / timedelta(hours=1))
        return ngettext("{number} hour", "{number} hours", hours).format(number=hours)
    years, days = divmod(period.days, 365)
    if years and not days:
        return ngettext("{number} year", "{number} years", years).format(number=years)
    return ngettext("{number} day", "{number} days", period.days).format(number=period.days)
