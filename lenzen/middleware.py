"""Forms for readers without a cookie (ARCHITECTURE rule 10), and the language of a page."""

from django.conf import settings
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.translation import override


class ReaderCsrfMiddleware(CsrfViewMiddleware):
    """Accept a form from our own pages without a token, as long as there is no session.

    Without a session there is nothing that another site could abuse by sending our
    form in somebody's name. Django has compared ``Origin`` with our own address just
    before ``_check_token`` is asked; without that header, or with a session, the token
    is needed as ever.
    """

    def _check_token(self, request):
        has_session = settings.SESSION_COOKIE_NAME in request.COOKIES
        if not has_session and "HTTP_ORIGIN" in request.META:
            return
        super()._check_token(request)


class LanguageMiddleware:
    """The address alone says in which language a page is: below /en/ in English, else German.

    Django's own also asks browser and cookie, and tells caches that pages depend on both.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        # Exactly as the addresses are written: /EN/ and /en-gb/ are no pages, and not English.
        first = request.path_info.partition("/")[2].partition("/")[0]
        language = first if first in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        with override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response
