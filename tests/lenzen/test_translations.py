"""Every sentence of the interface is there in German, and the catalogue holds no other."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings

CATALOGUE = Path("lenzen/locale/de/LC_MESSAGES/django.po")
SOURCES = ["manage.py", "lenzen", "accounts", "strategies", "comments", "templates"]


def read(path: Path):
    """The messages of the catalogue, by context and English text."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale="de", abort_invalid=True)
    return {(message.context, message.id): message for message in catalogue if message.id}


def is_complete(message) -> bool:
    translations = [message.string] if isinstance(message.string, str) else message.string
    return all(translations) and not message.fuzzy


@pytest.fixture
def collected(tmp_path):
    """The messages that the sources hold now."""
    if not shutil.which("xgettext"):
        pytest.skip("GNU gettext is not installed, so the sources cannot be searched for texts")
    for source in SOURCES:
        copy = shutil.copytree if (settings.BASE_DIR / source).is_dir() else shutil.copy
        copy(settings.BASE_DIR / source, tmp_path / source)
    subprocess.run(
        [sys.executable, "manage.py", "makemessages", "--locale", "de", "--verbosity", "0"],
        cwd=tmp_path,
        check=True,
    )
    return read(tmp_path / CATALOGUE)


def test_every_text_has_a_translation(collected):
    catalogue = read(settings.BASE_DIR / CATALOGUE)

    missing = [key for key in collected if key not in catalogue or not is_complete(catalogue[key])]

    assert missing == []


def test_the_catalogue_holds_nothing_that_no_page_says(collected):
    assert [key for key in read(settings.BASE_DIR / CATALOGUE) if key not in collected] == []


def test_placeholders_are_the_same_in_both_languages():
    problems = [
        (message.id, [str(error) for error in message.check()])
        for message in read(settings.BASE_DIR / CATALOGUE).values()
    ]
    assert [problem for problem in problems if problem[1]] == []
