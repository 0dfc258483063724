"""The orders of comments, and showing only some of them."""

import re
from html import unescape

import pytest

from comments.models import Comment
from tests.factories import (
    CommentFactory,
    ReplyFactory,
    VoteFactory,
    days,
    hidden,
    withdrawn,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def say(goal, open_phase):
    """A comment on the goal, each a little later than the one before."""
    said = []

    def comment(text, *, agreeing=0, disagreeing=0, answers=0, **fields):
        said.append(text)
        comment = CommentFactory(
            goal=goal,
            phase=open_phase,
            text=f"[{text}]",
            posted_at=days(-0.9 + len(said) / 1000),
            agreeing=agreeing,
            disagreeing=disagreeing,
            **fields,
        )
        ReplyFactory.create_batch(answers, parent=comment, text="Yes.")
        return comment

    return comment


def page(client, goal, query="") -> str:
    return unescape(client.get(f"{goal.get_absolute_url()}?{query}").content.decode())


def shown(client, goal, query="") -> str:
    return " ".join(re.findall(r"<p>\[(.*?)\]</p>", page(client, goal, query)))


def heading(client, goal, query="") -> str:
    return re.search(r'<h2 id="kommentare"[^>]*>(.*?)</h2>', page(client, goal, query))[1]


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("", "c b a"),
        ("sortierung=neueste", "c b a"),
        ("sortierung=aelteste", "a b c"),
        ("sortierung=zustimmung", "b a c"),
        ("sortierung=diskutiert", "a c b"),
        ("sortierung=unsinn", "c b a"),
    ],
)
def test_orders(query, order, client, goal, say):
    say("a", agreeing=2, answers=2)
    say("b", agreeing=40, disagreeing=10)
    say("c", disagreeing=3)

    assert shown(client, goal, query) == order


def test_broad_approval_is_cautious_with_few_votes(client, goal, say):
    say("two of two", agreeing=2)
    say("none")
    say("40 of 50", agreeing=40, disagreeing=10)
    say("half", agreeing=25, disagreeing=25)

    order = shown(client, goal, "sortierung=zustimmung")

    assert order == "40 of 50 half two of two none"


def test_broad_approval_is_a_share_and_no_number(client, goal, say):
    say("nine of nine", agreeing=9)
    say("half", agreeing=25, disagreeing=25)

    assert shown(client, goal, "sortierung=zustimmung") == "nine of nine half"


def test_replies_stand_in_the_order_in_which_they_came(client, goal, say):
    top = say("a")
    for text, age in [("[second]", -0.1), ("[first]", -0.2)]:
        ReplyFactory(parent=top, text=text, posted_at=days(age))

    assert shown(client, goal) == "a first second"


def test_hidden_and_withdrawn_replies_are_no_discussion(client, goal, say):
    say("a", answers=1)
    loud = say("b")
    hidden(ReplyFactory(parent=loud))
    withdrawn(ReplyFactory(parent=loud))
    say("c")

    assert shown(client, goal, "sortierung=diskutiert") == "a c b"


def test_filter_by_label(client, goal, say):
    say("a", label="question")
    say("b", label="praise")
    withdrawn(say("c", label="question"))

    assert shown(client, goal, "art=frage") == "a"
    assert heading(client, goal, "art=frage") == "1 Kommentar, Art: Frage"
    assert "art=bedenken" not in page(client, goal)


def test_what_the_administration_wrote_is_not_counted_and_that_is_said(client, goal, say):
    sentence = "Was die Verwaltung geschrieben hat, ist nicht mitgezählt."
    asked = say("a")
    assert sentence not in client.get(goal.get_absolute_url()).text
    ReplyFactory(parent=asked, badge="Amtsverwaltung")

    page = client.get(goal.get_absolute_url()).text

    assert ">1 Kommentar</h2>" in page
    assert sentence in page


def test_what_is_gone_is_counted_and_that_is_said(client, goal, say):
    def gone_said(query=""):
        page = client.get(f"{goal.get_absolute_url()}?{query}").text
        return re.findall(r"Davon (.*?) zurückgezogen oder ausgeblendet\.", page)

    say("a", label="praise"), hidden(say("b", badge="Amtsverwaltung"))
    assert gone_said() == []

    loud = hidden(say("c"))
    assert gone_said() == ["ist 1 Kommentar"]

    withdrawn(ReplyFactory(parent=loud))
    assert heading(client, goal) == "3 Kommentare, sortiert nach Neueste"
    assert gone_said() == ["sind 2 Kommentare"]
    assert gone_said("art=lob") == []


def test_filter_by_badge_shows_threads_in_which_it_speaks(client, goal, say):
    answered = say("a")
    ReplyFactory(parent=answered, badge="Amtsverwaltung", text="Thank you.")
    say("b", badge="Amtsverwaltung")
    say("c")

    assert shown(client, goal, "von=Amtsverwaltung") == "b a"
    words = "2 Gespräche, mit Beiträgen von: Amtsverwaltung, sortiert nach Neueste"
    assert heading(client, goal, "von=Amtsverwaltung") == words
    assert "?von=Amtsverwaltung#kommentare" in page(client, goal)
    assert "von=Moderation" not in page(client, goal)


