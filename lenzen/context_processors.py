from django.conf import settings
from django.urls import reverse

from accounts.town import frame
from lenzen.listing import listed_addresses


def site(request):
    """What every page says about the town, and what its forms need."""
    ours = frame()
    addresses = listed_addresses(request)
    return {
        "town": ours.town,
        "slots": ours.slots,
        "demo": settings.DEMO,
        "other_language": _other_language(request),
        "addresses": addresses,
        "canonical": addresses.get(request.LANGUAGE_CODE),
        # As ReaderCsrfMiddleware: who has a session, or is just getting one, needs the token.
        "needs_token": settings.SESSION_COOKIE_NAME in request.COOKIES
        or not request.session.is_empty(),
    }


def _other_language(request):
    """The same page in the other language; None where there is only one."""
    path, languages = request.get_full_path(), dict(settings.LANGUAGES)
    if request.LANGUAGE_CODE == settings.LANGUAGE_CODE:
        code, path = "en", f"/en{path}"
    else:
        # One slash: behind /en, two of them would be the address of another site.
        code = settings.LANGUAGE_CODE
        path = "/" + path.removeprefix(f"/{request.LANGUAGE_CODE}").lstrip("/")
    is_of_staff = request.path.startswith(reverse("admin:index"))
    return None if is_of_staff else {"code": code, "name": languages[code], "address": path}
