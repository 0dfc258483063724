"""The site in English: complete, below /en/, and only where the address asks for it."""

import re
from datetime import timedelta
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils.translation import gettext, override

from accounts.messages import no_news_url
from accounts.models import Notification
from accounts.sending import send_due_notifications
from accounts.town import SLOTS, forget
from comments.actions import edit_comment, post_comment
from comments.drafts import let_wait
from comments.models import Draft
from lenzen.barriers import report_barrier
from strategies.actions import close_phase, extend_phase
from strategies.messages import confirm_url, unsubscribe_url
from strategies.subscriptions import subscribe
from tests.accounts.test_account import PAGES, all_the_way, page_address, with_everything
from tests.addresses import public_addresses
from tests.browser import walk
from tests.factories import (
    CommentFactory,
    GoalFactory,
    MilestoneFactory,
    NotificationFactory,
    PageVersionFactory,
    ReplyFactory,
    SubscriptionFactory,
    TownFactory,
    UserFactory,
    days,
    hidden,
    withdrawn,
)

pytestmark = pytest.mark.django_db

SAID_IN_TAGS = {"aria-label", "title", "alt", "placeholder", "label"}
"""Attributes that people read or hear. What a script shows stands in ``data-`` ones."""

_EMPTY = {"meta", "link", "input", "br", "img", "hr"}


