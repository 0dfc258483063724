"""The cache counts attempts: whoever asks it must hear when nothing can be counted."""

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.test import Client

from tests.comments.test_waiting import TEXT, WHO
from tests.factories import GoalFactory, PhaseFactory

pytestmark = pytest.mark.django_db(transaction=True)

READ_ONLY = {
    "sqlite": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
    "postgresql": (
        "SET default_transaction_read_only = on",
        "SET default_transaction_read_only = off",
    ),
}


@pytest.fixture
def read_only(request):
    """Call it: the database takes no writes until the end of the test."""
    begin, end = READ_ONLY[connection.vendor]
    yield lambda: connection.cursor().execute(begin)
    connection.cursor().execute(end)


def test_it_fails_where_the_database_takes_no_writes(read_only):
    read_only()

    for write in (cache.set, cache.add):
        with pytest.raises(DatabaseError):
            write("attempts", [1], 60)


def test_what_is_there_is_not_added_again():
    assert cache.add("lock", "ours", 60)
    assert not cache.add("lock", "theirs", 60)

    assert cache.get("lock") == "ours"


def test_nobody_is_told_of_many_comments_when_the_database_takes_no_writes(read_only):
    goal = GoalFactory()
    PhaseFactory(strategy=goal.strategy)
    reader = Client(raise_request_exception=False)
    read_only()

    answer = reader.post(goal.get_absolute_url(), {"text": TEXT} | WHO)

    assert answer.status_code == 503
    assert "Die Website ist gerade gestört" in answer.content.decode()
    assert "Mehr Bäume am" in answer.content.decode()
