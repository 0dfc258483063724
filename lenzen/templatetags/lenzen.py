import re
from textwrap import shorten

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import get_language

from accounts.messages import absolute
from accounts.town import GAP
from lenzen.richtext import as_page, clean
from lenzen.search import plain

register = template.Library()

GERMAN = settings.LANGUAGE_CODE

LONGEST_BEGINNING = 200
"""Characters: search engines show no more of a description."""

_TELEPHONE = re.compile(r"(?<![\w+])(?:\+|0)\d[\d /-]{4,}\d")

_HOURS = re.compile(r"(?<=\d)–(?=\d)")
_ONE_WORD = "\N{WORD JOINER}–\N{WORD JOINER}"

register.filter("absolute", absolute)


@register.simple_block_tag
def keep(content: str):
    """What stands inside, to be written more than once: ``{% keep as … %}``. A block cannot."""
    return content


@register.filter
def beginning(html: str):
    """The first words of rich text, without markup."""
    return shorten(plain(html), LONGEST_BEGINNING, placeholder=" …")


@register.filter
def richtext(html: str):
    """Rich text of staff as HTML. Sanitised on save, and again here: rows may come past both."""
    return mark_safe(clean(html))  # noqa: S308


@register.filter
def town_page(html: str):
    """A page that the town wrote: its gaps marked, its language named."""
    marked = GAP.sub(r"<mark>\g<0></mark>", as_page(html))
    return format_html('<div class="richtext" lang="{}">{}</div>', GERMAN, mark_safe(marked))  # noqa: S308


@register.filter
def with_telephone(contact: str):
    """A contact whose telephone number can be tapped, and whose hours stay on one line."""
    contact = _HOURS.sub(_ONE_WORD, contact)
    found = _TELEPHONE.search(contact)
    if found is None:
        return contact
    dialled = re.sub(r"[^\d+]", "", found[0])
    link = format_html('<a href="tel:{}">{}</a>', dialled, found[0])
    return format_html("{}{}{}", contact[: found.start()], link, contact[found.end() :])


@register.filter
def town_words(words: str):
    """Words of the town or its citizens: named as German on a page in another language.

    Not for attributes, titles of windows and fields: there is no element to name it.
    """
    if get_language() == GERMAN:
        return words
    return format_html('<span lang="{}">{}</span>', GERMAN, words)


@register.filter
def with_town_words(sentence, words: str):
    """A sentence of ours, in which ``words`` are the town's: only they are named as German."""
    before, found, after = str(sentence).rpartition(words) if words else ("", "", "")
    if not found or get_language() == GERMAN:
        return sentence
    return format_html("{}{}{}", before, town_words(found), after)


@register.filter
def town_text(html: str):
    """The same for paragraphs that are HTML already."""
    if get_language() == GERMAN:
        return html
    return format_html('<div lang="{}">{}</div>', GERMAN, html)
