"""The pages that say what went wrong, brought about on the running site."""

import pytest
from allauth.core import ratelimit
from django.conf.urls.i18n import i18n_patterns
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.urls import path

from lenzen import urls
from lenzen.urls import handler400, handler500  # noqa: F401  Django looks for them here.

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TEXT = "Mehr Bäume & Bänke. " + "x" * 80
SEND = """([path, fields]) => {
  const form = document.createElement("form");
  form.method = "post";
  form.action = path;
  for (const [name, value] of Object.entries(fields)) {
    form.append(Object.assign(document.createElement("input"), { name, value }));
  }
  document.body.append(form);
  form.submit();
}"""


def fails_with(error):
    def view(request):
        raise error

    return view


# What the site answers to each of these -> what happens.
DISTURBANCES = {
    "400": fails_with(SuspiciousOperation()),
    "403": fails_with(PermissionDenied()),
    "413": fails_with(RequestDataTooBig()),
    "429": ratelimit.respond_429,
    "500": fails_with(ValueError()),
    "503": fails_with(OperationalError()),
}
views = [path(f"stoerung/{status}/", view) for status, view in DISTURBANCES.items()]
urlpatterns = [*i18n_patterns(*views, prefix_default_language=False), *urls.urlpatterns]


@pytest.fixture
def send(page, live_server):
    """Send this form from one of our pages; gives the status of the answer."""

    def send(path, **fields):
        page.goto(f"{live_server.url}/kontakt/")
        with page.expect_navigation() as answer:
            page.evaluate(SEND, [path, fields])
        return answer.value.status

    return send


@pytest.mark.parametrize("language", ["", "/en"])
@pytest.mark.parametrize("status", DISTURBANCES)
def test_error_pages(look, send, settings, status, language):
    settings.ROOT_URLCONF = __name__
    here = f"{language}/stoerung/{status}/"

    look(here)
    assert send(here, text=TEXT, parent="7") == int(status)
    look()


@pytest.mark.parametrize("fields", [{}, {"text": TEXT, "parent": "7"}], ids=["reading", "writing"])
def test_a_form_without_its_token(look, send, me, goal, fields):
    assert send(goal.get_absolute_url(), **fields) == 403
    look()
