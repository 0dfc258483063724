"""Texts that wait at the place they were begun: saved and discarded there, never published."""

import pytest
from django.urls import reverse

from comments.actions import edit_comment
from comments.models import LONGEST_DRAFT, MAX_LENGTH, Comment, Draft
from strategies.actions import close_phase
from tests.factories import CommentFactory, ReplyFactory

pytestmark = pytest.mark.django_db

TEXT = "Mehr Bänke.\n\nUnd Bäume."


@pytest.fixture
def me(citizen, signed_in):
    return signed_in(citizen)


@pytest.fixture
def place(goal):
    return goal.get_absolute_url()


@pytest.fixture
def parent(goal, open_phase):
    return CommentFactory(goal=goal, phase=open_phase)


def save(browser, place, text=TEXT, **said):
    return browser.post(place, {"text": text, "save": "1", **said}, follow=True)


def waiting(browser, place):
    return browser.get(place).context["form"]["text"].value()


def test_a_draft_waits_in_its_place_and_is_not_published(me, place, citizen):
    response = save(me, place, label="praise")

    assert response.redirect_chain == [(f"{place}#eingabe", 302)]
    assert "Ihr Entwurf ist gespeichert." in response.text
    assert not Comment.objects.exists()
    draft = Draft.objects.get()
    assert (draft.person, draft.text, draft.label, draft.token) == (citizen, TEXT, "praise", "")
    assert waiting(me, place) == TEXT


def test_what_was_done_is_said_at_the_form(me, place, parent):
    for said in ({}, {"parent": parent.pk}):
        page = save(me, place, **said).text

        assert page.count("Ihr Entwurf ist gespeichert.") == 2
        assert page.index("<title>Ihr Entwurf ist gespeichert.") < page.index('id="eingabe"')
        assert 'id="eingabe"' in page[: page.index('role="status"')]
        assert "<form" not in page[page.index('id="eingabe"') : page.index('role="status"')]


def test_saving_again_keeps_the_newer_words(me, place):
    save(me, place)
    save(me, place, text="Weniger.")

    assert [draft.text for draft in Draft.objects.all()] == ["Weniger."]


def test_a_reply_and_a_comment_wait_side_by_side(me, place, parent):
    response = save(me, place, text="Welche?", parent=parent.pk)
    assert response.redirect_chain == [(f"{place}?antwort={parent.pk}#eingabe", 302)]
    assert waiting(me, place) is None
    save(me, place)

    assert waiting(me, place) == TEXT
    assert waiting(me, f"{place}?antwort={parent.pk}") == "Welche?"
    assert waiting(me, f"{place}?antwort={'9' * 30}") == TEXT


def test_a_draft_ends_when_it_is_published(me, place):
    save(me, place)
    me.post(place, {"text": TEXT})

    assert Comment.objects.get().text == TEXT
    assert not Draft.objects.exists()


def test_publishing_a_comment_leaves_a_reply_that_waits(me, place, parent):
    save(me, place, text="Welche?", parent=parent.pk)
    save(me, place)

    me.post(place, {"text": TEXT})

    assert [draft.text for draft in Draft.objects.all()] == ["Welche?"]


def test_a_draft_is_discarded_where_it_stands(me, place, parent):
    assert "Entwurf verwerfen" not in me.get(place).text
    for page, said in ((place, {}), (f"{place}?antwort={parent.pk}", {"parent": parent.pk})):
        save(me, place, **said)
        discard = reverse("discard_draft", args=[Draft.objects.get().pk])
        assert f'formaction="{discard}"' in me.get(page).text

        response = me.post(discard, {"text": "", "from_place": "1"}, follow=True)

        assert response.redirect_chain == [(f"{page}#eingabe", 302)]
        assert "Der Entwurf ist verworfen." in response.text
        assert not Draft.objects.exists()


def test_whoever_is_no_longer_signed_in_keeps_the_text(client, place):
    response = save(client, place, signed_in="1")

    assert response.redirect_chain[0][0].startswith(reverse("account_login"))
    assert "Ihr Text ist noch da." in response.text
    assert Draft.objects.get().text == TEXT


def test_visitors_are_offered_no_drafts(client, place):
    assert "Entwurf speichern" not in client.get(place).text


def test_a_draft_is_saved_also_when_commenting_has_just_ended(me, place, open_phase, editor):
    close_phase(phase=open_phase, by=editor, reason="Fertig.")

    save(me, place)

    assert Draft.objects.get().text == TEXT
    assert not Comment.objects.exists()


def test_a_reply_that_waited_names_the_version_it_was_written_to(me, place, parent):
    save(me, place, text="Welche?", parent=parent.pk, version=1)
    ReplyFactory(parent=parent)
    edit_comment(comment=parent, by=parent.author, text="Anders.")

    form = me.get(f"{place}?antwort={parent.pk}").context["form"]
    said = {"text": "Welche?", "parent": parent.pk, "version": form["version"].value()}
    me.post(place, said)

    assert Comment.objects.get(text="Welche?").answered_version == 1


def test_a_draft_may_be_longer_than_what_is_published(me, place):
    long = "a" * (MAX_LENGTH + 1)
    save(me, place, text=long)
    assert waiting(me, place) == long

    assert "zu lang" in me.post(place, {"text": long}).text
    assert not Comment.objects.exists()


def test_a_draft_has_an_end_and_nothing_typed_is_lost(me, place):
    endless = "a" * (LONGEST_DRAFT + 1)
    response = save(me, place, text=endless)

    assert endless in response.text
    assert not Draft.objects.exists()


def test_no_draft_without_words(me, place):
    assert save(me, place, text=" ").context["form"].errors
    assert not Draft.objects.exists()
