"""How threads stand on the page of a discussion: each is rendered once and remembered.

Rendering a hundred comments costs more than all else on a page. What is remembered hangs on
nothing but what it was made of, so it cannot be out of date, and every process has its own.
"""

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language

from accounts.models import User
from comments.models import Comment, Label
from comments.rules import may_vote
from comments.threads import numbered, placeholder
from strategies.models import Phase, Strategy
from strategies.wording import day_and_time

MOST_THREADS = 1_000
"""How many threads a process remembers: a few megabytes."""


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
    """Who sees a discussion, and when: signed in or not, with a phase open now or none."""

    strategy: Strategy
    phase: Phase | None
    person: User | None
    posted: str | None = None
    """The number of what they have just published."""

    def sees(self, comment: Comment, parent: Comment | None = None) -> Shown:
        """``comment`` comes ``with_opinion_of`` them."""
        is_own = self.person is not None and comment.author_id == self.person.pk
        is_theirs_to_change = is_own and not comment.hidden_by_id
        is_withdrawn = comment.withdrawn_at is not None
        in_time = self.phase is not None and comment.phase_id == self.phase.pk
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
            answers_earlier=_answers_earlier(comment, parent) if parent else None,
            opinion=comment.opinion,
            agreeing=comment.agreeing,
            disagreeing=comment.disagreeing,
            earlier_votes=comment.earlier_votes,
            takes_votes=in_time
            and may_vote(self.person, comment, self.strategy, self.phase) is None,
            # Who is not signed in is led to the door.
            votes_in_place=self.person is not None,
            may_report=not is_own and not comment.is_gone,
            may_edit=is_theirs_to_change and not is_withdrawn and in_time,
            may_withdraw=is_theirs_to_change and not is_withdrawn,
            may_show_again=is_theirs_to_change and is_withdrawn and self.phase is not None,
            is_posted_now=self.has_just_posted(comment),
        )

    def has_just_posted(self, comment: Comment) -> bool:
        is_own = self.person is not None and comment.author_id == self.person.pk
        return is_own and str(comment.pk) == self.posted


def _answers_earlier(reply: Comment, parent: Comment) -> int | None:
    answered = reply.answered_version or parent.version
    return None if parent.is_gone or answered == parent.version else answered


def add_markup(tops: list[Comment], onlooker: Onlooker, reply_to: Comment | None = None) -> None:
    """Give each thread its ``markup``; the one that is being answered offers no reply."""
    for top in tops:
        replies = tuple(onlooker.sees(reply, top) for reply in top.replies_shown)
        takes_reply = onlooker.phase is not None and not top.is_gone and top != reply_to
        top.markup = _thread(onlooker.sees(top), replies, takes_reply, get_language())


@lru_cache(maxsize=MOST_THREADS)
def _thread(top: Shown, replies: tuple[Shown, ...], takes_reply: bool, language: str) -> str:
    context = {"top": top, "replies": replies, "takes_reply": takes_reply}
    return render_to_string("comments/_thread.html", context)
