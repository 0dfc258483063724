"""The site in English: complete, below /en/, and only where the address asks for it."""

import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils.translation import gettext, override

from accounts.actions import send_due_notifications
from accounts.models import Notification
from comments.actions import edit_comment, post_comment
from comments.models import Draft
from lenzen.barriers import report_barrier
from strategies.actions import close_phase, extend_phase
from tests.factories import (
    CommentFactory,
    GoalFactory,
    MilestoneFactory,
    ReplyFactory,
    TownFactory,
    UserFactory,
    days,
    hidden,
)

pytestmark = pytest.mark.django_db

PAGES = """home strategies dates search contact imprint privacy rules accessibility barrier
    follow_all account_login strategy discussion goal print tell follow""".split()
FOR_CITIZENS = """account own_comments drafts notifications news_settings""".split()


_EMPTY = {"meta", "link", "input", "br", "img", "hr"}


class _Words(HTMLParser):
    """What a page says outside of what is marked as German."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.stack, self.words = [], []

    def handle_starttag(self, tag, attrs):
        if tag in _EMPTY:
            return
        attrs = dict(attrs)
        is_german = attrs.get("lang") == "de" or bool(self.stack and self.stack[-1])
        if tag == "html":
            assert attrs["lang"] == "en"
        # The title of a window and the text of a field take no other language.
        self.stack.append(is_german or tag in ("title", "textarea"))

    def handle_endtag(self, tag):
        if tag not in _EMPTY and self.stack:
            self.stack.pop()

    def handle_data(self, data):
        if not (self.stack and self.stack[-1]):
            self.words.append(data)


def english_words(response) -> str:
    page = _Words()
    page.feed(response.content.decode())
    return " ".join(" ".join(page.words).split())


def german_sentences() -> set[str]:
    """What the interface says in German, where that is more than a word or a name."""
    catalogue = Path(settings.BASE_DIR) / "lenzen/locale/de/LC_MESSAGES/django.po"
    with catalogue.open("rb") as file:
        messages = [message for message in read_po(file) if message.id]
    said = set()
    for message in messages:
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        for words in {part for text in strings for part in re.split(r"[{%][^ ]*", text)}:
            if len(words.strip()) > 12 and not any(words.strip() in text for text in ids):
                said.add(" ".join(words.split()))
    return said


TOWN = "Auenland"
"""A word that stands in everything the town and its citizens write."""


@pytest.fixture
def german_town(goal, open_phase):
    TownFactory(site_name=f"{TOWN} 2035", operator=f"Amt {TOWN}")
    open_phase.title = TOWN
    open_phase.save()
    strategy = goal.strategy
    for field in "title summary edition introduction next_steps contact".split():
        setattr(strategy, field, f"{TOWN}, {field}")
    strategy.save()
    goal.title = goal.text = TOWN
    goal.save()
    MilestoneFactory(strategy=strategy, title=TOWN)
    extend_phase(
        phase=open_phase,
        closes_at=open_phase.closes_at + timedelta(days=1),
        by=UserFactory(is_staff=True),
        reason=f"{TOWN} feiert",
    )


@pytest.fixture
def talk(goal, open_phase):
    """A discussion in which everything is said that a page may show."""
    GoalFactory(strategy=goal.strategy)
    said = {"text": f"{TOWN} blüht", "badge": f"Amt {TOWN}", "label": "praise"}
    comment = CommentFactory(goal=goal, phase=open_phase, **said)
    ReplyFactory(parent=comment)
    CommentFactory(goal=goal, phase=open_phase, agreeing=3)
    hidden(CommentFactory(goal=goal, phase=open_phase))
    return comment


def address(name, goal):
    strategy = goal.strategy
    with override("en"):
        if name == "goal":
            return reverse("goal", args=[strategy.slug, goal.number])
        if name in ("strategy", "discussion", "print", "tell", "follow"):
            return reverse(name, args=[strategy.slug])
        return reverse(name)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_english_below_en(name, client, goal, talk):
    response = client.get(address(name, goal))

    assert response.status_code == 200
    words = english_words(response)
    assert {said for said in german_sentences() if said in words} == set()


@pytest.mark.parametrize("name", PAGES)
def test_words_of_the_town_are_marked_as_german(name, client, goal, german_town, talk):
    query = {"q": "blüht"} if name == "search" else {}
    response = client.get(address(name, goal), query)

    words = english_words(response)
    assert [
        words[max(hit.start() - 60, 0) : hit.end() + 20] for hit in re.finditer(TOWN, words)
    ] == []


@pytest.mark.parametrize("name", FOR_CITIZENS)
def test_words_of_the_town_are_marked_in_the_account(name, signed_in, german_town, talk, goal):
    talk.author.drafts.create(strategy=goal.strategy, goal=goal, text=TOWN)

    response = signed_in(talk.author).get(address(name, goal))

    assert town_words_unmarked(response) == []
    if name in ("own_comments", "drafts"):
        assert f"Goal {goal.number}:" in english_words(response)


def test_only_the_reason_is_german_in_an_english_sentence(client, german_town, goal, open_phase):
    def said(name):
        return english_words(client.get(address(name, goal)))

    pages = ["home", "strategy", "goal", "print", "tell"]
    assert [name for name in pages if "The end was moved on" not in said(name)] == []
    close_phase(phase=open_phase, by=UserFactory(is_staff=True), reason=TOWN)

    assert "Commenting was ended early on" in said("goal")
    assert "The comments stay readable" in said("goal")
    assert TOWN not in said("strategy") + said("goal")


@pytest.mark.parametrize("name", FOR_CITIZENS)
def test_the_account_is_english_below_en(name, signed_in, talk, goal):
    words = english_words(signed_in(talk.author).get(address(name, goal)))

    assert {said for said in german_sentences() if said in words} == set()


def test_browser_decides_nothing(client, talk, goal):
    response = client.get(goal.get_absolute_url(), headers={"Accept-Language": "en"})

    assert response["Content-Language"] == "de"
    assert "Accept-Language" not in response.get("Vary", "")
    assert f'href="/en{goal.get_absolute_url()}" hreflang="en"' in response.content.decode()
    assert not client.cookies


def test_english_page_leads_to_english_pages_and_back(client, talk, goal):
    page = client.get(f"/en{goal.get_absolute_url()}").content.decode()

    assert f'href="{goal.get_absolute_url()}" hreflang="de"' in page
    inner = re.findall(r'href="(/[^"]*)"', page)
    unprefixed = [link for link in inner if not link.startswith(("/en/", "/static/"))]
    assert set(unprefixed) - {goal.get_absolute_url()} <= {
        link for link in unprefixed if link.endswith("feed/")
    }


def test_dates_are_english_on_english_pages(client, talk, goal):
    page = client.get(f"/en{goal.get_absolute_url()}").content.decode()
    day = talk.posted_at

    assert re.search(rf"{day.day}\s{day:%B}\s{day.year}|\d+\s[A-Z][a-z]+\s\d{{4}}, \d+:\d\d<", page)
    assert " Uhr" not in page


def test_what_is_written_to_others_is_german(goal, open_phase, talk):
    strategy = goal.strategy
    with override("en"):
        post_comment(author=UserFactory(), strategy=strategy, goal=goal, text="Yes", parent=talk)

    receipt = Notification.objects.get()
    assert receipt.subject.endswith("ist eingegangen und veröffentlicht")
    assert "/en/" not in receipt.body + receipt.unsubscribe_url


def town_words_unmarked(response) -> list[str]:
    words = english_words(response)
    return [words[max(hit.start() - 60, 0) : hit.end() + 20] for hit in re.finditer(TOWN, words)]


def test_versions_of_a_comment_are_marked_as_german(client, german_town, talk):
    edit_comment(comment=talk, by=talk.author, text=f"{TOWN} blüht nicht")
    response = client.get(f"/en/kommentare/{talk.pk}/fassungen/")

    assert response.content.decode().count(f"{TOWN} blüht") == 2
    assert town_words_unmarked(response) == []


def test_a_waiting_text_is_english_below_en(client, german_town, goal, open_phase):
    said = {"text": f"{TOWN} blüht", "email": "deich@example.org"}
    code_page = client.get(client.post(f"/en{goal.get_absolute_url()}", said).url)
    path = f"/en/mein-text/{Draft.objects.get().token}/"
    text_page = Client().get(path)
    open_phase.closes_at = days(-1)
    open_phase.save()
    closed = Client().get(path)
    Draft.objects.all().delete()
    gone = Client().get(path)

    words = " ".join(english_words(page) for page in (code_page, text_page, closed, gone))
    assert [text_page.status_code, closed.status_code, gone.status_code] == [200, 200, 404]
    assert {said for said in german_sentences() if said in words} == set()
    assert town_words_unmarked(text_page) == []


def test_messages_in_the_account_are_marked_as_german(signed_in, goal, open_phase):
    author = UserFactory()
    post_comment(author=author, strategy=goal.strategy, goal=goal, text="Yes")
    while send_due_notifications():
        pass
    response = signed_in(author).get(address("notifications", goal))

    assert "ist eingegangen und veröffentlicht" in response.content.decode()
    words = english_words(response)
    assert {said for said in german_sentences() if said in words} == set()


@pytest.mark.parametrize("path", ["//elsewhere.example/", "/en//elsewhere.example/"])
def test_other_language_is_on_this_site(path, client):
    page = client.get(path).content.decode()

    link = re.search(r'href="([^"]*)" hreflang', page)[1]
    assert re.match(r"/[^/]", link)


@pytest.mark.parametrize("path", ["/EN/", "/en-gb/"])
def test_only_en_is_english(path, client):
    assert client.get(path)["Content-Language"] == "de"


def test_a_barrier_reported_on_an_english_page_reaches_staff_in_german():
    with override("en"):
        report_barrier(text="Too small.", page="/strategien/", email="a@example.org")

    subjects = list(Notification.objects.values_list("subject", flat=True))
    assert len(subjects) == 2
    with override("en"):
        assert gettext("Somebody has reported a barrier") not in subjects
        assert gettext("Your report of a barrier has arrived") not in subjects
