"""How threads stand on the page of a discussion: each is rendered once and remembered.

Rendering a hundred comments costs more than all else on a page. What is remembered hangs on
nothing but what it was made of, the rows of the database and who looks at them, so it cannot
be out of date, and every process has its own.
"""

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language

from accounts.models import User
from comments.models import Comment, Label
from comments.rules import barred_from_voting, may_moderate, no_vote_on
from comments.threads import answers_earlier, comment_of, numbered, placeholder
from strategies.models import Phase, Strategy
from strategies.wording import day_and_time

MOST_THREADS = 1_000
"""How many threads a process remembers: a few megabytes."""


class Told(NamedTuple):
    """What has just been said of one comment to who sees it."""

    number: int
    kind: str
    text: str


class Shown(NamedTuple):
    """All that a page says of a comment, and may offer to who sees it."""

    pk: int
    version: int
    parent_id: int | None
    placeholder: str
    text: str
    author_name: str
    badge: str
    label: str
    posted_at: datetime
    edited_at: datetime | None
    has_versions: bool
    answers_earlier: int | None
    answered_is_kept: bool
    opinion: str | None
    agreeing: int
    disagreeing: int
    earlier_votes: int
    takes_votes: bool
    votes_in_place: bool
    may_report: bool
    may_edit: bool
    may_withdraw: bool
    may_show_again: bool
    is_posted_now: bool
    told: Told | None
    may_moderate: bool

    @property
    def number(self) -> str:
        return numbered(self.pk)

    @property
    def parent_number(self) -> str:
        return numbered(self.parent_id)

    @property
    def url(self) -> str:
        return reverse("comment", args=[self.pk])

    @property
    def admin_url(self) -> str:
        """Where moderators decide about it."""
        return reverse("admin:comments_comment_change", args=[self.pk])

    @property
    def parent_url(self) -> str:
        return reverse("comment", args=[self.parent_id])

    @property
    def date(self) -> str:
        return day_and_time(self.posted_at)

    @property
    def edited(self) -> str:
        return day_and_time(self.edited_at) if self.edited_at else ""

    @property
    def kind(self) -> str:
        return str(Label(self.label).label) if self.label else ""


class Onlooker(NamedTuple):
    """Who sees a discussion, and when: all of it that makes a difference to a thread."""

    phase_id: int | None
    """The one that is open now."""
    person_id: int | None
    """None: not signed in; 0: signed in, and wrote none of it."""
    is_barred: bool = False
    """From every vote."""

    moderates: bool = False
    posted: str | None = None
    """The number of what they have just published."""

    told: Told | None = None

    @classmethod
    def of(
        cls,
        person: User | None,
        strategy: Strategy,
        phase: Phase | None,
        posted: str | None = None,
        told: Told | None = None,
    ) -> "Onlooker":
        """``phase`` is the one open now, ``posted`` what an address says."""
        return cls(
            phase_id=phase.pk if phase else None,
            person_id=person.pk if person else None,
            is_barred=bool(person and phase and barred_from_voting(person, strategy, phase)),
            moderates=person is not None and may_moderate(person) is None,
            posted=posted,
            told=told,
        )

    def stranger(self) -> "Onlooker":
        """As they see what others wrote: like everybody who is signed in, or not."""
        return self._replace(person_id=self.person_id and 0, posted=None, told=None)

    def sees(self, comment: Comment, parent: Comment | None = None) -> Shown:
        """``comment`` comes ``with_opinion_of`` them."""
        is_own = self.wrote(comment)
        is_theirs_to_change = is_own and not comment.hidden_by_id
        is_withdrawn = comment.withdrawn_at is not None
        in_time = self.phase_id is not None and comment.phase_id == self.phase_id
        return Shown(
            pk=comment.pk,
            version=comment.version,
            parent_id=comment.parent_id,
            placeholder=placeholder(comment),
            text=comment.public_text,
            author_name=comment.author_name,
            badge=comment.badge,
            label=comment.label,
            posted_at=comment.posted_at,
            edited_at=comment.edited_at,
            has_versions=comment.has_versions,
            answers_earlier=answers_earlier(comment, parent) if parent else None,
            answered_is_kept=parent is not None and parent.has_versions,
            opinion=comment.opinion,
            agreeing=comment.agreeing,
            disagreeing=comment.disagreeing,
            earlier_votes=comment.earlier_votes,
            takes_votes=not self.is_barred
            and no_vote_on(comment, self.person_id, self.phase_id) is None,
            # Who is not signed in is led to the door.
            votes_in_place=self.person_id is not None,
            may_report=not is_own and not comment.is_gone,
            may_edit=is_theirs_to_change and not is_withdrawn and in_time,
            may_withdraw=is_theirs_to_change and not is_withdrawn,
            may_show_again=is_theirs_to_change and is_withdrawn and self.phase_id is not None,
            is_posted_now=self.has_just_posted(comment),
            told=self.told if self.hears_of(comment) else None,
            may_moderate=self.moderates,
        )

    def wrote(self, comment) -> bool:
        return self.person_id is not None and comment.author_id == self.person_id

    def has_just_posted(self, comment) -> bool:
        return self.wrote(comment) and str(comment.id) == self.posted

    def hears_of(self, comment) -> bool:
        return self.told is not None and comment.id == self.told.number

    def is_concerned(self, comment) -> bool:
        return self.wrote(comment) or self.hears_of(comment)


def markup(
    threads: list[tuple], onlooker: Onlooker, reply_to: Comment | None, view: str
) -> list[tuple[int, str]]:
    """The number of each thread and its HTML; the one that is being answered offers no reply,
    the others lead to it in the ``view`` that an address asks for."""
    stranger, language = onlooker.stranger(), get_language()
    rendered = []
    for top, replies in threads:
        said = (top, *replies)
        eyes = onlooker if any(map(onlooker.is_concerned, said)) else stranger
        is_answered = reply_to is not None and top.id == reply_to.pk
        rendered.append((top.id, _thread(said, eyes, is_answered, view, language)))
    return rendered


@lru_cache(maxsize=MOST_THREADS)
def _thread(
    said: tuple[tuple, ...], onlooker: Onlooker, is_answered: bool, view: str, language: str
) -> str:
    top, *replies = map(comment_of, said)
    context = {
        "top": onlooker.sees(top),
        "replies": [onlooker.sees(reply, top) for reply in replies],
        "view": view,
        "takes_reply": onlooker.phase_id is not None and not (top.is_gone or is_answered),
    }
    return render_to_string("comments/_thread.html", context)
