"""What the web address of a strategy ends with."""

from django.utils.text import slugify

from strategies.models import Strategy

LONGEST_SLUG = 45
"""Characters; five less than the database takes, for a number at the end."""

_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def free_slug(*, title: str, number: int) -> str:
    """The address of strategy ``number``: its title in plain letters, and no other strategy's."""
    slug = slugify(title.lower().translate(_LETTERS)) or f"strategie-{number}"
    if len(slug) > LONGEST_SLUG:
        slug = slug[: LONGEST_SLUG + 1].rpartition("-")[0] or slug[:LONGEST_SLUG]
    taken = Strategy.objects.filter(slug=slug).exclude(number=number).exists()
    return f"{slug}-{number}" if taken else slug
