from django import template
from django.utils.safestring import mark_safe

from lenzen.richtext import clean

register = template.Library()


@register.filter
def richtext(html: str):
    """Rich text of staff as HTML. Sanitised on save, and again here: rows may come past both."""
    return mark_safe(clean(html))  # noqa: S308
