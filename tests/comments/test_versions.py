"""Changing one's own words, and what everybody may still read of the old ones."""

import re
from time import process_time

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as some

from accounts.models import Notification
from comments.actions import CommentRefused, edit_comment, post_comment, remove_version, vote
from comments.differences import differences
from comments.models import MAX_LENGTH, Comment, CommentVersion, Opinion
from comments.rules import MOST_EDITS
from strategies.models import Subscription
from tests.factories import (
    CommentFactory,
    ReplyFactory,
    UserFactory,
    VoteFactory,
    days,
    hidden,
    withdrawn,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def comment(goal, open_phase, citizen):
    return CommentFactory(goal=goal, phase=open_phase, author=citizen, text="Fewer cars.")


@pytest.fixture
def edited(comment):
    """A comment that was edited after somebody had answered."""
    ReplyFactory(parent=comment, answered_version=1)
    edit_comment(comment=comment, by=comment.author, text="Fewer parked cars.")
    comment.refresh_from_db()
    return comment


def page_of(client, comment) -> str:
    return client.get(comment.goal.get_absolute_url()).content.decode()


def versions_of(client, comment):
    return client.get(reverse("versions", args=[comment.pk]))


def words(response) -> str:
    """What the pieces of the first text say, as it is heard."""
    piece = re.search(r'<p class="pieces">(.*?)</p>', response.content.decode(), re.S)[1]
    return re.sub(r"\s+", " ", re.sub("<.*?>", "", piece)).strip()


def test_nothing_of_a_text_remains_that_nobody_had_answered(client, comment):
    edit_comment(comment=comment, by=comment.author, text="Fewer parked cars.")

    assert CommentVersion.objects.count() == 0
    page = page_of(client, comment)
    assert "Fewer parked cars." in page
    assert "<span>Bearbeitet am " in page
    assert versions_of(client, comment).status_code == 404


def test_earlier_version_stays_readable_after_a_reply(client, edited):
    assert f'<a href="/kommentare/{edited.pk}/fassungen/">Bearbeitet am ' in page_of(client, edited)
    assert words(versions_of(client, edited)) == "Fewer Eingefügt: parked (Ende) cars."


def test_earlier_version_stays_readable_after_a_vote(comment):
    VoteFactory(comment=comment)

    edit_comment(comment=comment, by=comment.author, text="Fewer parked cars.")

    assert comment.versions.get().text == "Fewer cars."


def test_where_the_first_versions_are_is_said(client, comment, edited):
    sentence = "Ältere Fassungen fehlen: Was geändert wird, bevor jemand geantwortet"
    later = CommentFactory(goal=comment.goal, phase=comment.phase, author=comment.author)
    edit_comment(comment=later, by=later.author, text="Fewer cars in town.")
    VoteFactory(comment=later)
    edit_comment(comment=later, by=later.author, text="Fewer parked cars in town.")

    assert sentence in versions_of(client, later).text
    remove_version(version=edited.versions.get(), by=edited.author)
    assert sentence not in versions_of(client, edited).text


@pytest.mark.parametrize("answered", [True, False])
def test_what_becomes_of_the_old_text_is_said_before(answered, signed_in, comment):
    if answered:
        ReplyFactory(parent=comment)

    page = signed_in(comment.author).get(reverse("edit", args=[comment.pk])).content.decode()

    assert ("Jemand hat schon geantwortet oder abgestimmt." in page) is answered
    assert ("Noch hat niemand geantwortet oder abgestimmt." in page) is not answered


def test_nothing_stays_readable_of_which_the_opposite_was_said(signed_in, comment):
    """Somebody votes between reading the page and publishing the change."""
    author, address = signed_in(comment.author), reverse("edit", args=[comment.pk])
    promised = '<input type="hidden" name="leaves_nothing" value="1">'
    assert promised in author.get(address).text
    VoteFactory(comment=comment)

    change = {"text": "Fewer parked cars.", "leaves_nothing": "1"}
    refused = author.post(address, change)

    assert refused.status_code == 409
    assert "Eben hat jemand geantwortet oder abgestimmt." in refused.text
    assert "Fewer parked cars.</textarea>" in refused.text
    assert promised not in refused.text
    assert not CommentVersion.objects.exists()

    del change["leaves_nothing"]
    author.post(address, change)
    assert comment.versions.get().text == "Fewer cars."


def test_reply_names_the_version_it_answered(client, signed_in, edited):
    link = 'fassungen/#fassung-1">Antwort auf Fassung 1<'
    assert link in page_of(client, edited)

    form = {"text": "Now I agree.", "parent": edited.pk, "version": 2}
    signed_in(UserFactory()).post(edited.goal.get_absolute_url(), form)

    assert edited.replies.get(text="Now I agree.").answered_version == 2
    assert page_of(client, edited).count(link) == 1


def test_reply_to_a_version_that_was_not_kept_leads_nowhere(client, signed_in, comment):
    """Somebody had the form open while the text was changed, and nobody had answered yet."""
    edit_comment(comment=comment, by=comment.author, text="Fewer parked cars.")
    form = {"text": "Why?", "parent": comment.pk, "version": 1}
    signed_in(UserFactory()).post(comment.goal.get_absolute_url(), form)

    page = page_of(client, comment)

    assert "Antwort auf eine frühere Fassung, die es nicht mehr gibt" in page
    assert "#fassung-1" not in page


def test_reply_is_for_the_version_that_was_read(signed_in, edited):
    form = {"text": "Why?", "parent": edited.pk, "version": 1}

    signed_in(UserFactory()).post(edited.goal.get_absolute_url(), form)

    assert edited.replies.get(text="Why?").answered_version == 1


def test_votes_for_an_earlier_version_are_marked(client, comment):
    people = UserFactory.create_batch(3)
    for person in people:
        vote(comment=comment, person=person, opinion=Opinion.AGREE, version=1)
    edit_comment(comment=comment, by=comment.author, text="Fewer parked cars.")
    assert "(3 Stimmen davon galten einer früheren Fassung.)" in page_of(client, comment)

    vote(comment=comment, person=people[0], opinion=Opinion.AGREE, version=2)

    assert "(2 Stimmen davon galten einer früheren Fassung.)" in page_of(client, comment)


def test_votes_against_an_earlier_version_are_marked_as_well(client, comment):
    for opinion in Opinion:
        vote(comment=comment, person=UserFactory(), opinion=opinion, version=1)

    edit_comment(comment=comment, by=comment.author, text="Fewer parked cars.")

    assert "(2 Stimmen davon galten einer früheren Fassung.)" in page_of(client, comment)


def test_author_may_remove_an_earlier_version(signed_in, edited):
    client = signed_in(edited.author)

    client.post(reverse("remove_version", args=[edited.pk, 1]))

    page = versions_of(client, edited).content.decode()
    assert "[Frühere Fassung entfernt]" in page
    assert "Fewer cars." not in page
    assert CommentVersion.objects.get().text == ""


def test_paper_says_what_was_edited_answered_and_voted(client, edited):
    vote(comment=edited, person=UserFactory(), opinion=Opinion.AGREE, version=2)

    paper = client.get(reverse("print", args=[edited.phase.strategy.slug])).text

    assert "Antwort auf Fassung 1" in paper
    assert re.search(r'<p class="small">Bearbeitet am [^<]* · 1 stimmt zu</p>', paper)


def test_who_signs_in_on_the_way_to_removing_a_version_finds_the_button(signed_in, edited):
    client, way = signed_in(edited.author), reverse("remove_version", args=[edited.pk, 1])

    assert client.get(way)["Location"] == reverse("versions", args=[edited.pk])
    assert CommentVersion.objects.get().text


def test_only_the_author_is_offered_to_remove_a_version(client, signed_in, edited):
    way = reverse("remove_version", args=[edited.pk, 1])

    assert way in versions_of(signed_in(edited.author), edited).text
    assert way not in versions_of(signed_in(UserFactory()), edited).text
    assert way not in versions_of(client, edited).text


@pytest.mark.parametrize("gone", [hidden, withdrawn])
def test_nothing_is_readable_of_words_that_are_gone(gone, client, edited):
    gone(edited)

    assert versions_of(client, edited).status_code == 404
    page = page_of(client, edited)
    assert "Bearbeitet am" not in page
    assert "Antwort auf Fassung" not in page


def test_texts_are_frozen_after_closing(comment, open_phase):
    open_phase.closes_at = days(-0.1)
    open_phase.save()

    with pytest.raises(CommentRefused, match="closed"):
        edit_comment(comment=comment, by=comment.author, text="Fewer parked cars.")


def test_editing_is_offered_while_one_can_comment(signed_in, comment, open_phase):
    way = f'href="{reverse("edit", args=[comment.pk])}"'
    assert way in page_of(signed_in(comment.author), comment)

    open_phase.closes_at = days(-0.1)
    open_phase.save()

    assert way not in page_of(signed_in(comment.author), comment)


def test_nothing_typed_is_lost_when_the_phase_has_closed(signed_in, comment, open_phase):
    open_phase.closes_at = days(-0.1)
    open_phase.save()

    response = signed_in(comment.author).post(
        reverse("edit", args=[comment.pk]), {"text": "Fewer parked cars."}
    )

    assert response.status_code == 409
    assert "Fewer parked cars.</textarea>" in response.content.decode()


def test_nothing_typed_is_lost_when_the_session_has_ended(client, comment):
    address = reverse("edit", args=[comment.pk])
    response = client.post(address, {"text": "Fewer parked cars.", "label": "concern"})
    assert (
        response["Location"]
        == f"{reverse('account_login')}?next=%2Fkommentare%2F{comment.pk}%2Fbearbeiten%2F"
    )

    client.force_login(comment.author)

    page = client.get(address).content.decode()
    assert "Fewer parked cars.</textarea>" in page
    assert '<option value="concern" selected>' in page


def test_nothing_is_kept_for_a_comment_that_nobody_can_see(client, comment):
    unpublished = CommentFactory()
    unpublished.phase.strategy.published_at = None
    unpublished.phase.strategy.save()

    for number in (unpublished.pk, comment.pk + 1000):
        answer = client.post(reverse("edit", args=[number]), {"text": "Other."})
        assert answer.status_code == 404

    assert Session.objects.count() == 0


def test_same_text_is_said_only_once(comment):
    CommentFactory(goal=comment.goal, phase=comment.phase, author=comment.author, text="Benches.")

    with pytest.raises(CommentRefused, match="repeated"):
        edit_comment(comment=comment, by=comment.author, text="Benches.")


def test_label_alone_makes_no_version(comment):
    ReplyFactory(parent=comment)

    edit_comment(comment=comment, by=comment.author, text=comment.text, label="concern")

    comment.refresh_from_db()
    assert (comment.label, comment.version, comment.edited_at) == ("concern", 1, None)


def test_suspended_people_do_not_edit(comment):
    comment.author.suspended_until = days(1)

    with pytest.raises(CommentRefused, match="suspended"):
        edit_comment(comment=comment, by=comment.author, text="Fewer parked cars.")


def test_the_last_edit_of_all_is_taken(comment):
    Comment.objects.filter(pk=comment.pk).update(version=MOST_EDITS)

    edit_comment(comment=comment, by=comment.author, text="Fewer parked cars.")

    comment.refresh_from_db()
    assert comment.version == MOST_EDITS + 1


def test_a_reply_gets_no_label_by_an_edit(comment):
    reply = ReplyFactory(parent=comment)

    edit_comment(comment=reply, by=reply.author, text="Because.", label="praise")

    reply.refresh_from_db()
    assert (reply.text, reply.label) == ("Because.", "")


def test_edits_have_an_end(comment):
    Comment.objects.filter(pk=comment.pk).update(version=MOST_EDITS + 1)

    with pytest.raises(CommentRefused, match="often"):
        edit_comment(comment=comment, by=comment.author, text="Fewer parked cars.")


def test_mails_that_wait_quote_the_new_text(goal):
    parent = post_comment(author=UserFactory(), strategy=goal.strategy, goal=goal, text="Trees.")
    assert Subscription.objects.filter(person=parent.author).exists()
    reply = post_comment(
        author=UserFactory(), strategy=goal.strategy, goal=goal, text="Secret.", parent=parent
    )

    edit_comment(comment=reply, by=reply.author, text="No, thank you.")

    waiting = Notification.objects.filter(about=reply.about)
    assert {mail.key for mail in waiting} == {f"receipt:{reply.pk}", f"reply:{reply.pk}"}
    assert all("> No, thank you." in mail.body for mail in waiting)
    assert not Notification.objects.filter(body__contains="Secret.").exists()


def test_mail_that_has_left_is_not_sent_again(comment):
    edit_comment(comment=comment, by=comment.author, text="Fewer parked cars.")

    assert Notification.objects.count() == 0


@given(some.text("ab \n", max_size=30), some.text("ab \n", max_size=30))
def test_differences_hold_both_texts(before, after):
    pieces = differences(before, after)

    assert "".join(text for what, text in pieces if what != "inserted") == before
    assert "".join(text for what, text in pieces if what != "removed") == after


def test_words_of_the_longest_comment_are_compared():
    before = " ".join(f"Bank {number}" for number in range(499))[:MAX_LENGTH]

    assert differences(before, f"{before}!") == (("same", before), ("inserted", "!"))


def test_differences_of_hostile_texts_take_no_time():
    started = process_time()

    differences("a " * 2_000, "b a " * 1_000)
    differences("a b " * 1_000, "b b a " * 660)
    # Many signs, each of them rare: 13 seconds for one pair.
    arrows = [chr(0x2190 + number % 51) for number in range(2_000)]
    before, after = (
        "".join(arrow + chr(first + number % 40) for number, arrow in enumerate(arrows))
        for first in (0x2500, 0x2540)
    )
    assert differences(before, after) == (("removed", before), ("inserted", after))

    assert process_time() - started < 1


@pytest.mark.parametrize("number", [1, 3])
def test_queries_do_not_grow_with_versions(number, client, edited, django_assert_num_queries):
    for text in range(number - 1):
        edit_comment(comment=edited, by=edited.author, text=f"Fewer cars: {text}.")

    with django_assert_num_queries(2):
        versions_of(client, edited)
