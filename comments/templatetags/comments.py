"""What pages of strategies show of comments, and how citizens' words are shown."""

import re

from django import template
from django.utils.html import Urlizer, escape, linebreaks
from django.utils.safestring import mark_safe

from comments.threads import add_counts, add_newest

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
    return mark_safe(linebreaks(escaped))  # noqa: S308


@register.simple_tag
def add_newest_comments(goals):
    """Give each goal ``count`` and ``newest``."""
    add_newest(goals)
    return ""


@register.simple_tag
def add_comment_counts(strategies):
    """Give each strategy ``count``."""
    add_counts(strategies)
    return ""
