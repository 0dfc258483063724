"""The pages about being told, in every state, and the way to them without JavaScript."""

import re

import pytest
from django.conf import settings

from accounts.actions import record_bounce
from accounts.messages import as_email, no_news_url
from accounts.models import Notification
from strategies.messages import confirm_url, unsubscribe_url
from strategies.models import Subscription
from strategies.subscriptions import ask_to_follow, subscribe
from tests.factories import NotificationFactory, StrategyFactory, SubscriptionFactory, days

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ALL, MESSAGES = "/auf-dem-laufenden/", "/konto/benachrichtigungen/"
BODY = "Zu „Leitziel 1“ hat Jemand geantwortet:\n\n> Welche Bäume?\n\n{url}\n\nSie sind gemeint."


def path_of(link: str) -> str:
    return link.removeprefix(settings.SITE_URL)


def message(person, number, **fields):
    body = BODY.format(url=f"https://town.example/kommentare/{number}/")
    subject = f"Jemand hat auf Ihren Kommentar Nr. {number} geantwortet"
    return NotificationFactory(recipient=person, subject=subject, body=body, **fields)


def test_pages_for_those_without_account(page, look):
    strategy = StrategyFactory()
    look(f"/strategien/{strategy.slug}{ALL}")
    page.get_by_label("E-Mail-Adresse").fill("nonsense@nonsense@example.org")
    page.locator("form").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Weiter").click()
    look()
    page.get_by_label("E-Mail-Adresse").fill("someone@example.org")
    page.get_by_role("button", name="Weiter").click()
    page.get_by_role("heading", name="Eine E-Mail ist unterwegs").wait_for()
    look()

    link = re.search(r"https?://\S+", Notification.objects.get().body)[0]
    look(path_of(link))
    page.get_by_role("button", name="Einschalten").click()
    page.get_by_role("heading", name="Eingeschaltet").wait_for()
    look()
    look(path_of(link))

    row = Subscription.objects.get()
    look(path_of(unsubscribe_url(strategy, {row.address: row.pk})(row.address)))
    page.get_by_role("button", name="Abstellen").click()
    page.get_by_role("heading", name="Abgestellt").wait_for()
    look()


def test_pages_for_those_with_account(page, look, me):
    look(MESSAGES)
    strategy = StrategyFactory()
    StrategyFactory(title="Dampfschifffahrtsgesellschaftskapitänsmützenverordnung")
    record_bounce(address=me.email)
    for number in range(52):
        message(me, number, outcome="sent" if number else "given_up", ended_at=days(-1))
    look(MESSAGES)
    look(f"{MESSAGES}?seite=2")
    look("/konto/")
    look(f"{MESSAGES}einstellungen/")
    look(f"{MESSAGES}adresse/")
    page.get_by_role("button", name="Code senden").click()
    page.get_by_label("Code aus der E-Mail").wait_for()
    look()
    look(f"/strategien/{strategy.slug}{ALL}")
    subscribe(person=me, strategy=None)
    look(ALL)
    look(f"{MESSAGES}einstellungen/")
    look(path_of(unsubscribe_url(strategy)(me)))
    page.get_by_role("button", name="Abstellen", exact=True).click()
    page.get_by_role("heading", name="Abgestellt").wait_for()
    look()
    look(path_of(no_news_url(me)))
    page.get_by_role("button", name="Abstellen").click()
    page.get_by_role("heading", name="Abgestellt").wait_for()
    look()


def test_following_works_without_javascript(browser, live_server):
    strategy = StrategyFactory()
    context = browser.new_context(java_script_enabled=False, locale="de-DE")
    page = context.new_page()
    page.goto(f"{live_server.url}{strategy.get_absolute_url()}")
    page.get_by_role("link", name="Per E-Mail auf dem Laufenden bleiben").first.click()
    page.get_by_label("E-Mail-Adresse").fill("someone@example.org")
    page.get_by_role("button", name="Weiter").click()
    page.goto(live_server.url + path_of(confirm_url(Subscription.objects.get())))
    page.get_by_role("button", name="Einschalten").click()
    page.get_by_role("heading", name="Eingeschaltet").wait_for()

    assert Subscription.objects.current().get().address == "someone@example.org"
    assert context.cookies() == []
    context.close()


def test_mails_can_be_read_by_everybody(page, look):
    """As pages: what axe finds in a page it would find in a mail program."""
    person = SubscriptionFactory().person
    letters = [[message(person, 1, is_gathered=True), message(person, 2, is_gathered=True)]]
    letters.append([message(person, 3, unsubscribe_url="https://town.example/abbestellen/x/")])
    ask_to_follow(address="someone@example.org", strategy=None)
    letters.append([Notification.objects.get(address="someone@example.org")])

    for letter in letters:
        ((html, _kind),) = as_email(letter).alternatives
        page.set_content(html)
        look()
