"""The link beside the code: any browser shows the text that waits, and has a new code sent."""

import re
from datetime import datetime

import pytest
from django.conf import settings as site
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from accounts.models import Notification, User
from accounts.sending import send_due_notifications
from comments.models import Comment, Draft
from comments.waiting import in_last_hour
from strategies.actions import close_phase, unpublish_strategy
from strategies.models import Phase
from tests.accounts.door import code_sent
from tests.factories import CommentFactory, GoalFactory, days

pytestmark = pytest.mark.django_db

TEXT = "Mehr Bäume am <Markt> & Bänke.\nhttps://elsewhere.example/"
WHO = {"name": "Deichgängerin", "email": "deich@example.org"}
TAKE = "/mein-text/"


def write(reader, goal, **said):
    return reader.post(goal.get_absolute_url(), {"text": TEXT} | WHO | said)


def link_sent():
    """The path of the link in the newest message."""
    return re.search(rf"^{site.SITE_URL}(/mein-text/\w+/)$", newest_mail(), re.MULTILINE)[1]


def newest_mail():
    return Notification.objects.latest("pk").body


def token_of(link):
    return link.split("/")[2]


def take(reader, link):
    """Press the button on the page that the link leads to."""
    return reader.post(TAKE, {"token": token_of(link)})


def rows():
    counted = (Comment, Draft, Notification, Session, User)
    return {model: list(model.objects.order_by("pk").values()) for model in counted}


@pytest.fixture
def link(client, goal):
    """The link of a text that waits in the browser ``client``."""
    write(client, goal, label="praise")
    return link_sent()


@pytest.fixture
def elsewhere():
    """A browser that knows nothing yet."""
    return Client()


def test_the_mail_has_the_code_one_link_and_not_the_text(link):
    mail = newest_mail()

    assert re.findall(r"https?://\S+", mail) == [site.SITE_URL + link]
    assert code_sent() in mail
    assert "Markt" not in mail
    assert WHO["name"] not in mail


def test_without_a_text_there_is_no_link(client):
    client.post("/konto/anmelden/", {"email": WHO["email"]})

    assert code_sent() in newest_mail()
    assert "mein-text" not in newest_mail()


