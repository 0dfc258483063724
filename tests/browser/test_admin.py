"""The admin in a real browser: the editor, two taps on a phone, and what axe finds."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from comments.models import Comment, Decision
from comments.rulebook import Rule
from strategies.models import Goal, Strategy
from tests.factories import (
    CommentFactory,
    GoalFactory,
    NotificationFactory,
    PhaseFactory,
    StrategyFactory,
    UserFactory,
    days,
    hidden,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EDITOR = ".cke_editable"
EDITORS_ARE_READY = """!window.CKEDITOR
    || Object.values(CKEDITOR.instances).every((editor) => editor.status === "ready")"""
PHONE = {"width": 320, "height": 640}


@pytest.fixture
def administrator():
    return UserFactory(is_staff=True, is_superuser=True)


@pytest.fixture
def staff_page(new_context, live_server, signed_in):
    """A page of a member of staff; after the test it has complained about nothing."""
    complaints = []

    def note(message):
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def open_page(person, **options):
        session = signed_in(person).cookies["sessionid"].value
        context = new_context(base_url=live_server.url, **options)
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: _note_foreign(request, live_server.url, complaints))
        return page

    yield open_page
    assert complaints == []


def _note_foreign(request, ours, complaints):
    if not request.url.startswith((ours, "data:")):
        complaints.append(f"foreign request: {request.url}")


def test_editor_types_saves_and_is_sanitised(staff_page, editor):
    strategy = StrategyFactory(introduction="<p>Before.</p>")
    page = staff_page(editor)
    page.goto(reverse("admin:strategies_strategy_change", args=[strategy.pk]))
    text = page.get_by_role("textbox", name="Einleitung")

    text.click()
    text.press("Control+A")
    text.type("Ways by the river")
    page.get_by_role("button", name="Überschrift", exact=True).first.click()
    text.press("End")
    text.press("Enter")
    page.get_by_role("button", name="Fett").first.click()
    text.type("Bold")
    page.evaluate(
        "CKEDITOR.instances.id_introduction.insertHtml('<p onclick=\"x()\">a<img src=x></p>')"
    )
    page.get_by_role("button", name="Speichern", exact=True).first.click()

    page.wait_for_url("**/strategies/strategy/")
    introduction = Strategy.objects.get().introduction
    assert introduction.startswith("<h3>Ways by the river</h3>")
    assert "<strong>Bold</strong>" in introduction
    assert "onclick" not in introduction
    assert "img" not in introduction


def test_link_dialog_works_by_keyboard_and_mouse(staff_page, editor):
    strategy = StrategyFactory(introduction="<p>Town</p>")
    page = staff_page(editor)
    page.goto(reverse("admin:strategies_strategy_change", args=[strategy.pk]))
    text = page.get_by_role("textbox", name="Einleitung")

    text.click()
    text.press("Control+A")
    page.get_by_role("button", name="Link", exact=False).first.click()
    page.get_by_label("URL").fill("example.org/plan")
    page.get_by_role("button", name="OK").click()
    page.get_by_role("button", name="Speichern", exact=True).first.click()

    page.wait_for_url("**/strategies/strategy/")
    assert 'href="http://example.org/plan"' in Strategy.objects.get().introduction


def test_a_goal_that_is_added_gets_an_editor_too(staff_page, editor):
    strategy = StrategyFactory()
    page = staff_page(editor)
    page.goto(reverse("admin:strategies_strategy_change", args=[strategy.pk]))

    page.get_by_text("Leitziel hinzufügen").click()
    page.locator("#id_goals-0-number").fill("1")
    page.locator("#id_goals-0-title").fill("Benches")
    page.locator(f"#goals-0 {EDITOR}").click()
    page.locator(f"#goals-0 {EDITOR}").type("More benches.")
    page.get_by_role("button", name="Speichern", exact=True).first.click()

    page.wait_for_url("**/strategies/strategy/")
    assert Goal.objects.get().text.strip() == "<p>More benches.</p>"


@pytest.mark.parametrize("java_script", [True, False])
def test_hiding_is_two_taps_on_a_phone(staff_page, moderator, java_script):
    comment = CommentFactory()
    page = staff_page(moderator, viewport=PHONE, java_script_enabled=java_script)
    page.goto(reverse("admin:index"))

    page.get_by_role("link", name=f"Ausblenden… (Nr. {comment.pk})").click()
    page.get_by_role("button", name=f"Ausblenden ({Rule.PRIVACY.short})").click()

    page.get_by_role("button", name="Rückgängig machen").wait_for()
    assert Decision.objects.get().rule == Rule.PRIVACY
    page.get_by_role("button", name="Rückgängig machen").click()
    page.get_by_text("Es wurde rückgängig gemacht").wait_for()
    assert Comment.objects.visible().exists()


@pytest.fixture
def addresses(administrator):
    """Every page of the admin, with something on it."""
    phase = PhaseFactory(strategy__introduction="<p>Text.</p>")
    goal = GoalFactory(strategy=phase.strategy, commented_at=days(-1))
    GoalFactory(strategy=phase.strategy)
    PhaseFactory(strategy=phase.strategy, opens_in=5, closes_in=9)
    comment = CommentFactory(phase=phase, goal=goal, text="Bench " * 100)
    gone = hidden(CommentFactory(phase=phase, goal=goal))
    message = NotificationFactory(outcome="given_up", ended_at=days(-1), last_error="550 gone")
    draft = StrategyFactory(published_at=None, contact="")
    chosen = f"?ids={comment.pk}&ids={gone.pk}"
    return [
        reverse("admin:index"),
        reverse("admin:strategies_strategy_changelist"),
        reverse("admin:strategies_strategy_add"),
        reverse("admin:strategies_strategy_change", args=[phase.strategy_id]),
        reverse("admin:strategies_strategy_publish", args=[draft.pk]),
        reverse("admin:strategies_strategy_revise_goal", args=[goal.pk]),
        reverse("admin:strategies_strategy_phase", args=[phase.pk, "extend"]),
        reverse("admin:comments_comment_changelist"),
        reverse("admin:comments_comment_change", args=[comment.pk]),
        reverse("admin:comments_comment_hide") + chosen,
        reverse("admin:comments_comment_restore") + chosen,
        reverse("admin:accounts_notification_changelist"),
        reverse("admin:accounts_notification_change", args=[message.pk]),
        reverse("admin:accounts_user_changelist"),
        reverse("admin:accounts_user_change", args=[administrator.pk]),
    ]


def test_every_page_fits_a_narrow_phone_and_breaks_no_policy(staff_page, administrator, addresses):
    page = staff_page(administrator, viewport=PHONE)
    widths = {}
    for address in addresses:
        page.goto(address)
        widths[address] = page.evaluate("document.documentElement.scrollWidth")

    assert {address: width for address, width in widths.items() if width > 320} == {}


@pytest.mark.parametrize(("width", "color_scheme"), [(320, "dark"), (1280, "light")])
def test_axe_finds_nothing(staff_page, administrator, addresses, width, color_scheme):
    # axe puts style into the page, which our policy forbids.
    page = staff_page(
        administrator,
        viewport={"width": width, "height": 800},
        color_scheme=color_scheme,
        bypass_csp=True,
    )
    found = {}
    for address in addresses:
        page.goto(address)
        page.wait_for_function(EDITORS_ARE_READY)
        for violation in Axe().run(page).response["violations"]:
            where = [node["html"] for node in violation["nodes"]]
            found.setdefault(address, []).append((violation["id"], where))

    assert found == {}


def test_axe_finds_nothing_on_what_was_refused(staff_page, administrator, open_phase):
    page = staff_page(administrator, bypass_csp=True)
    page.goto(reverse("admin:strategies_strategy_phase", args=[open_phase.pk, "extend"]))
    page.get_by_role("button", name="Verlängern").click()

    assert page.title().startswith("Fehler: ")
    assert Axe().run(page).violations_count == 0
