"""Whoever searches finds what is public, and nothing else."""

import pytest
from django.db import connection
from django.db.models import F
from django.urls import reverse

from comments.models import Comment
from lenzen.search import matching
from tests.factories import (
    CommentFactory,
    GoalFactory,
    PhaseFactory,
    ReplyFactory,
    StrategyFactory,
    days,
    hidden,
    withdrawn,
)

pytestmark = pytest.mark.django_db

knows_german = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="only PostgreSQL knows German word forms"
)
knows_letters = pytest.mark.skipif(
    connection.vendor == "postgresql", reason="only SQLite looks for letters"
)


def found(client, typed: str, **options) -> list[str]:
    """The addresses that a search shows, in order."""
    page = client.get(reverse("search"), {"q": typed, **options}).context["page"]
    return [hit.row.get_absolute_url() for hit in page.object_list]


def shown(client, typed: str) -> str:
    return client.get(reverse("search"), {"q": typed}).content.decode()


def test_strategies_goals_and_comments_are_found(client):
    strategy = StrategyFactory(introduction="<p>Der Marktplatz.</p>")
    goal = GoalFactory(strategy=strategy, text="<p>Ein Marktplatz.</p>")
    comment = CommentFactory(goal=goal, phase__strategy=strategy, text="Unser Marktplatz!")
    reply = ReplyFactory(parent=comment, text="Welcher Marktplatz?")
    GoalFactory(strategy=strategy, text="<p>Ein Bahnhof.</p>")

    addresses = {row.get_absolute_url() for row in (strategy, goal, comment, reply)}

    assert set(found(client, "marktplatz")) == addresses


def test_nothing_that_is_not_public_is_found(client):
    draft = StrategyFactory(published_at=None, introduction="<p>Marktplatz</p>")
    goal = GoalFactory(strategy=draft, text="<p>Marktplatz</p>")
    CommentFactory(goal=goal, phase__strategy=draft, text="Marktplatz")
    hidden(CommentFactory(text="Marktplatz"))
    withdrawn(CommentFactory(text="Marktplatz"))

    assert found(client, "marktplatz") == []


def test_nothing_found_is_said(client):
    page = shown(client, "hallenbad")

    assert "0 Treffer für „hallenbad“" in page
    assert "Es wurde nichts gefunden, was alle diese Wörter enthält." in page
    assert "Bitte geben Sie" not in page


def test_every_word_must_be_there(client):
    both = CommentFactory(text="Radweg und Fähre")
    CommentFactory(text="Nur ein Radweg")

    assert found(client, "fähre radweg") == [both.get_absolute_url()]


@knows_german
def test_other_forms_of_a_word_are_found(client):
    comment = CommentFactory(text="Das alte Haus verfällt.")
    CommentFactory(text="Das Rathaus verfällt.")

    assert found(client, "Häuser") == [comment.get_absolute_url()]


@knows_german
def test_a_word_finds_longer_ones_that_begin_with_it(client):
    comment = CommentFactory(text="Der Radweg endet im Nichts.")

    assert found(client, "rad") == [comment.get_absolute_url()]


@knows_german
def test_one_or_two_letters_find_no_longer_word(client):
    comment = CommentFactory(text="Die B 5 ist zu laut.")
    CommentFactory(text="Der Bahnhof ist zu laut, und das seit 57 Jahren.")

    assert found(client, "b 5") == [comment.get_absolute_url()]


def test_of_very_many_hits_the_newest_come_first(client, monkeypatch):
    monkeypatch.setattr("lenzen.search.MOST_RANKED", 1)
    old = CommentFactory(text="Hafen, Hafen, Hafen.", posted_at=days(-2))
    new = CommentFactory(text="Am Hafen ist es laut.", posted_at=days(-1))
    goal = GoalFactory(title="Hafen")

    assert found(client, "hafen") == [row.get_absolute_url() for row in (goal, new, old)]


