"""Without account: name, address and text in one form, then the code, then it is published."""

import pytest
from allauth.core import ratelimit
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from accounts.models import Notification, User
from comments.models import Comment, Draft
from strategies.actions import close_phase
from tests.accounts.door import code_sent, signed_in_as
from tests.factories import CommentFactory, UserFactory

pytestmark = pytest.mark.django_db

TEXT = "Mehr Bäume am <Markt> & Bänke."
WHO = {"name": "Deichgängerin", "email": "deich@example.org"}
SIGN_OUT = "Abmelden – die nächste Person kann schreiben"


def write(reader, goal, **said):
    return reader.post(goal.get_absolute_url(), {"text": TEXT} | WHO | said)


def enter(reader, answer, code=""):
    """Enter the code on the page that the form led to."""
    return reader.post(answer.url, {"code": code or code_sent()})


def test_three_screens_lead_to_a_published_comment(client, goal):
    form = client.get(goal.get_absolute_url())
    assert "Name, der bei Ihrem Kommentar steht" in form.text
    assert not client.cookies

    code_page = client.get(write(client, goal).url)
    assert WHO["email"] in code_page.text
    assert not Comment.objects.exists()
    published = client.post(code_page.request["PATH_INFO"], {"code": code_sent()}, follow=True)

    comment = Comment.objects.get()
    assert (comment.text, comment.author_name) == (TEXT, "Deichgängerin")
    assert published.redirect_chain[0][0] == f"/kommentare/{comment.pk}/?neu=1"
    assert "Ihr Kommentar ist veröffentlicht." in published.text
    assert SIGN_OUT in published.text
    assert not Draft.objects.exists()


def test_what_its_author_began_at_home_is_still_there(client, goal, citizen):
    """They were not signed in, so they were not shown it."""
    Draft.objects.create(person=citizen, strategy=goal.strategy, goal=goal, text="Much more.")

    enter(client, write(client, goal, name="", email=citizen.email))

    assert Comment.objects.get().author == citizen
    assert Draft.objects.get().text == "Much more."


def test_a_reply_is_published_the_same_way(client, goal, open_phase):
    parent = CommentFactory(goal=goal, phase=open_phase)
    parent.version = 2
    parent.save()
    answer = write(client, goal, parent=parent.pk, version=1)

    published = client.get(enter(client, answer).url, follow=True)

    reply = Comment.objects.get(parent=parent)
    assert reply.answered_version == 1
    assert "Ihre Antwort ist veröffentlicht." in published.text
    assert SIGN_OUT in published.text


def test_below_en_the_page_of_the_code_says_in_which_language_the_mail_is(client, goal):
    said = "The e-mail is in German"
    assert (
        said
        in client.get(client.post(f"/en{goal.get_absolute_url()}", WHO | {"text": TEXT}).url).text
    )
    assert "Die E-Mail ist auf Deutsch" not in client.get(write(client, goal).url).text


def test_looking_at_the_code_page_publishes_nothing(client, goal):
    answer = write(client, goal)

    client.get(answer.url, {"code": code_sent()})
    client.get(answer.url)

    assert not Comment.objects.exists()
    assert signed_in_as(client) is None


def test_a_wrong_code_publishes_nothing(client, goal):
    page = enter(client, write(client, goal), code="000 00x")

    assert "Dieser Code stimmt nicht" in page.text or page.context["form"].errors
    assert not Comment.objects.exists()


@pytest.mark.parametrize("name", ["Bauamt", "x", "deich@example.org"])
def test_a_bad_name_returns_everything(name, client, goal):
    page = write(client, goal, name=name, label="praise")

    assert page.context["form"].has_error("name")
    assert [
        page.context["form"][field].value() for field in ("text", "name", "email", "label")
    ] == [
        TEXT,
        name,
        WHO["email"],
        "praise",
    ]
    assert escape(TEXT) in page.text
    assert not client.cookies
    assert not Notification.objects.exists()


def test_a_known_address_keeps_its_own_name(client, goal, citizen):
    name = citizen.public_name

    enter(client, write(client, goal, email=citizen.email, name=name.upper()))

    assert Comment.objects.get().author == citizen
    citizen.refresh_from_db()
    assert citizen.public_name == name


def test_nothing_appears_under_a_name_that_was_not_said(client, goal, citizen):
    """It may be the real one, of an account that somebody has forgotten."""
    answer = enter(client, write(client, goal, email=citizen.email, name="Ganz Neu"))
    page = client.get(answer.url)

    assert not Comment.objects.exists()
    assert f"unter dessen Namen erscheinen: {citizen.public_name}." in page.text
    form = page.context["form"]
    assert form["text"].value() == TEXT
    client.post(goal.get_absolute_url(), {"text": form["text"].value()})
    assert Comment.objects.get().author == citizen
    assert not Draft.objects.exists()