def test_any_browser_shows_the_text_and_looking_changes_nothing(link, elsewhere, goal):
    before = rows()

    page = elsewhere.get(link)
    elsewhere.head(link)

    assert rows() == before
    assert not page.cookies
    assert page["Referrer-Policy"] == "same-origin"
    assert page["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    assert escape("Mehr Bäume am <Markt> & Bänke.") in page.text
    assert 'href="https://elsewhere.example' not in page.text
    assert f'<a href="{goal.get_absolute_url()}">{goal}</a>' in page.text
    assert "Darüber steht der Name Deichgängerin." in page.text
    assert "Lob" in page.text
    assert "Neuen Code senden" in page.text
    assert WHO["email"] not in page.text


def test_it_says_until_when_the_text_is_kept(link, elsewhere):
    Draft.objects.update(saved_at="2099-05-21 07:12+00:00")

    page = elsewhere.get(link).text.replace("\N{NO-BREAK SPACE}", " ")

    assert "Der Text wartet bis 22. Mai 2099, 9:12 Uhr. Danach wird er gelöscht." in page


def test_a_reply_says_what_it_answers(client, elsewhere, goal, open_phase):
    parent = CommentFactory(goal=goal, phase=open_phase)
    write(client, goal, parent=parent.pk)

    page = elsewhere.get(link_sent()).text

    assert f'<a href="/kommentare/{parent.pk}/">Antwort auf Nr. {parent.pk}</a>' in page


def test_only_in_the_last_hour_it_says_that_there_is_hurry(link, elsewhere, open_phase):
    assert "ist Schluss" not in elsewhere.get(link).text

    open_phase.closes_at = days(0.9 / 24)
    open_phase.save()

    page = elsewhere.get(link).text
    assert "ist Schluss. Bitte geben Sie auch den Code aus der E-Mail vorher ein." in page


@pytest.mark.parametrize(
    ("now", "closes_at", "beginning"),
    [
        ("2099-05-31 21:30+00:00", "2099-05-31 22:00+00:00", "Heute um 24:00 Uhr ist Schluss. "),
        ("2099-05-31 15:15+00:00", "2099-05-31 16:00+00:00", "Heute um 18:00 Uhr ist Schluss. "),
        ("2099-05-31 21:30+00:00", "2099-05-31 22:15+00:00", "Morgen um 0:15 Uhr ist Schluss. "),
        ("2099-05-31 22:05+00:00", "2099-05-31 22:15+00:00", "Heute um 0:15 Uhr ist Schluss. "),
        ("2099-05-31 21:00+00:00", "2099-05-31 22:00+00:00", ""),
    ],
)
def test_the_last_hour_names_the_day_and_the_time(now, closes_at, beginning):
    phase = Phase(closes_at=datetime.fromisoformat(closes_at))
    phase.now = datetime.fromisoformat(now)

    said = in_last_hour(phase).replace("\N{NO-BREAK SPACE}", " ")

    assert said.partition("Bitte")[0] == beginning


def test_in_the_last_hour_the_form_says_so_to_those_who_need_a_code(
    client, goal, open_phase, signed_in, citizen
):
    sentence = "Bitte geben Sie auch den Code aus der E-Mail vorher ein."
    page = goal.get_absolute_url()
    assert sentence not in client.get(page).text

    open_phase.closes_at = days(0.9 / 24)
    open_phase.save()

    assert sentence in client.get(page).text
    assert sentence not in signed_in(citizen).get(page).text


def test_a_new_code_in_another_browser_publishes_once(link, client, elsewhere, goal):
    first_code = code_sent()

    code_page = take(elsewhere, link)
    assert "Code eingeben" in elsewhere.get(code_page.url).text
    assert not Comment.objects.exists()
    published = elsewhere.post(code_page.url, {"code": code_sent()}, follow=True)

    comment = Comment.objects.get()
    assert (comment.text, comment.author_name, comment.label) == (TEXT, "Deichgängerin", "praise")
    assert "Ihr Kommentar ist veröffentlicht." in published.text
    assert not Draft.objects.exists()

    late = client.post(reverse("publish_with_code"), {"code": first_code}, follow=True)

    # As who clicked twice: it is there already.
    assert "Ihr Kommentar ist veröffentlicht." in late.text
    assert Comment.objects.get() == comment


def test_a_code_that_comes_long_after_publishes_nothing_more(link, client, elsewhere, goal):
    first_code = code_sent()
    elsewhere.post(take(elsewhere, link).url, {"code": code_sent()})
    Comment.objects.update(posted_at=days(-0.1))

    late = client.post(reverse("publish_with_code"), {"code": first_code}, follow=True)

    assert "Hier wartet kein Text mehr" in late.text
    assert Comment.objects.count() == 1


def test_the_same_text_of_two_browsers_is_published_once(link, client, elsewhere, goal):
    """As when both codes are entered at the same moment: each still finds the text."""
    first_code = code_sent()
    kept = Draft.objects.get()
    answer = take(elsewhere, link)

    elsewhere.post(answer.url, {"code": code_sent()})
    kept.save(force_insert=True)
    late = client.post(answer.url, {"code": first_code}, follow=True)

    assert "Diesen Text haben Sie hier schon veröffentlicht" in late.text
    comment = Comment.objects.get()
    assert late.redirect_chain[-1][0].endswith(f"#kommentar-{comment.pk}")
    assert not Draft.objects.exists()


def test_the_new_code_goes_to_the_address_of_the_text(link, elsewhere):
    elsewhere.post(TAKE, {"token": token_of(link), "email": "thief@example.org"})

    addresses = Notification.objects.values_list("address", flat=True)
    assert list(addresses) == [WHO["email"]] * 2
    assert link_sent() == link


def test_a_text_that_is_written_anew_has_another_link(link, client, elsewhere, goal):
    write(client, goal, text="Weniger Bäume.")

    assert elsewhere.get(link).status_code == 404
    assert "Weniger Bäume." in elsewhere.get(link_sent()).text


def test_nobody_publishes_what_was_changed_after_they_read_it(link, client, elsewhere, goal):
    answer = take(elsewhere, link)
    code = code_sent()
    write(client, goal, text="Something nasty.")

    page = elsewhere.post(answer.url, {"code": code}, follow=True)

    assert "Hier wartet kein Text mehr" in page.text
    assert not Comment.objects.exists()


def test_a_text_for_another_place_waits_on(link, client, elsewhere, goal):
    write(client, GoalFactory(strategy=goal.strategy))

    assert elsewhere.get(link).status_code == 200


def test_whoever_is_signed_in_finds_the_text_in_the_form(link, signed_in, citizen, goal):
    reader = signed_in(citizen)
    before = Notification.objects.count()

    page = reader.get(link).text
    form = reader.get(take(reader, link).url)

    assert f"Darüber steht der Name {citizen.public_name}." in page
    assert form.context["form"]["text"].value() == TEXT
    assert Notification.objects.count() == before
    assert not Comment.objects.exists()

    reader.post(goal.get_absolute_url(), {"text": TEXT})
    assert Comment.objects.get().author == citizen
    assert not Draft.objects.exists()


def test_nobody_learns_who_has_an_account(goal, citizen):
    pages = []
    for address in (citizen.email, "nobody@example.org"):
        write(Client(), goal, email=address)
        link, reader = link_sent(), Client()
        page = reader.get(link).text.replace(token_of(link), "token")
        answer = take(reader, link)
        code_page = reader.get(answer.url).text.replace(address, "address")
        pages.append((page, answer.status_code, answer.url, without_tokens(code_page)))

    assert pages[0] == pages[1]


def without_tokens(page):
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)


