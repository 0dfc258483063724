from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import get_language

from lenzen.richtext import clean

register = template.Library()


@register.filter
def richtext(html: str):
    """Rich text of staff as HTML. Sanitised on save, and again here: rows may come past both."""
    return mark_safe(clean(html))  # noqa: S308


@register.filter
def town_words(words: str):
    """Words of the town or its citizens: named as German on a page in another language.

    Not for attributes, titles of windows and fields: there is no element to name it.
    """
    if get_language() == settings.LANGUAGE_CODE:
        return words
    return format_html('<span lang="{}">{}</span>', settings.LANGUAGE_CODE, words)


@register.filter
def town_text(html: str):
    """The same for paragraphs that are HTML already."""
    if get_language() == settings.LANGUAGE_CODE:
        return html
    return format_html('<div lang="{}">{}</div>', settings.LANGUAGE_CODE, html)