@knows_german
def test_what_has_the_word_in_its_title_comes_first(client):
    strategy = StrategyFactory()
    last = GoalFactory(strategy=strategy, title="Bahn", text="<p>Ein Hafen.</p>")
    first = GoalFactory(strategy=strategy, title="Hafen", text="<p>Ein Hafen.</p>")

    assert found(client, "hafen") == [first.get_absolute_url(), last.get_absolute_url()]


@knows_german
def test_an_index_finds_comments():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    plan = matching(Comment.objects.order_by(), ["hafen"], F("text")).explain()

    assert "Bitmap Index Scan on comments_by_words" in plan


@knows_letters
@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("haus", "Das Rathaus"),
        ("ÄRGER", "Verärgerte Leute"),
        ("strasse", "Die Straße"),
        ("Straße", "DIE HAUPTSTRASSE"),
        ("bäume", "Ba\N{COMBINING DIAERESIS}ume"),
    ],
)
def test_letters_are_found_whatever_their_case(client, typed, text):
    comment = CommentFactory(text=text)

    assert found(client, typed) == [comment.get_absolute_url()]


def test_rich_text_is_searched_as_words(client):
    GoalFactory(
        text='<p>Ein <strong>Steg</strong> &amp; <a href="https://elbe.example">Boot</a></p>'
    )

    assert [found(client, word) for word in ("strong", "href", "amp")] == [[], [], []]
    assert "Ein <mark>Steg</mark> &amp; Boot" in shown(client, "steg")


def test_found_words_are_marked_among_their_neighbours(client):
    CommentFactory(text=f"{'davor ' * 100}Hafen{' danach' * 100}")

    page = shown(client, "hafen")

    assert f"… {'davor ' * 12}<mark>Hafen</mark>{' danach' * 27} …" in page


def test_of_equal_hits_the_newest_comes_first(client):
    ages = (0.3, 0.1, 0.2)
    old, new, middle = (CommentFactory(text="Hafen", posted_at=days(-age)) for age in ages)

    addresses = [comment.get_absolute_url() for comment in (new, middle, old)]

    assert found(client, "hafen") == addresses


def test_nobody_smuggles_html_into_a_hit(client):
    CommentFactory(text="\ue000<script>alert(1)</script>\ue001 Hafen <b onclick=x>\ue001 \ue000")

    page = shown(client, "hafen")

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<mark>Hafen</mark> &lt;b onclick=x&gt;" in page


@pytest.mark.parametrize("typed", ["", "  ", "!&|:*", "\x00", "_"])
def test_without_words_there_is_only_the_form(client, typed):
    response = client.get(reverse("search"), {"q": typed})

    assert (response.status_code, response.context["page"]) == (200, None)


@pytest.mark.parametrize("typed", ["a' | b", "die der", "c:* & !d", "%_", "(", '"', "1 " * 300])
def test_whatever_is_typed_gets_an_answer(client, typed):
    assert client.get(reverse("search"), {"q": typed}).status_code == 200


def test_twenty_hits_fill_a_page(client):
    phase = PhaseFactory()
    goal = GoalFactory(strategy=phase.strategy)
    CommentFactory.create_batch(21, phase=phase, goal=goal, text="Radweg und Fähre")

    pages = [found(client, "radweg fähre", seite=number) for number in (1, 2)]

    assert [len(page) for page in pages] == [20, 1]
    assert len({*pages[0], *pages[1]}) == 21
    assert 'href="?q=radweg+f%C3%A4hre&amp;seite=2#treffer"' in shown(client, "radweg fähre")


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow_with_hits(client, count, django_assert_num_queries):
    for _number in range(count):
        strategy = StrategyFactory(introduction="<p>Hafen</p>")
        goal = GoalFactory(strategy=strategy, text="<p>Hafen</p>")
        CommentFactory(goal=goal, phase__strategy=strategy, text="Hafen")

    with django_assert_num_queries(5):
        assert len(found(client, "hafen")) == 3 * count


def test_searching_leaves_no_cookie(client):
    response = client.get(reverse("search"), {"q": "hafen"})

    assert response.cookies == {}


def test_a_page_that_is_not_there_offers_the_search(client):
    assert 'action="/suche/"' in client.get("/gibt-es-nicht/").content.decode()