class _Words(HTMLParser):
    """What a page says outside of what is marked as German.

    ``words`` can be marked; ``unmarkable`` is what stands in tags, in the title and in fields.
    """

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.stack, self.words, self.unmarkable = [], [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "html":
            assert attrs["lang"] == "en"
        # What a script reads is for no one's ears.
        is_german = attrs.get("lang") == "de" or tag == "script" or self._is_german()
        if not is_german:
            self.unmarkable += self._said_in(tag, attrs)
        if tag not in _EMPTY:
            self.stack.append((tag, is_german))

    def _said_in(self, tag, attrs):
        names = {name for name in attrs if name in SAID_IN_TAGS or name.startswith("data-")}
        if attrs.get("name") == "description" or "og:" in attrs.get("property", ""):
            names.add("content")
        return [attrs[name] or "" for name in names]

    def _is_german(self):
        return bool(self.stack and self.stack[-1][1])

    def handle_endtag(self, tag):
        if tag not in _EMPTY and self.stack:
            self.stack.pop()

    def handle_data(self, data):
        # The title of a window and the text of a field take no other language.
        if self.stack and self.stack[-1][0] in ("title", "textarea"):
            self.unmarkable.append(data)
        elif not self._is_german():
            self.words.append(data)


def read(response) -> _Words:
    page = _Words()
    page.feed(response.content.decode())
    return page


def english_words(response) -> str:
    return " ".join(" ".join(read(response).words).split())


@cache
def german_sentences() -> frozenset[str]:
    """What the interface says in German, as far as it says it otherwise in English."""
    catalogue = Path(settings.BASE_DIR) / "lenzen/locale/de/LC_MESSAGES/django.po"
    with catalogue.open("rb") as file:
        messages = [message for message in read_po(file) if message.id]
    said, english = set(), set()
    for message in messages:
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        english.update(ids)
        for words in {part for text in strings for part in re.split(r"[{%][^ ]*", text)}:
            if words.strip() and not any(words.strip() in text for text in ids):
                said.add(" ".join(words.split()))
    return frozenset(said - english)


def said_in_german(*responses) -> set[str]:
    """Of the interface: sentences wherever they stand, words where they stand alone."""
    found = set()
    for page in map(read, responses):
        pieces = {" ".join(piece.split()) for piece in page.words + page.unmarkable}
        everything = " ".join(" ".join(page.words).split()) + "\n" + "\n".join(pieces)
        found |= pieces & german_sentences()
        found |= {said for said in german_sentences() if len(said) > 12 and said in everything}
    return found


def town_words_unmarked(response) -> list[str]:
    words = english_words(response)
    return [words[max(hit.start() - 60, 0) : hit.end() + 20] for hit in re.finditer(TOWN, words)]


TOWN = "Auenland"
"""A word that stands in everything the town and its citizens write."""


@pytest.fixture
def german_town(goal, open_phase):
    office = {"operator": f"Amt {TOWN}", "contact": f"Rathaus {TOWN}"}
    TownFactory(site_name=f"{TOWN} 2035", **office)
    forget()
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
def author():
    """Somebody whose account has everything."""
    return with_everything()


@pytest.fixture
def talk(goal, open_phase, author):
    """A discussion in which everything is said that a page may show."""
    GoalFactory(strategy=goal.strategy)
    said = {"text": f"{TOWN} blüht", "badge": f"Amt {TOWN}", "label": "praise"}
    comment = CommentFactory(goal=goal, phase=open_phase, author=author, **said)
    ReplyFactory(parent=comment)
    CommentFactory(goal=goal, phase=open_phase, agreeing=3)
    hidden(CommentFactory(goal=goal, phase=open_phase))
    return comment


@pytest.fixture
def everything(german_town, talk, goal, open_phase, author):
    """All that an account and the foot of the pages may show."""
    edit_comment(comment=talk, by=author, text=f"{TOWN} blüht nicht")
    author.drafts.create(strategy=goal.strategy, goal=goal, text=TOWN)
    subscribe(person=author, strategy=goal.strategy)
    withdrawn(CommentFactory(goal=goal, phase=open_phase, author=author))
    NotificationFactory(recipient=author, subject=TOWN, body=TOWN)
    while send_due_notifications():
        pass
    for page in SLOTS:
        PageVersionFactory(page=page, text=TOWN)
    forget()


def address(name, goal):
    strategy = goal.strategy
    with override("en"):
        if name == "goal":
            return reverse("goal", args=[strategy.slug, goal.number])
        if name in ("strategy", "discussion", "print", "tell", "follow"):
            return reverse(name, args=[strategy.slug])
        return reverse(name)


def public_pages() -> list[str]:
    """The names of all pages below /en/ outside of the account."""
    no_page = "leads on", "takes a form and leads on"
    without = {name for reason in no_page for name in walk.WITHOUT_PAGE[reason].split()}
    with override("en"):
        names = {name for name, path in public_addresses() if path.startswith("/en/")}
    return sorted(names - without - {"publish_with_code", "publish_with_name"})


def public_page(name, comment) -> str:
    goal = comment.goal
    tokens = {
        "unsubscribe": lambda: unsubscribe_url(goal.strategy)(comment.author),
        "confirm_following": lambda: confirm_url(
            SubscriptionFactory(
                strategy=goal.strategy, person=None, address="a@example.org", confirmed_at=None
            )
        ),
        "waiting_text": lambda: (
            let_wait(
                name="A",
                address="a@example.org",
                strategy=goal.strategy,
                goal=goal,
                parent=None,
                version=1,
                text=TOWN,
                label="",
            ).token
        ),
    }
    token = tokens[name]().rstrip("/").split("/")[-1] if name in tokens else "x"
    examples = {"slug": goal.strategy.slug, "number": goal.number, "pk": comment.pk}
    with override("en"):
        return dict(public_addresses(**examples, token=token))[name]


@pytest.mark.parametrize("name", public_pages())
def test_every_page_is_english_below_en(name, client, signed_in, author, everything, talk):
    path = public_page(name, talk)
    query = {"q": "blüht", "antwort": talk.pk}

    answers = [client.get(path), signed_in(author).get(path), client.get(path, query)]

    pages = [answer for answer in answers if answer.status_code == 200]
    assert pages
    assert said_in_german(*pages) == set()
    assert [words for page in pages for words in town_words_unmarked(page)] == []


ACCOUNT = PAGES | dict.fromkeys(
    ["own_comments", "drafts", "my_data", "delete_account", "account_deleted"], all_the_way
)


@pytest.mark.parametrize("name", ACCOUNT)
def test_the_account_is_english_below_en(name, author, everything, goal):
    reader = ACCOUNT[name](author)
    with override("en"):
        path = page_address(name)

    # The first one still shows what a German page had to say.
    _page, page = reader.get(path), reader.get(path)

    assert page.status_code == 200
    assert said_in_german(page) == set()
    assert town_words_unmarked(page) == []
    if name in ("own_comments", "drafts"):
        assert f"Goal {goal.number}:" in english_words(page)


def test_a_name_for_what_waits_and_the_end_of_all_news_are_english(signed_in, client, everything):
    nameless = UserFactory(public_name="")
    token = no_news_url(nameless).rstrip("/").split("/")[-1]
    with override("en"):
        news = client.get(reverse("no_news", args=[token]))
        name = signed_in(nameless).get(reverse("publish_with_name"))

    assert [news.status_code, name.status_code] == [200, 200]
    assert said_in_german(news, name) == set()
    assert town_words_unmarked(news) + town_words_unmarked(name) == []


def test_only_the_reason_is_german_in_an_english_sentence(client, german_town, goal, open_phase):
    def said(name):
        return english_words(client.get(address(name, goal)))

    pages = ["home", "strategy", "goal", "print"]
    assert [name for name in pages if "The end was moved on" not in said(name)] == []
    close_phase(phase=open_phase, by=UserFactory(is_staff=True), reason=TOWN)

    for name in ("goal", "tell"):
        assert "Commenting was ended early on" in said(name)
        assert "The comments stay readable" in said(name)
    assert TOWN not in said("strategy") + said("goal") + said("tell")


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

    assert [text_page.status_code, closed.status_code, gone.status_code] == [200, 200, 404]
    assert said_in_german(code_page, text_page, closed, gone) == set()
    assert town_words_unmarked(text_page) == []


def test_messages_in_the_account_are_marked_as_german(signed_in, goal, open_phase):
    author = UserFactory()
    post_comment(author=author, strategy=goal.strategy, goal=goal, text="Yes")
    while send_due_notifications():
        pass
    response = signed_in(author).get(address("notifications", goal))

    assert "ist eingegangen und veröffentlicht" in response.content.decode()
    assert said_in_german(response) == set()


@pytest.mark.parametrize("path", ["//elsewhere.example/", "/en//elsewhere.example/"])
def test_other_language_is_on_this_site(path, client):
    page = client.get(path).content.decode()

    link = re.search(r'href="([^"]*)" hreflang', page)[1]
    assert re.match(r"/[^/]", link)


@pytest.mark.parametrize("path", ["/EN/", "/en-gb/"])
def test_only_en_is_english(path, client):
    assert client.get(path)["Content-Language"] == "de"


def test_who_asks_about_the_whole_server_gets_an_answer(client):
    assert client.generic("OPTIONS", "*").status_code == 404


def test_a_barrier_reported_on_an_english_page_reaches_staff_in_german():
    with override("en"):
        report_barrier(text="Too small.", page="/strategien/", email="a@example.org")

    subjects = list(Notification.objects.values_list("subject", flat=True))
    assert len(subjects) == 2
    with override("en"):
        assert gettext("Somebody has reported a barrier") not in subjects
        assert gettext("Your report of a barrier has arrived") not in subjects
