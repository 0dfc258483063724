"""Debian's Chromium, without anything that looks beyond this machine."""

import json
import os
from threading import local
from urllib.parse import urlsplit

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.core.signals import request_finished, request_started
from django.db import connections
from django.test.signals import template_rendered
from playwright.sync_api import sync_playwright

from lenzen.management.commands.screenshots import CHROMIUM
from tests.browser import access
from tests.browser.walk import State, address_name
from tests.conftest import free_port
from tests.factories import UserFactory

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

LONG_ADDRESS = "erika.musterfrau-wittenberge@gemeinschaftspraxis.example.org"
EDITORS_ARE_READY = """() => !window.CKEDITOR
  || Object.values(CKEDITOR.instances).every((editor) => editor.status === "ready")"""


@pytest.fixture(scope="session")
def playwright():
    with sync_playwright() as playwright:
        yield playwright
        # While its loop runs, this thread has a connection to the database of its own. The
        # next test may have used it, and the database of the tests can only be dropped without.
        connections.close_all()


@pytest.fixture(scope="session")
def browser_type_launch_args():
    if not CHROMIUM:
        pytest.skip("No Chromium on the PATH (Debian: apt install chromium).")
    # Playwright runs a loop of its own in the thread in which the tests ask the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    return {"executable_path": CHROMIUM, "args": ARGUMENTS}


@pytest.fixture(scope="session")
def browser_context_args():
    return {"locale": "de-DE", "timezone_id": "Europe/Berlin"}


def pytest_collection_modifyitems(items):
    """Whoever looks at a page is part of `make access`."""
    for item in items:
        if "look" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.access)


@pytest.fixture(scope="session")
def is_walk(request):
    """Whether this is `make access`, which takes its time."""
    return request.config.option.markexpr == "access"


@pytest.fixture(scope="session")
def checker(is_walk):
    if not is_walk or access.why_no_checker():
        yield None
    else:
        checker = access.Checker(free_port())
        yield checker
        checker.stop()


@pytest.fixture
def made_of():
    """Path -> the names of the templates that made its newest page; None -> made by no request."""
    names, here = {}, local()

    def begin(environ, **more):
        part_of = environ.get("HTTP_HX_CURRENT_URL")
        if part_of and "HTTP_HX_BOOSTED" not in environ:
            here.path = urlsplit(part_of)._replace(scheme="", netloc="", fragment="").geturl()
        else:
            here.path = WSGIRequest(environ).get_full_path()
            names[here.path] = set()

    def note(template, **more):
        names.setdefault(getattr(here, "path", None), set()).add(template.name)

    def end(**more):
        here.path = None

    receivers = [(request_started, begin), (template_rendered, note), (request_finished, end)]
    for signal, receiver in receivers:
        signal.connect(receiver)
    yield names
    for signal, receiver in receivers:
        signal.disconnect(receiver)


@pytest.fixture
def look(request, page, live_server, is_walk, checker, made_of):
    """Open this path, if one is given, and find nothing that keeps anybody out.

    `make access` asks everything, other runs what takes no time. The state counts for
    every template that made the page.
    """
    served = {}

    def keep(response):
        if changed := response.request.headers.get("hx-current-url"):
            # What was served there is no longer what is there.
            served.pop(changed.split("#")[0], None)
        elif response.request.resource_type == "document":
            served[response.url] = response

    page.on("response", keep)

    def look(path=None):
        if path:
            page.goto(f"{live_server.url}{path}")
            page.wait_for_function(EDITORS_ARE_READY)
        # A click waits until the next page begins, not until it is there.
        page.wait_for_load_state()
        address = page.url.split("#")[0]
        if is_walk:
            html = served[address].text() if address in served else page.content()
            found = access.findings(page, html, checker)
        else:
            found = access.findings_at_a_glance(page)
        shown = address.removeprefix(live_server.url)
        names = made_of.get(shown, made_of.get(None, ()))
        state = State(sorted(filter(None, names)), address_name(shown), len(found))
        # As text: the name of a template can be of a kind that does not travel.
        request.node.user_properties.append(("looked", json.dumps(state)))
        assert not found, "\n".join([page.url, *found])

    return look


@pytest.fixture
def be(page, live_server, signed_in):
    """``be(moderator)``: this person sits before the browser, signed in."""

    def sign_in(person):
        cookie = signed_in(person).cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])

    return sign_in


@pytest.fixture
def me(be):
    """Whoever sits before the browser, signed in."""
    person = UserFactory(public_name="Elbfischerin", email=LONG_ADDRESS)
    be(person)
    return person


@pytest.fixture
def visit(new_context, live_server, settings):
    """Open a browser, with the options of Playwright's contexts. Gives its first page.

    After the test no browser has complained: no error in the console (so nothing that
    the policy blocks), nothing missing, nothing asked of another host.
    """
    settings.SITE_URL = live_server.url
    complaints = []

    def on_console(message):
        # What is missing is told by its response. A page may be one of errors.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    def on_response(response):
        if response.status >= 400 and response.request.resource_type != "document":
            complaints.append(f"{response.status} {response.url}")

    def on_request(request):
        if not request.url.startswith((live_server.url, "data:")):
            complaints.append(f"foreign: {request.url}")

    def open_browser(**options):
        context = new_context(base_url=live_server.url, **options)
        context.set_default_timeout(10_000)
        context.on("console", on_console)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("response", on_response)
        context.on("request", on_request)
        return context.new_page()

    yield open_browser
    assert complaints == []
