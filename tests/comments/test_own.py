"""The account's pages about what its owner wrote: comments with what became of them, drafts."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from comments.models import Draft
from lenzen.personal_data import export
from strategies.models import Goal, Strategy
from tests.factories import (
    CommentFactory,
    GoalFactory,
    PhaseFactory,
    ReplyFactory,
    UserFactory,
    days,
    hidden,
    withdrawn,
)

pytestmark = pytest.mark.django_db

COMMENTS, DRAFTS = "/konto/kommentare/", "/konto/entwuerfe/"


@pytest.fixture
def reader(signed_in, citizen):
    return signed_in(citizen)


def draft(person, goal=None, **fields):
    goal = goal or GoalFactory()
    return Draft.objects.create(
        person=person, strategy=goal.strategy, goal=goal, text="Perhaps trees.", **fields
    )


def test_a_new_comment_is_not_evaluated_yet(reader, citizen):
    comment = CommentFactory(author=citizen)

    page = reader.get(COMMENTS).text

    assert "More trees, please." in page
    assert "Noch nicht ausgewertet" in page
    assert f'href="/kommentare/{comment.pk}/"' in page


def test_a_comment_of_an_answered_phase_says_when(reader, citizen):
    phase = PhaseFactory(opens_in=-9, closes_in=-2, answered_at="2026-08-03")
    CommentFactory(author=citizen, phase=phase)

    page = reader.get(COMMENTS).text

    assert "Antwort vom 3.\N{NO-BREAK SPACE}August\N{NO-BREAK SPACE}2026" in page
    assert "Noch nicht ausgewertet" not in page


@pytest.mark.parametrize(
    ("gone", "sentence"),
    [(hidden, "von der Moderation ausgeblendet. Grund: Regel 3"), (withdrawn, "zurückgezogen")],
)
def test_what_is_gone_says_so_in_words(reader, citizen, gone, sentence):
    gone(CommentFactory(author=citizen))

    page = reader.get(COMMENTS).text

    assert sentence in page
    assert "Noch nicht ausgewertet" not in page


def test_nobody_sees_the_comments_and_drafts_of_others_here(reader):
    draft(UserFactory())
    CommentFactory()

    assert "More trees, please." not in reader.get(COMMENTS).text
    assert "Perhaps trees." not in reader.get(DRAFTS).text


def test_empty_lists_say_so(reader):
    assert "Sie haben noch keinen Kommentar geschrieben." in reader.get(COMMENTS).text
    assert "Sie haben keine Entwürfe." in reader.get(DRAFTS).text


def test_many_comments_come_in_pages(reader, citizen):
    phase = PhaseFactory()
    CommentFactory.create_batch(51, author=citizen, phase=phase, goal=None)

    pages = [reader.get(COMMENTS).text, reader.get(f"{COMMENTS}?seite=2").text]

    assert [page.count("<blockquote>") for page in pages] == [50, 1]
    assert "Seite 1 von 2" in pages[0].replace("\N{NO-BREAK SPACE}", " ")


def test_a_draft_leads_to_where_it_is_written_on(reader, citizen, goal, open_phase):
    comment = CommentFactory(goal=goal, phase=open_phase)
    draft(citizen, goal, parent=comment)

    page = reader.get(DRAFTS).text

    way = f"{goal.get_absolute_url()}?antwort={comment.pk}#eingabe"
    assert f'href="{way}"' in page
    assert "Perhaps trees." in reader.get(way).text


def test_drafts_of_one_place_have_buttons_with_names_of_their_own(reader, citizen, goal):
    comment = CommentFactory(goal=goal)
    draft(citizen, goal)
    draft(citizen, goal, parent=comment)

    page = reader.get(DRAFTS).text

    assert page.count(f"{goal}</span></span></button>") == 1
    assert page.count(f"{goal}, Antwort auf Nr. {comment.pk}</span></span></button>") == 1


def test_a_draft_on_what_is_not_public_leads_nowhere(reader, citizen, goal):
    draft(citizen, goal)
    Strategy.objects.update(published_at=None)

    page = reader.get(DRAFTS).text

    assert "Perhaps trees." in page
    assert "Weiterschreiben" not in page


def test_what_is_not_public_is_listed_without_the_title_of_the_draft(reader, citizen, goal):
    comment = CommentFactory(author=citizen, goal=goal)
    draft(citizen, goal)
    Strategy.objects.update(published_at=None, title="Secret strategy")
    Goal.objects.update(title="Secret goal")

    withdraw = reverse("withdraw", args=[comment.pk])
    pages = [reader.get(path).text for path in (COMMENTS, DRAFTS, withdraw)]

    assert [page.count("Eine Strategie, die zurzeit nicht öffentlich ist") for page in pages] == [
        *(1, 2, 0)
    ]
    assert "Secret" not in "".join([*pages, str(export(citizen))])
    assert "More trees, please." in pages[0]
    assert f'href="{withdraw}"' in pages[0]
    assert f'href="{comment.get_absolute_url()}"' not in "".join(pages)


def test_words_that_are_not_public_are_withdrawn_at_any_time(reader, citizen):
    comment = CommentFactory(author=citizen)
    Strategy.objects.update(published_at=None)

    page = reader.post(reverse("withdraw", args=[comment.pk]), follow=True)

    assert page.request["PATH_INFO"] == COMMENTS
    assert "Ihr Kommentar ist zurückgezogen." in page.text
    assert "Dieser Kommentar wurde am" in page.text


def test_drafts_come_newest_first(reader, citizen):
    drafts = [draft(citizen, saved_at=days(-age)) for age in (2, 1, 3)]

    shown = reader.get(DRAFTS).context["drafts"]

    assert shown == [drafts[1], drafts[0], drafts[2]]


def test_a_draft_is_discarded_by_its_owner_only(reader, citizen):
    own, other = draft(citizen), draft(UserFactory())

    outcomes = [reader.post(f"{DRAFTS}{each.pk}/verwerfen/").status_code for each in (own, other)]

    assert outcomes == [302, 404]
    assert list(Draft.objects.all()) == [other]


def test_who_signs_in_on_the_way_to_discarding_finds_the_drafts(reader, citizen):
    own = draft(citizen)

    assert reader.get(f"{DRAFTS}{own.pk}/verwerfen/")["Location"] == DRAFTS
    assert list(Draft.objects.all()) == [own]


@pytest.mark.parametrize("path", [COMMENTS, DRAFTS])
def test_strangers_are_led_to_the_door(path):
    assert Client().get(path)["Location"].startswith("/konto/anmelden/?next=")


@pytest.mark.parametrize("path", [COMMENTS, DRAFTS, "/konto/"])
def test_queries_do_not_grow_with_what_somebody_wrote(path, signed_in):
    counts = []
    for size in (1, 3):
        person = UserFactory()
        for _number in range(size):
            comment = CommentFactory(author=person)
            ReplyFactory(author=person, parent=CommentFactory())
            hidden(CommentFactory(author=person))
            draft(person, comment.goal)
            draft(person, parent=comment)
        reader = signed_in(person)
        with CaptureQueriesContext(connection) as captured:
            assert reader.get(path).status_code == 200
        counts.append(len(captured))

    assert counts[0] == counts[1]
    assert counts[0] <= 8


def test_the_account_leads_to_all_of_it(reader):
    page = reader.get("/konto/").text

    for path in [COMMENTS, DRAFTS, "/konto/daten/", "/konto/sitzungen/"]:
        assert f'href="{path}"' in page


def test_an_answer_day_is_no_promise_kept(reader, citizen):
    """Only the day on which the answer was published counts."""
    phase = PhaseFactory(opens_in=-9, closes_in=-2, answer_by=days(-1).date())
    CommentFactory(author=citizen, phase=phase)

    assert "Noch nicht ausgewertet" in reader.get(COMMENTS).text
