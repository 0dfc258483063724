"""The way of those who work here: from an empty admin to a phase that has ended."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.sending import send_due_notifications
from comments.actions import post_comment
from comments.models import Comment
from comments.rulebook import Rule
from strategies.models import Phase, Strategy
from tests.factories import UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def enter(visit, mailoutbox):
    """Sign in through the door that everybody takes, and look at the admin."""

    def go_in(person):
        page = visit()
        page.goto("/admin/")
        page.get_by_label("E-Mail-Adresse").fill(person.email)
        page.get_by_role("button", name="Weiter", exact=True).click()
        page.get_by_text(person.email).wait_for()
        send_due_notifications()
        (mail,) = [mail for mail in mailoutbox if mail.to == [person.email]]
        code = re.search(r"\d{3} \d{3}", mail.subject)[0]
        page.get_by_label("Code aus der E-Mail").fill(code)
        page.get_by_role("button", name="Anmelden", exact=True).click()
        page.wait_for_url("**/admin/")
        return page

    return go_in


def day(days: int) -> str:
    return str(timezone.localdate() + timedelta(days=days))


# Bears its name once the editor is ready; until then the field behind it answers to it.
INTRODUCTION = ".cke_editable[aria-label=Einleitung]"


def write_strategy(page):
    """A strategy with a goal and a phase that opens in a week, as a draft."""
    page.goto("/admin/strategies/strategy/add/")
    page.locator("#id_number").fill("3")
    page.locator("#id_title").fill("Lebendige Stadt")
    page.locator("#id_next_steps").fill("Die Stadtverordneten lesen alles.")
    page.locator("#id_contact").fill("Bauamt, Telefon 123")
    page.locator(INTRODUCTION).type("Worum es geht.")

    page.get_by_text("Leitziel hinzufügen").click()
    page.locator("#id_goals-0-number").fill("1")
    page.locator("#id_goals-0-title").fill("Grüne Stadt")
    page.locator("#goals-0 .cke_editable").click()
    page.locator("#goals-0 .cke_editable").type("Mehr Bäume.")

    page.get_by_text("Phase hinzufügen").click()
    page.locator("#id_phases-0-opens_at_0").fill(day(7))
    page.locator("#id_phases-0-closes_at_0").fill(day(20))
    page.get_by_role("button", name="Speichern und weiter").click()


def do(page, deed, **fields):
    """Follow the link with the dots, give a reason, press the button of the same name."""
    page.get_by_role("link", name=re.compile(f"^{deed}…")).first.click()
    for label, value in fields.items():
        page.get_by_label(label).fill(value)
    page.locator("input[type=submit].default").click()


def test_from_a_draft_to_a_closed_phase(enter, editor, client):
    page = enter(editor)
    write_strategy(page)
    strategy = Strategy.objects.get()
    phase = strategy.phases.get()
    assert client.get("/3/").status_code == 404
    assert strategy.introduction.strip() == "<p>Worum es geht.</p>"
    assert timezone.localtime(phase.closes_at).date() == timezone.localdate() + timedelta(days=21)

    page.get_by_role("link", name="Vorschau").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Lebendige Stadt")
    page.go_back()
    do(page, "Veröffentlichen")
    page.get_by_text("Die Strategie ist veröffentlicht.").wait_for()
    assert client.get("/3/", follow=True).status_code == 200

    do(page, "Jetzt öffnen", **{"Öffentlicher Grund": "Alles ist bereit."})
    page.get_by_role("button", name="Rückgängig machen").wait_for()
    assert Phase.objects.open().get() == phase

    page.goto(f"/admin/strategies/strategy/{strategy.pk}/change/")
    page.get_by_role("link", name=re.compile("^Verlängern…")).click()
    page.locator("#id_closes_at_0").fill(day(30))
    page.get_by_label("Öffentlicher Grund").fill("Es gab viele Fragen.")
    page.get_by_role("button", name="Verlängern", exact=True).click()
    page.get_by_role("button", name="Rückgängig machen").wait_for()
    phase.refresh_from_db()
    assert timezone.localtime(phase.closes_at).date() == timezone.localdate() + timedelta(days=31)

    page.goto(f"/admin/strategies/strategy/{strategy.pk}/change/")
    do(page, "Jetzt schließen", **{"Öffentlicher Grund": "Der Text war falsch."})
    page.get_by_role("button", name="Rückgängig machen").wait_for()
    assert not Phase.objects.open().exists()
    public = client.get("/3/", follow=True).content.decode()
    assert "vorzeitig beendet" in public
    assert "Der Text war falsch." in public

    page.get_by_role("button", name="Rückgängig machen").click()
    page.get_by_text("Es wurde rückgängig gemacht").wait_for()
    assert Phase.objects.open().exists()


def test_hiding_and_showing_again(enter, moderator, goal, client):
    comment = post_comment(
        author=UserFactory(), strategy=goal.strategy, goal=goal, text="Herr Muster ist schuld."
    )
    page = enter(moderator)

    page.get_by_role("link", name=re.compile("^Ausblenden…")).first.click()
    page.get_by_role("button", name=f"Ausblenden ({Rule.PRIVACY.short})").click()
    page.get_by_role("button", name="Rückgängig machen").wait_for()
    assert not Comment.objects.visible().exists()
    assert "Herr Muster" not in client.get(goal.get_absolute_url()).content.decode()

    page.goto("/admin/comments/comment/")
    page.get_by_role("link", name=re.compile("^Wieder einblenden…")).click()
    page.get_by_role("button", name="Wieder einblenden", exact=True).click()
    page.wait_for_url("**/admin/comments/comment/")
    assert Comment.objects.visible().get() == comment
    assert "Herr Muster" in client.get(goal.get_absolute_url()).content.decode()


def test_who_leaves_an_unsaved_text_behind_is_asked_first(enter, editor):
    page, asked = enter(editor), []
    write_strategy(page)
    page.on("dialog", lambda dialog: asked.append(dialog.type) or dialog.dismiss())
    page.locator(INTRODUCTION).click()
    page.keyboard.type("Noch ein Satz. ")
    with page.expect_event("dialog"):
        page.get_by_role("link", name="Mein Konto").click(no_wait_after=True)
    assert asked == ["beforeunload"]

    page.get_by_role("button", name="Speichern und weiter").click()
    page.get_by_text("erfolgreich geändert").wait_for()
    assert "Noch ein Satz." in Strategy.objects.get().introduction
    assert asked == ["beforeunload"]
