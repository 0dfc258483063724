"""Forms for readers without a cookie (ARCHITECTURE rule 10), how they are read, the language of a
page, by which name the machine asks, and what somebody reads whose account is deleted meanwhile."""

from django.conf import settings
from django.contrib.auth import logout
from django.db import DatabaseError, OperationalError
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render
from django.utils.translation import override

from accounts.models import User


class HealthMiddleware:
    """Whether the site is well may be asked by every name: the machine itself knows no other.

    The answers name no host. No other address takes these names, or links to them would
    count as links to the site.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path_info.startswith("/health/"):
            request.META["HTTP_HOST"] = settings.ALLOWED_HOSTS[0]
        return self.get_response(request)


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


class OneEncodingMiddleware:
    """Addresses and forms are read as UTF-8, whatever a request says of itself.

    Django takes the name of any codec: some read no text, and some write halves of characters,
    which neither the database nor a page takes.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.encoding is not None:
            request.encoding = settings.DEFAULT_CHARSET
        return self.get_response(request)


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


class ErasedAccountMiddleware:
    """Who acts in one window and deletes the account in another reads that it is deleted.

    The database takes no row that names an account which has gone since the page was asked for.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        is_ours = isinstance(exception, DatabaseError | User.DoesNotExist)
        if not is_ours or isinstance(exception, OperationalError):
            return None
        person = request.user
        if not person.is_authenticated or User.objects.filter(pk=person.pk).exists():
            return None
        logout(request)
        context = {"text": request.POST.get("text", "")}
        return render(request, "account/deleted.html", context, status=409)
