"""Debian's Chromium, without anything that looks beyond this machine."""

import os
import shutil
from itertools import pairwise

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.factories import UserFactory

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

HEADINGS = (
    """[...document.querySelectorAll("main :is(h1, h2, h3, h4, h5)")].map(h => +h.tagName[1])"""
)
SAME_NAME = """() => {
  const targets = new Map();
  for (const link of document.querySelectorAll("main .column a[href]")) {
    const name = link.textContent.trim().replace(/\\s+/g, " ");
    if (targets.has(name) && targets.get(name) !== link.href) return name;
    targets.set(name, link.href);
  }
}"""
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


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


@pytest.fixture
def look(page, live_server):
    """Open this path, and find nothing wrong in light and dark, wide and at 320 px."""

    def look_at():
        for scheme, width in [("light", 1280), ("dark", 320)]:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 900})
            found = Axe().run(page)
            assert found.violations_count == 0, f"{page.url} {found.generate_report()}"
            assert not page.evaluate(TOO_WIDE), page.url
        levels = page.evaluate(HEADINGS)
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(below <= above + 1 for above, below in pairwise(levels))
        assert page.evaluate(SAME_NAME) is None
        articles, named = page.locator("article"), page.locator("article > :is(h3, h4)")
        assert articles.count() == named.count()

    def look(path=None):
        if path:
            page.goto(f"{live_server.url}{path}")
        look_at()

    return look


@pytest.fixture
def me(page, live_server, signed_in):
    """Whoever sits before the browser, signed in."""
    person = UserFactory(public_name="Elbfischerin")
    cookie = signed_in(person).cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
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