def test_who_left_the_name_empty_is_asked_beside_the_code(client, goal):
    """So that it stays at three screens."""
    answer = write(client, goal, name="")
    assert client.get(answer.url).context["form"].fields.keys() == {"code", "name"}

    said = {"code": code_sent(), "name": " Fährfrau "}
    published = client.post(answer.url, said, follow=True)

    assert Comment.objects.get().author_name == "Fährfrau"
    assert "Ihr Kommentar ist veröffentlicht." in published.text


def test_who_said_a_name_is_not_asked_again(client, goal):
    answer = write(client, goal)

    assert client.get(answer.url).context["form"].fields.keys() == {"code"}


def test_a_known_address_may_leave_the_name_empty_twice(client, goal, citizen):
    answer = write(client, goal, name="", email=citizen.email)

    client.post(answer.url, {"code": code_sent(), "name": ""})

    assert Comment.objects.get().author == citizen


@pytest.mark.parametrize("name", ["Bauamt", "x", "deich@example.org"])
def test_a_bad_name_beside_the_code_takes_nothing_away(name, client, goal):
    answer = write(client, goal, name="")
    code = code_sent()

    page = client.post(answer.url, {"code": code, "name": name})

    form = page.context["form"]
    assert form.has_error("name")
    assert (form["name"].value(), form["code"].value()) == (name, code)
    assert not Comment.objects.exists()
    client.post(answer.url, {"code": code, "name": "Fährfrau"})
    assert Comment.objects.get().author_name == "Fährfrau"


@pytest.mark.parametrize("name", ["", WHO["name"]])
def test_without_a_name_of_their_own_they_publish_with_the_name(name, client, goal):
    UserFactory(public_name=WHO["name"])

    name_page = client.get(enter(client, write(client, goal, name=name)).url)
    assert "Ihr Kommentar ist noch nicht veröffentlicht" in name_page.text
    assert not Comment.objects.exists()
    here = name_page.wsgi_request.get_full_path()
    published = client.post(here, {"name": "Fährfrau"}, follow=True)

    assert Comment.objects.get().author_name == "Fährfrau"
    assert "Ihr Kommentar ist veröffentlicht." in published.text
    assert SIGN_OUT in published.text


def test_whoever_chooses_no_name_finds_the_text_among_their_drafts(client, goal, open_phase):
    parent = CommentFactory(goal=goal, phase=open_phase)
    UserFactory(public_name=WHO["name"])

    name_page = client.get(enter(client, write(client, goal, parent=parent.pk)).url)

    assert "Später – der Text bleibt bei meinen Entwürfen" in name_page.text
    draft = Draft.objects.get()
    assert (draft.person, draft.text, draft.parent) == (signed_in_as(client), TEXT, parent)
    assert escape(TEXT) in client.get("/konto/entwuerfe/").text


def test_a_draft_that_they_did_not_see_is_not_overwritten(client, goal):
    nameless = UserFactory(public_name="")
    Draft.objects.create(person=nameless, strategy=goal.strategy, goal=goal, text="Much more.")

    here = enter(client, write(client, goal, name="", email=nameless.email)).url
    client.post(here, {"name": "Fährfrau"})

    assert Comment.objects.get().text == TEXT
    assert Draft.objects.get().text == "Much more."


def test_a_bad_name_publishes_nothing_and_the_text_still_waits(client, goal):
    UserFactory(public_name=WHO["name"])
    here = enter(client, write(client, goal, name="")).url

    refused = client.post(here, {"name": WHO["name"]})

    assert refused.context["form"].has_error("name")
    assert not Comment.objects.exists()
    assert escape(TEXT) in client.get(goal.get_absolute_url()).text


def test_closed_before_the_name_the_text_comes_back(client, goal, open_phase, editor):
    here = enter(client, write(client, goal, name="")).url
    close_phase(phase=open_phase, by=editor, reason="Fertig.")

    page = client.post(here, {"name": "Fährfrau"}, follow=True)

    assert "Ihr Kommentar wurde nicht veröffentlicht." in page.text
    assert escape(TEXT) in page.text
    assert not Comment.objects.exists()


