"""Forms for readers without a cookie (ARCHITECTURE rule 10)."""

from django.conf import settings
from django.middleware.csrf import CsrfViewMiddleware


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
