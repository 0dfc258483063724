"""Every address of the site, from its own table of contents."""

from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.resolvers import LocalePrefixPattern


def public_addresses(**examples):
    """Name and path of each public address, with these values in it where they fit.

    Those of the sign-in and of the admin are not among them.
    """
    for pattern in _patterns(get_resolver()):
        if isinstance(pattern, URLPattern):
            values = {name: examples.get(name, 1) for name in pattern.pattern.converters}
            yield pattern.name, reverse(pattern.name, kwargs=values)
        else:
            assert str(pattern.pattern) in ("konto/", "admin/"), "look into this one as well"


def _patterns(resolver):
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver) and isinstance(pattern.pattern, LocalePrefixPattern):
            yield from _patterns(pattern)
        else:
            yield pattern