# Where the link leads no more


def test_after_publishing_the_link_says_so(link, client, elsewhere, goal):
    client.post(reverse("publish_with_code"), {"code": code_sent()})
    before = Notification.objects.count()

    answers = [elsewhere.get(link), take(elsewhere, link)]

    assert [answer.status_code for answer in answers] == [404, 404]
    for answer in answers:
        assert "Sehr wahrscheinlich ist der Text schon veröffentlicht" in answer.text
        assert '<a href="/konto/kommentare/">Meine Kommentare</a>' in answer.text
    assert Notification.objects.count() == before
    assert not elsewhere.cookies


def test_after_24_hours_the_link_says_so_also_when_nobody_has_cleared_up(link, client, elsewhere):
    Draft.objects.update(saved_at=days(-1.001))

    assert [elsewhere.get(link).status_code, take(elsewhere, link).status_code] == [404, 404]
    page = client.post(reverse("publish_with_code"), {"code": code_sent()}, follow=True)
    assert "Hier wartet kein Text mehr" in page.text
    assert not Comment.objects.exists()


@pytest.mark.parametrize("token", ["x", "a" * 40, "%00", "..%2F", "ä"])
def test_no_other_token_leads_anywhere(token, link, elsewhere):
    assert elsewhere.get(f"{TAKE}{token}/").status_code == 404
    assert elsewhere.post(TAKE, {"token": token}).status_code == 404
    assert elsewhere.post(TAKE, {"token": "\0"}).status_code == 404
    assert elsewhere.post(TAKE).status_code == 404


def test_no_code_is_sent_for_a_text_without_an_address(client, goal):
    """Somebody's session had ended: they sign in, and there is nobody to write to."""
    client.post(goal.get_absolute_url(), {"text": TEXT, "signed_in": "1"})

    page = client.post(reverse("publish_with_code"), {"again": "1"}, follow=True)

    assert "Hier wartet kein Text mehr" in page.text
    assert not Notification.objects.exists()


