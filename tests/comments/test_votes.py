"""Agreeing and disagreeing: one vote a person, and nobody sees whose."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import IntegrityError, connection
from django.urls import reverse

from comments.actions import VoteRefused, vote
from comments.models import Comment, Opinion, Vote
from tests.factories import (
    CommentFactory,
    PhaseFactory,
    ReplyFactory,
    UserFactory,
    VoteFactory,
    days,
    hidden,
    withdrawn,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def comment(goal, open_phase):
    return CommentFactory(goal=goal, phase=open_phase)


def numbers(comment) -> tuple:
    return Comment.objects.values_list("agreeing", "disagreeing").get(pk=comment.pk)


def send(client, comment, choice, **fields):
    return client.post(reverse("vote", args=[comment.pk]), {"stimme": choice, **fields})


def test_votes_are_counted(comment):
    for opinion in [Opinion.AGREE, Opinion.AGREE, Opinion.DISAGREE]:
        vote(comment=comment, person=UserFactory(), opinion=opinion, version=1)

    assert numbers(comment) == (2, 1)


def test_vote_can_be_changed_and_taken_back(comment, citizen):
    for opinion, counted in [("agree", (1, 0)), ("disagree", (0, 1)), ("disagree", (0, 1))]:
        vote(comment=comment, person=citizen, opinion=Opinion(opinion), version=1)
        assert numbers(comment) == counted

    vote(comment=comment, person=citizen, opinion=None, version=1)

    assert numbers(comment) == (0, 0)


@pytest.mark.parametrize("gone", [hidden, withdrawn])
def test_nobody_votes_on_words_that_are_gone(gone, comment, citizen):
    gone(comment)

    with pytest.raises(VoteRefused, match="gone"):
        vote(comment=comment, person=citizen, opinion=Opinion.AGREE, version=1)


def test_suspended_people_do_not_vote(comment):
    suspended = UserFactory(suspended_until=days(1))

    with pytest.raises(VoteRefused, match="suspended"):
        vote(comment=comment, person=suspended, opinion=Opinion.AGREE, version=1)


def test_staff_see_numbers_and_do_not_vote(signed_in, comment, moderator):
    VoteFactory(comment=comment)
    Comment.objects.filter(pk=comment.pk).update(agreeing=1)
    client = signed_in(moderator)

    page = client.get(comment.goal.get_absolute_url()).content.decode()
    assert "1 stimmt zu" in page
    assert "aria-pressed" not in page

    answer = client.post(reverse("vote", args=[comment.pk]), {"stimme": "ja"}, follow=True)
    assert "stimmt hier nicht ab" in answer.content.decode()
    assert numbers(comment) == (1, 0)


def test_comments_of_an_earlier_phase_keep_their_votes(goal, open_phase, citizen):
    earlier = PhaseFactory(strategy=goal.strategy, opens_in=-9, closes_in=-8)
    comment = CommentFactory(goal=goal, phase=earlier)

    with pytest.raises(VoteRefused, match="closed"):
        vote(comment=comment, person=citizen, opinion=Opinion.AGREE, version=1)


def test_vote_is_for_the_text_that_was_read(comment, citizen):
    Comment.objects.filter(pk=comment.pk).update(version=2)

    with pytest.raises(VoteRefused, match="edited"):
        vote(comment=comment, person=citizen, opinion=Opinion.AGREE, version=1)


def test_buttons_say_what_one_has_voted(signed_in, citizen, comment):
    client = signed_in(citizen)
    Comment.objects.filter(pk=comment.pk).update(agreeing=14)

    page = client.get(comment.goal.get_absolute_url()).content.decode()
    assert 'aria-pressed="false">Stimme zu (14)<' in page

    Comment.objects.filter(pk=comment.pk).update(agreeing=0)
    VoteFactory.create_batch(14, comment=comment)
    send(client, comment, "ja")
    page = client.get(comment.goal.get_absolute_url()).content.decode()
    assert 'aria-pressed="true">Sie stimmen zu (15)<' in page


def test_own_comment_has_numbers_and_no_buttons(signed_in, comment):
    VoteFactory(comment=comment)
    Comment.objects.filter(pk=comment.pk).update(agreeing=1)

    page = signed_in(comment.author).get(comment.goal.get_absolute_url()).content.decode()

    assert "1 stimmt zu" in page
    assert "aria-pressed" not in page


def test_closed_phase_shows_numbers_as_text(client, goal, open_phase, comment):
    Comment.objects.filter(pk=comment.pk).update(agreeing=14, disagreeing=2)
    open_phase.closes_at = days(-0.1)
    open_phase.save()

    page = client.get(goal.get_absolute_url()).content.decode()

    assert "14 stimmen zu, 2 stimmen nicht zu" in page
    assert "aria-pressed" not in page


def test_door_leads_back_to_the_comment(client, comment):
    response = send(client, comment, "ja")

    door = reverse("account_login")
    assert response["Location"] == f"{door}?next=%2Fkommentare%2F{comment.pk}%2F"
    assert "Ihre Stimme zählt noch nicht" in client.get(response["Location"]).text


def test_refusal_says_why(signed_in, comment):
    client = signed_in(comment.author)

    response = client.post(
        reverse("vote", args=[comment.pk]), {"stimme": "ja"}, follow=True
    ).content.decode()

    assert "Über den eigenen Kommentar stimmt man nicht ab." in response


def test_refusal_stands_in_the_comment(signed_in, citizen, comment):
    address = f"{reverse('vote', args=[comment.pk])}?fassung=7"

    page = signed_in(citizen).post(address, {"stimme": "ja"}, follow=True).text

    article = page.partition(f'id="kommentar-{comment.pk}"')[2].partition("</article>")[0]
    assert "Dieser Kommentar wurde gerade bearbeitet." in article
    assert page.count('role="status"') == 1


@pytest.mark.parametrize("choice", ["", "agree", "vielleicht"])
def test_nonsense_is_no_vote(choice, signed_in, citizen, comment):
    assert send(signed_in(citizen), comment, choice).status_code == 400


def test_one_vote_a_person(comment, citizen):
    VoteFactory(comment=comment, person=citizen)

    with pytest.raises(IntegrityError):
        VoteFactory(comment=comment, person=citizen)


def test_vote_outlives_its_person(comment, citizen):
    vote(comment=comment, person=citizen, opinion=Opinion.AGREE, version=1)
    citizen.delete()
    vote(comment=comment, person=UserFactory(), opinion=Opinion.AGREE, version=1)

    assert numbers(comment) == (2, 0)


def test_no_admin_shows_votes():
    registered = [model for model in admin.site._registry if model._meta.app_label == "comments"]

    assert apps.get_model("comments.Vote") not in registered
    for model in registered:
        inlines = admin.site._registry[model].inlines
        assert Vote not in [inline.model for inline in inlines]


def test_vote_keeps_no_time():
    """Who knows when somebody was here could find their votes."""
    assert {field.name for field in Vote._meta.fields} == {
        "id",
        "comment",
        "person",
        "opinion",
        "version",
    }


@pytest.mark.parametrize("number", [1, 3])
def test_queries_do_not_grow_with_votes(
    number, signed_in, citizen, goal, open_phase, django_assert_num_queries
):
    for comment in CommentFactory.create_batch(number, goal=goal, phase=open_phase):
        ReplyFactory(parent=comment)
        VoteFactory.create_batch(number, comment=comment)
        VoteFactory(comment=comment, person=citizen)
    client = signed_in(citizen)

    with django_assert_num_queries(8):
        client.get(goal.get_absolute_url())


@pytest.mark.django_db(transaction=True)
def test_people_who_vote_at_once_are_all_counted(comment):
    people = UserFactory.create_batch(8)

    def agree(person):
        try:
            vote(comment=comment, person=person, opinion=Opinion.AGREE, version=1)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(agree, people))

    assert numbers(comment) == (8, 0)
