"""The pictures of the documentation, taken from a running demonstration."""

import shutil

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from playwright.sync_api import Error, sync_playwright

PICTURES = {
    # name: (path, width, height, is dark)
    "strategy": ("/3/", 1280, 1400, False),
    "goal-phone": ("/3/1/", 360, 1200, False),
    "goal-dark": ("/3/1/", 1280, 1000, True),
}
# The same browser without a window takes half the time.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


class Command(BaseCommand):
    help = "Take the pictures of the documentation; `make run` must be running."

    def handle(self, **options):
        folder = settings.BASE_DIR / "docs" / "pictures"
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            for name, picture in PICTURES.items():
                take(browser, folder / f"{name}.png", *picture)
            browser.close()


def take(browser, file, path, width, height, is_dark):
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme="dark" if is_dark else "light",
        locale="de-DE",
    )
    try:
        page.goto(f"{settings.SITE_URL}{path}")
    except Error as error:
        raise CommandError(f"{settings.SITE_URL} does not answer: start it first.") from error
    page.screenshot(path=file)
    page.close()
