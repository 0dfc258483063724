"""Settings that let the site start, and then let people down, are named by `check --deploy`."""

import pytest

from lenzen import checks


@pytest.fixture
def public(settings, monkeypatch):
    """A real site, as it should be."""
    settings.DEMO, settings.HTTPS, settings.ALLAUTH_TRUSTED_PROXY_COUNT = False, True, 1
    settings.ERASED_ACCOUNTS_FILE = settings.BASE_DIR / "backups" / "erased-accounts.txt"
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.postgresql")
    settings.CELERY_BROKER_URL = "redis://redis.example"
    settings.STAFF_NEEDS_SECOND_FACTOR = True
    return settings


def found() -> list[str]:
    every = (checks.proxy_is_known, checks.site_is_encrypted)
    every += (checks.erased_accounts_survive_a_restore, checks.site_is_no_try_out)
    return [warning.id for check in every for warning in check(None)]


def missing() -> list[str]:
    return [error.id for error in checks.files_can_be_found(None)]


def test_nothing_is_said_of_a_site_as_it_should_be(public):
    assert found() == []


def test_a_proxy_that_nobody_trusts(public):
    public.ALLAUTH_TRUSTED_PROXY_COUNT = 0

    assert found() == ["lenzen.W001"]


def test_a_site_that_is_not_encrypted(public):
    public.HTTPS = False

    assert found() == ["lenzen.W002"]


def test_a_site_that_keeps_what_is_for_a_try_out(public, monkeypatch):
    monkeypatch.setitem(public.DATABASES["default"], "ENGINE", "django.db.backends.sqlite3")
    public.CELERY_BROKER_URL = "filesystem://localhost"
    public.STAFF_NEEDS_SECOND_FACTOR = False

    assert found() == ["lenzen.W004", "lenzen.W005", "lenzen.W006"]

    public.DEMO = True
    assert found() == []


@pytest.mark.parametrize("place", ["erased-accounts.txt", "lists/erased-accounts.txt"])
def test_a_list_of_erased_accounts_that_lies_in_the_backup(public, place):
    public.ERASED_ACCOUNTS_FILE = public.DATA_DIR / place

    assert found() == ["lenzen.W003"]


@pytest.fixture
def made(settings, tmp_path):
    """A data folder in which `make assets` ran."""
    settings.STATIC_ROOT = tmp_path / "static"
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    catalogue = tmp_path / "locale" / "de" / "LC_MESSAGES" / "django.mo"
    catalogue.parent.mkdir(parents=True)
    catalogue.touch()
    settings.STATIC_ROOT.mkdir()
    (settings.STATIC_ROOT / "staticfiles.json").write_text('{"paths": {"js/a.js": "js/a.1.js"}}')
    (tmp_path / "ours" / "js").mkdir(parents=True)
    for name in ("a.js", "a.scss"):
        (tmp_path / "ours" / "js" / name).touch()
    settings.STATICFILES_DIRS = [tmp_path / "ours"]
    return settings


def test_nothing_is_missing_after_make_assets(made):
    assert missing() == []


def test_static_files_that_were_not_collected(made):
    made.STATIC_ROOT /= "elsewhere"

    assert missing() == ["lenzen.E001"]


def test_static_files_that_came_with_an_update(made):
    (made.STATICFILES_DIRS[0] / "js" / "b.js").touch()

    (error,) = checks.files_can_be_found(None)
    assert (error.id, error.msg.endswith("static: js/b.js.")) == ("lenzen.E003", True)


def test_a_site_without_its_german_catalogue(made):
    made.LOCALE_PATHS = [made.STATIC_ROOT]

    assert missing() == ["lenzen.E002"]