def test_drafts_of_people_have_no_such_page(elsewhere, citizen, goal):
    Draft.objects.create(person=citizen, strategy=goal.strategy, text=TEXT)

    assert elsewhere.post(TAKE, {"token": ""}).status_code == 404


def test_closed_meanwhile_the_text_is_there_to_copy(link, elsewhere, open_phase, editor):
    close_phase(phase=open_phase, by=editor, reason="Fertig.")
    before = Notification.objects.count()

    page = take(elsewhere, link)
    assert page.url == link
    page = elsewhere.get(link)

    assert page.status_code == 200
    assert "Ihr Kommentar wurde nicht veröffentlicht." in page.text
    assert escape("Mehr Bäume am <Markt> & Bänke.") in page.text
    assert "Neuen Code senden" not in page.text
    assert Notification.objects.count() == before
    assert not elsewhere.cookies


def test_what_is_not_public_is_not_linked(link, elsewhere, goal):
    unpublish_strategy(strategy=goal.strategy)

    page = elsewhere.get(link).text

    assert escape("Mehr Bäume am <Markt> & Bänke.") in page
    assert goal.strategy.slug not in page


def test_closing_after_the_new_code_brings_the_sentence(link, elsewhere, open_phase, editor):
    answer = take(elsewhere, link)
    code = code_sent()
    close_phase(phase=open_phase, by=editor, reason="Fertig.")

    page = elsewhere.post(answer.url, {"code": code}, follow=True)

    assert "Ihr Kommentar wurde nicht veröffentlicht." in page.text
    assert escape(TEXT) in page.text
    assert not Comment.objects.exists()


# Limits, and what stays unsaid


def test_codes_are_limited_per_address_and_no_log_holds_the_token(link, elsewhere, caplog):
    # As the log would have it, were refusals written down.
    caplog.set_level("WARNING", "django.request")
    answers = [take(elsewhere, link).status_code for _time in range(5)]

    assert answers == [302] * 4 + [429]
    assert Notification.objects.count() == 5
    assert "mein-text/" in caplog.text
    assert token_of(link) not in caplog.text


def test_codes_are_limited_per_network_and_a_refusal_sets_no_cookie(settings, link, elsewhere):
    limits = {"request_login_code": "1/h/ip"}
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | limits
    take(Client(), link)

    assert take(elsewhere, link).status_code == 429
    assert not elsewhere.cookies


def test_the_code_page_has_a_new_code_sent_with_the_same_link(link, client):
    client.post(reverse("publish_with_code"), {"again": "1"})

    assert Notification.objects.count() == 2
    assert link_sent() == link


def test_a_new_code_for_a_text_that_is_gone_is_not_sent(link, client):
    Draft.objects.all().delete()

    page = client.post(reverse("publish_with_code"), {"again": "1"}, follow=True)

    assert "Hier wartet kein Text mehr" in page.text
    assert Notification.objects.count() == 1


def test_the_outbox_forgets_the_link_with_the_code(link, mailoutbox):
    send_due_notifications()

    assert site.SITE_URL + link in mailoutbox[0].body
    assert newest_mail() == ""


def test_from_elsewhere_no_code_is_asked_for(link):
    stranger = Client(enforce_csrf_checks=True)
    token = {"token": token_of(link)}

    refused = stranger.post(TAKE, token, headers={"origin": "https://elsewhere.example"})
    assert refused.status_code == 403
    assert stranger.post(TAKE, token, headers={"origin": "http://testserver"}).status_code == 302


def test_english_page_shows_german_words_of_the_town_as_such(link, elsewhere):
    page = elsewhere.get(f"/en{link}")

    assert "Your text is waiting" in page.text
    assert '<div lang="de"><p>Mehr Bäume' in page.text
    assert take(elsewhere, link).url.startswith("/kommentare/code/")
