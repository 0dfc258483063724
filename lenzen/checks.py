"""System checks for settings that let the site start, and then let people down."""

import json
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import FileSystemFinder
from django.core import checks


@checks.register(deploy=True)
def proxy_is_known(app_configs, **options):
    """Behind an unknown proxy, https redirects in circles and all readers share one limit."""
    if not settings.HTTPS or settings.ALLAUTH_TRUSTED_PROXY_COUNT:
        return []
    return [
        checks.Warning(
            "SITE_URL begins with https://, and no reverse proxy is trusted.",
            hint="Set TRUSTED_PROXY_COUNT to the number of proxies in front, usually 1.",
            id="lenzen.W001",
        )
    ]


@checks.register(deploy=True)
def site_is_encrypted(app_configs, **options):
    """Sign-in codes and sessions of a public site must not cross the network in the clear."""
    if settings.DEMO or settings.HTTPS:
        return []
    return [
        checks.Warning(
            "SITE_URL begins with http://: whoever listens on the way can take over accounts.",
            hint="Put a reverse proxy with a certificate in front and name https:// in SITE_URL.",
            id="lenzen.W002",
        )
    ]


@checks.register(deploy=True)
def erased_accounts_survive_a_restore(app_configs, **options):
    """A list that a restore sets back cannot say who was erased since the backup was made."""
    if not settings.ERASED_ACCOUNTS_FILE.is_relative_to(settings.DATA_DIR):
        return []
    return [
        checks.Warning(
            f"The list of erased accounts lies in {settings.DATA_DIR}, which backups may hold.",
            hint="Set ERASED_ACCOUNTS_FILE to a file beside the backups.",
            id="lenzen.W003",
        )
    ]


@checks.register(deploy=True)
def site_is_no_try_out(app_configs, **options):
    """What is good enough for a try-out, and was perhaps only forgotten."""
    if settings.DEMO:
        return
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        yield checks.Warning(
            "DATABASE_URL is not set: everything is kept in a SQLite file.",
            hint="Name a PostgreSQL database, in which many can write at once.",
            id="lenzen.W004",
        )
    if settings.CELERY_BROKER_URL.startswith("filesystem"):
        yield checks.Warning(
            "REDIS_URL is not set: the worker is told through files what to do.",
            hint="Name a Redis database; with several machines it is needed.",
            id="lenzen.W005",
        )
    if not settings.STAFF_NEEDS_SECOND_FACTOR:
        yield checks.Warning(
            "STAFF_NEEDS_SECOND_FACTOR is no: who reads the mail of one of staff is one of staff.",
            hint="Leave it out, or set it to yes.",
            id="lenzen.W006",
        )


@checks.register(deploy=True)
def files_can_be_found(app_configs, **options):
    """Pages answer 500 when a file was not collected that they name, and English without catalogue.

    What packages bring is collected together with what is ours, so ours is compared.
    """
    manifest = settings.STATIC_ROOT / "staticfiles.json"
    if manifest.exists():
        collected = json.loads(manifest.read_text())["paths"]
        ours = [path for path, _ in FileSystemFinder().list(["*.scss", ".*", "*~"])]
        if absent := sorted(set(ours) - set(collected)):
            place = settings.STATIC_ROOT
            yield _missing(f"Static files are not collected in {place}: {absent[0]}.", "E003")
    else:
        yield _missing(f"There are no collected static files in {settings.STATIC_ROOT}.", "E001")
    catalogue = f"{settings.LANGUAGE_CODE}/LC_MESSAGES/django.mo"
    if not any((Path(folder) / catalogue).exists() for folder in settings.LOCALE_PATHS):
        yield _missing(f"There is no {catalogue} in {settings.LOCALE_PATHS[-1]}.", "E002")


def _missing(sentence, number):
    hint = "Run `make assets` with the same DATA_DIR."
    return checks.Error(sentence, hint=hint, id=f"lenzen.{number}")
