"""Pages that a browser cannot bring about at will, as the site makes them."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.shortcuts import render
from django.test import RequestFactory
from django.views.defaults import permission_denied

from lenzen.views import bad_request, csrf_failure, server_error

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TEXT = "Mehr Bäume & Bänke. " + "x" * 80


def database_away(request):
    try:
        raise OperationalError
    except OperationalError:
        return server_error(request)


ANSWERS = {
    "not understood": lambda request: bad_request(request, SuspiciousOperation()),
    "not allowed": lambda request: permission_denied(request, PermissionDenied()),
    "too much": lambda request: bad_request(request, RequestDataTooBig()),
    "too often": lambda request: render(request, "429.html", status=429),
    "our fault": server_error,
    "database away": database_away,
    "page too old": csrf_failure,
}


@pytest.mark.parametrize("typed", [{}, {"text": TEXT, "parent": "7"}], ids=["reading", "writing"])
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_error_pages(look, answer, typed):
    request = RequestFactory().post("/stoerung/", typed)
    request.user, request.session = AnonymousUser(), SessionStore()

    look("/stoerung/", answer=answer(request))