def test_closed_meanwhile_the_text_comes_back_with_the_sentence(client, goal, open_phase, editor):
    answer = write(client, goal)
    code = code_sent()
    close_phase(phase=open_phase, by=editor, reason="Fertig.")

    page = client.get(enter(client, answer, code).url)

    assert "Ihr Kommentar wurde nicht veröffentlicht." in page.text
    assert escape(TEXT) in page.text
    assert not Comment.objects.exists()


def test_whoever_corrects_the_address_finds_everything(client, goal):
    write(client, goal)

    form = client.get(goal.get_absolute_url()).context["form"]

    assert [form[name].value() for name in ("text", "name", "email")] == [TEXT, *WHO.values()]


def test_whoever_left_the_code_page_finds_the_way_back(client, goal, open_phase):
    parent = CommentFactory(goal=goal, phase=open_phase)
    write(client, goal, parent=parent.pk)
    place = f"{goal.get_absolute_url()}?antwort={parent.pk}"

    page = client.get(place)

    assert f"ging an <strong>{WHO['email']}</strong>" in page.text
    way = page.context["under_way"]["url"]
    assert f'<a href="{way}">' in page.text
    assert client.get(way).context["back"] == f"{place}#eingabe"
    # Here it waits for nothing.
    assert WHO["email"] not in client.get(goal.get_absolute_url()).text.partition("<form")[0]
    client.post(way, {"code": code_sent()})
    assert Comment.objects.get(parent=parent).text == TEXT


def test_a_new_code_publishes_too(client, goal):
    answer = write(client, goal)
    Notification.objects.all().delete()

    again = client.post(answer.url, {"again": "1"})
    enter(client, again)

    assert Comment.objects.count() == 1


def test_an_expired_code_asks_for_a_new_one_and_leads_back_to_the_text(client, goal):
    answer = write(client, goal)
    session = client.session
    del session["account_login"]
    session.save()

    page = enter(client, answer, code="123456")

    assert f'<a href="{goal.get_absolute_url()}#eingabe">' in page.text
    assert escape(TEXT) in client.get(goal.get_absolute_url()).text
    enter(client, client.post(answer.url, {"again": "1"}))
    assert Comment.objects.get().text == TEXT


def test_the_next_person_at_the_device_starts_afresh(client, goal):
    client.get(enter(client, write(client, goal)).url, follow=True)

    page = client.post(
        reverse("account_logout"), {"next": f"{goal.get_absolute_url()}#formular"}, follow=True
    )

    assert signed_in_as(client) is None
    form = page.context["form"]
    assert [form[name].value() for name in ("text", "name", "email")] == [None, None, None]


def test_whoever_signed_in_at_the_door_is_offered_no_next_person(signed_in, citizen, goal):
    reader = signed_in(citizen)

    page = reader.post(goal.get_absolute_url(), {"text": TEXT}, follow=True)

    assert "Ihr Kommentar ist veröffentlicht." in page.text
    assert SIGN_OUT not in page.text


def test_forty_people_take_part_from_one_address(goal):
    for number in range(40):
        reader = Client(REMOTE_ADDR="203.0.113.7")
        name = f"Nachbarin aus Nummer {number + 10}"
        enter(reader, write(reader, goal, name=name, email=f"n{number}@example.org"))

    assert Comment.objects.count() == 40
    assert User.objects.filter(email__startswith="n").count() == 40


def test_no_more_texts_are_kept_for_one_address_than_may_be_published(settings, goal):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"comment": "1/h/key"}
    here, said = goal.get_absolute_url(), {"text": TEXT, "signed_in": "1"}

    kept = Client().post(here, said)
    refused = Client().post(here, said)

    assert kept.status_code == 302
    assert refused.status_code == 409
    assert escape(TEXT) in refused.text
    assert Draft.objects.count() == 1


def test_too_many_comments_from_one_address_bring_the_text_back(
    settings, signed_in, client, citizen, goal
):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"comment": "1/h/key"}
    signed_in(citizen).post(goal.get_absolute_url(), {"text": "Bänke."})

    refused = signed_in(UserFactory()).post(goal.get_absolute_url(), {"text": TEXT})
    assert refused.status_code == 409
    assert "viele Kommentare geschrieben" in refused.text
    assert escape(TEXT) in refused.text

    page = client.get(enter(client, write(client, goal)).url)
    assert "viele Kommentare geschrieben" in page.text
    assert escape(TEXT) in page.text
    assert Comment.objects.count() == 1


def test_a_network_may_publish_120_comments_an_hour(rf):
    request = rf.post("/")

    taken = [ratelimit.consume(request, action="comment", key="a network") for _ in range(121)]

    assert taken == [True] * 120 + [False]
