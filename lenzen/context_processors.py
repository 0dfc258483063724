from django.conf import settings


def site(request):
    """What every page says about the town, and what its forms need."""
    return {
        "town": settings.TOWN,
        "demo": settings.DEMO,
        # As ReaderCsrfMiddleware: who has a session, or is just getting one, needs the token.
        "needs_token": settings.SESSION_COOKIE_NAME in request.COOKIES
        or not request.session.is_empty(),
    }