@pytest.mark.parametrize("gone", [hidden, withdrawn])
def test_filters_offer_nothing_that_cannot_be_read(gone, client, goal, say):
    say("a"), say("b")
    gone(say("c", label="praise", badge="Amtsverwaltung"))

    offered = page(client, goal)

    assert "art=lob" not in offered
    assert "von=Amtsverwaltung" not in offered


@pytest.mark.parametrize("gone", [hidden, withdrawn])
def test_filter_by_badge_finds_no_words_that_are_gone(gone, client, goal, say):
    gone(say("a", badge="Amtsverwaltung"))
    gone(ReplyFactory(parent=say("b"), badge="Amtsverwaltung"))
    say("c", badge="Amtsverwaltung")

    assert shown(client, goal, "von=Amtsverwaltung") == "c"
    assert heading(client, goal, "von=Amtsverwaltung").startswith("1 Gespräch,")


def test_what_there_is_not_is_not_asked_for(client, goal, say):
    say("a")
    say("b")

    assert shown(client, goal, "art=lob&von=Niemand&sortierung=") == "b a"


@pytest.fixture
def many(goal, open_phase, say):
    for number in range(51):
        say(str(number), label="praise" if number % 2 else "")


def test_heading_says_what_is_shown(client, goal, many):
    assert heading(client, goal) == "51 Kommentare, sortiert nach Neueste, Seite 1 von 2"
    assert heading(client, goal, "sortierung=aelteste&art=lob") == (
        "25 Kommentare, Art: Lob, sortiert nach Älteste"
    )


def test_pages_keep_the_order(client, goal, many):
    assert 'href="?sortierung=aelteste&seite=2#kommentare"' in page(
        client, goal, "sortierung=aelteste"
    )
    assert shown(client, goal, "sortierung=aelteste&seite=2") == "50"


def test_number_leads_to_the_comment_in_the_usual_order(client, goal, many):
    first = Comment.objects.get(text="[0]")

    response = client.get(first.get_absolute_url())

    assert response["Location"].endswith(f"/?seite=2#kommentar-{first.pk}")
    assert shown(client, goal, "seite=2") == "0"


@pytest.mark.parametrize("gone", [hidden, withdrawn])
def test_nobody_is_asked_to_answer_what_is_gone(gone, signed_in, citizen, goal, say):
    comment = gone(say("a"))

    response = signed_in(citizen).get(goal.get_absolute_url(), {"antwort": comment.pk})

    assert response.context["reply_to"] is None


def test_who_answers_sees_the_comment(signed_in, citizen, goal, many):
    first = Comment.objects.get(text="[0]")

    query = f"antwort={first.pk}&sortierung=zustimmung&art=lob"

    assert shown(signed_in(citizen), goal, query) == "0"


def test_the_way_to_an_answer_keeps_the_order_and_the_page(signed_in, citizen, goal, many):
    client = signed_in(citizen)
    last = Comment.objects.get(text="[50]")
    order = "sortierung=aelteste&seite=2"

    found = page(client, goal, order)

    assert f'href="?antwort={last.pk}&{order}#id_text"' in found
    assert shown(client, goal, f"antwort={last.pk}&{order}") == "50"


def test_a_choice_that_nothing_matches_leads_to_all_comments(client, goal, say):
    say("a", label="praise")
    say("b", badge="Amtsverwaltung")

    found = page(client, goal, "art=lob&von=Amtsverwaltung")

    assert "Noch kein Kommentar." not in found
    way = f'<a href="{goal.get_absolute_url()}#kommentare">Alle Kommentare zeigen</a>'
    assert f"Zu dieser Auswahl gibt es keinen Kommentar. {way}" in found


def test_voting_leads_back_to_the_same_view(signed_in, citizen, goal, many):
    comment = Comment.objects.get(text="[50]")

    response = signed_in(citizen).post(
        f"{comment.get_absolute_url()}stimme/",
        {"stimme": "ja", "ansicht": "sortierung=aelteste&seite=2&next=//example.org"},
    )

    assert response["Location"] == (
        f"{goal.get_absolute_url()}?sortierung=aelteste&seite=2#kommentar-{comment.pk}"
    )


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("order", ["neueste", "aelteste", "zustimmung", "diskutiert"])
def test_queries_do_not_grow(number, order, client, goal, say, django_assert_num_queries):
    for text in range(number):
        say(str(text), label="praise", badge="Amtsverwaltung", answers=number)
    VoteFactory(comment=Comment.objects.first())

    with django_assert_num_queries(5):
        page(client, goal, f"sortierung={order}")
    with django_assert_num_queries(6):
        page(client, goal, f"sortierung={order}&art=lob&von=Amtsverwaltung")
