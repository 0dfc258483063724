"""Voting, sorting and paging with and without JavaScript."""

import pytest
from playwright.sync_api import expect

from comments.models import Vote
from tests.factories import CommentFactory, ReplyFactory, UserFactory, VersionFactory, days

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

THE_LAST_TWO = "?sortierung=aelteste&seite=2"


@pytest.fixture
def discussion(goal, open_phase):
    """More comments than one page holds, of every kind, one of them edited."""
    fields = {"goal": goal, "phase": open_phase}
    for number in range(52):
        said = CommentFactory(
            **fields, posted_at=days(-0.9 + number / 1000), label="praise" if number % 2 else ""
        )
    ReplyFactory(parent=said, badge="Amtsverwaltung", answered_version=1)
    said.version, said.edited_at, said.agreeing, said.earlier_votes = 2, days(-0.01), 3, 2
    said.save()
    VersionFactory(comment=said)
    return goal


def no_errors(page):
    problems = []
    page.on("console", lambda message: message.type == "error" and problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    return problems


def test_order_and_page_change_in_place(page, live_server, discussion):
    problems = no_errors(page)
    page.goto(live_server.url + discussion.get_absolute_url())
    page.evaluate("window.isTheSame = true")

    page.get_by_role("link", name="Älteste").click()
    heading = page.get_by_role("heading", name="Kommentare, sortiert nach Älteste, Seite 1 von 2")
    expect(heading).to_be_focused()
    page.get_by_role("link", name="Nächste Seite").click()
    expect(page.get_by_role("heading", name="Älteste, Seite 2 von 2")).to_be_focused()

    assert page.evaluate("window.isTheSame")
    assert "sortierung=aelteste&seite=2" in page.url
    page.go_back()
    expect(page.get_by_role("heading", name="Älteste, Seite 1 von 2")).to_be_visible()
    assert problems == []


def test_vote_changes_in_place_and_keeps_the_focus(page, live_server, discussion, be):
    problems = no_errors(page)
    be(UserFactory())
    page.goto(live_server.url + discussion.get_absolute_url())
    page.evaluate("window.isTheSame = true")

    page.get_by_role("button", name="Stimme zu").first.press("Enter")

    pressed = page.get_by_role("button", name="Sie stimmen zu")
    expect(pressed).to_be_focused()
    expect(pressed).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("window.isTheSame")
    assert Vote.objects.count() == 1
    assert problems == []


def test_votes_that_changed_in_place(page, live_server, discussion, be, look):
    be(UserFactory())
    page.goto(live_server.url + discussion.get_absolute_url() + THE_LAST_TWO)
    page.get_by_role("button", name="Stimme zu").first.click()
    page.get_by_role("button", name="Sie stimmen zu").wait_for()
    look()
    discussion.strategy.phases.update(closes_at=days(-0.01))
    page.get_by_role("button", name="Sie stimmen zu").click()
    page.get_by_role("alert").wait_for()
    look()


def test_order_and_page_that_changed_in_place(page, discussion, be, look):
    be(UserFactory())
    look(discussion.get_absolute_url())
    for link, heading in [("Älteste", "Seite 1 von 2"), ("Nächste Seite", "Seite 2 von 2")]:
        page.get_by_role("link", name=link).click()
        expect(page.get_by_role("heading", name=f"Älteste, {heading}")).to_be_focused()
        look()


def test_pages_of_voice_are_accessible(live_server, discussion, be, look):
    author = discussion.comments.get(version=2).author
    number = discussion.comments.get(version=2).pk
    look(f"{discussion.get_absolute_url()}?sortierung=zustimmung&von=Amtsverwaltung")
    look(f"{discussion.get_absolute_url()}{THE_LAST_TWO}")
    look(f"/kommentare/{number}/fassungen/")
    be(author)
    look(f"/kommentare/{number}/bearbeiten/")
    look(f"/kommentare/{number}/fassungen/")
    be(UserFactory())
    look(f"{discussion.get_absolute_url()}{THE_LAST_TWO}")
