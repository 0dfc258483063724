"""What pages of strategies show of comments, and how citizens' words are shown."""

import re

from django import template
from django.utils.html import Urlizer, escape, format_html, linebreaks
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from comments.markup import Shown
from comments.models import Opinion
from comments.threads import add_counts, earlier_votes, votes_in_words, with_newest

register = template.Library()


class _CitizenLinks(Urlizer):
    # `ugc`: search engines take it for what it is; `noopener`: the other page stays outside.
    url_template = '<a href="{href}" rel="nofollow ugc noopener"{attrs}>{url}</a>'


_links = _CitizenLinks()
# Looking at every word is half the cost of a page of comments, and few hold a link.
_MAY_LINK = re.compile(r"[.:@]\S")


@register.filter
def citizen_text(text: str):
    """Plain words of a citizen as HTML: escaped, with line breaks and links."""
    escaped = _links(text, autoescape=True) if _MAY_LINK.search(text) else escape(text)
    return mark_safe(linebreaks(escaped) if "\n" in text else f"<p>{escaped}</p>")  # noqa: S308


# The words change with the state; the form stands once, before the comments.
_BUTTON = (
    '<button form="stimmen" formaction="{address}"{in_place} name="stimme" value="{value}"'
    ' id="{id}" aria-pressed="{pressed}">{words}'
    '<span class="visually-hidden">: {number}</span></button>'
)


@register.filter
def votes(comment: Shown):
    """What people think of a comment: as buttons where the viewer may say it too, else in words."""
    if not comment.takes_votes:
        said = votes_in_words(comment)
        return format_html('<p class="small">{}</p>', said) if said else ""
    agrees, disagrees = comment.opinion == Opinion.AGREE, comment.opinion == Opinion.DISAGREE
    buttons = [
        _button(comment, "ja", agrees, _("You agree") if agrees else _("Agree"), comment.agreeing),
        _button(
            comment,
            "nein",
            disagrees,
            _("You disagree") if disagrees else _("Disagree"),
            comment.disagreeing,
        ),
    ]
    if comment.earlier_votes:
        buttons.append(f'<span class="small">{escape(earlier_votes(comment))}</span>')
    # Nothing in it was written by people.
    return mark_safe(f'<p class="votes">{" ".join(buttons)}</p>')  # noqa: S308


def _button(comment: Shown, value: str, is_pressed: bool, words: str, count: int) -> str:
    # A vote is for the version that was read.
    address = f"{comment.url}stimme/?fassung={comment.version}"
    return _BUTTON.format(
        address=address,
        in_place=f' data-hx-post="{address}"' if comment.votes_in_place else "",
        value="keine" if is_pressed else value,
        id=f"{value}-{comment.pk}",
        pressed="true" if is_pressed else "false",
        words=f"{words} ({count})" if count else words,
        number=comment.number,
    )


@register.simple_tag
def with_newest_comments(goals, strategy):
    """These goals, each with ``count`` and ``newest``, and ``strategy`` with ``whole_count``."""
    return with_newest(goals, strategy)


@register.simple_tag
def add_comment_counts(strategies):
    """Give each strategy ``count``."""
    add_counts(strategies)
    return ""
