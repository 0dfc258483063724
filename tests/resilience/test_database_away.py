"""Without a database, people learn that it is not their fault, and get their words back."""

import json

import pytest
from django.utils.html import escape

from accounts.town import town
from lenzen.templatetags.lenzen import with_telephone

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = "Mehr Bäume & Bänke."


@pytest.fixture
def ask(processes):
    """Ask for a page, or send a text, where no database can be reached."""

    def ask_without_database(path, text=""):
        (reader,) = processes(
            "tests.resilience.reader.ask",
            DATABASE_URL="postgres://nobody@127.0.0.1:9/nothing",
            TEST_DATABASE="nothing",
            ASK_PATH=path,
            ASK_TEXT=text,
        )
        reader.go()
        return json.loads(reader.result())

    return ask_without_database


def test_the_text_comes_back(ask):
    status, retry_after, page = ask("/strategien/lebendige-stadt/ziele/1/", TEXT)

    assert (status, retry_after) == (503, "120")
    assert "Die Website ist gerade gestört" in page
    assert "Ihr Text steht unten, bitte kopieren Sie ihn" in page
    assert escape(TEXT) in page
    assert with_telephone(town().contact) in page


def test_who_only_reads_is_told_to_come_back(ask):
    status, _retry_after, page = ask("/")

    assert status == 503
    assert "Die Website ist gerade gestört" in page
    assert "<textarea" not in page
