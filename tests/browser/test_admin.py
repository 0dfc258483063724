"""The admin in a real browser: the editor, two taps on a phone, and what axe finds."""

import pytest
from django.urls import reverse

from accounts.models import Bounce
from accounts.town import Statement
from comments.models import Comment, Decision
from comments.rulebook import Rule
from strategies.models import Goal, Strategy
from tests.factories import (
    CommentFactory,
    GoalFactory,
    NotificationFactory,
    PageVersionFactory,
    PhaseFactory,
    ReportFactory,
    StrategyFactory,
    TownFactory,
    UserFactory,
    days,
    hidden,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EDITOR = ".cke_editable"
PHONE = {"width": 320, "height": 640}
# Nowhere in it does a line end by itself.
LONG_ADDRESS = f"https://example.org/{'a' * 250}"


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


def test_lists_and_headings_look_in_the_editor_as_on_the_page(staff_page, editor):
    text = "<h3>Ways</h3><ul><li>By the river</li></ul><ol><li>First</li></ol>"
    strategy = StrategyFactory(introduction=text)
    page = staff_page(editor)
    page.goto(reverse("admin:strategies_strategy_change", args=[strategy.pk]))
    text = page.get_by_role("textbox", name="Einleitung")
    left = text.locator("h3").bounding_box()["x"]

    assert text.locator("ul > li").bounding_box()["x"] - left < 40
    for kind, bullet in [("ul", "disc"), ("ol", "decimal")]:
        look = "item => getComputedStyle(item).listStyleType"
        assert text.locator(f"{kind} > li").evaluate(look) == bullet
    assert left - text.bounding_box()["x"] < 20


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


def test_the_list_of_comments_fits_a_desk_and_a_phone(staff_page, moderator):
    """All columns on a desk; on a phone cards that say what is what, below the filters."""
    hidden(CommentFactory(text="Bench " * 100))
    ReportFactory(comment=CommentFactory(text="Bench " * 100))

    desk = staff_page(moderator, viewport={"width": 1280, "height": 800})
    desk.goto(reverse("admin:comments_comment_changelist"))
    assert desk.evaluate(
        "(box => box.scrollWidth == box.clientWidth)(document.querySelector('.results'))"
    )

    phone = staff_page(moderator, viewport=PHONE)
    phone.goto(reverse("admin:comments_comment_changelist"))
    filters, cards = (phone.locator(each) for each in ("#changelist-filter", "#result_list tr"))
    assert filters.bounding_box()["y"] < cards.nth(1).bounding_box()["y"]
    labels = "cell => getComputedStyle(cell, '::before').content"
    assert phone.locator(".field-who").first.evaluate(labels) == '"Verfasst von: "'


# Every page of the admin, a line for each kind of thing.
PAGES = """
    /admin/ /admin/comments/
    /admin/strategies/strategy/ /admin/strategies/strategy/add/
    /admin/strategies/strategy/{strategy}/change/ /admin/strategies/strategy/{strategy}/history/
    /admin/strategies/strategy/{strategy}/unpublish/ /admin/strategies/strategy/goals/{goal}/
    /admin/strategies/strategy/phases/{phase}/extend/
    /admin/strategies/strategy/{draft}/publish/ /admin/strategies/strategy/{draft}/delete/
    /admin/vorschau/{draft}/
    /admin/comments/comment/ /admin/comments/comment/{comment}/change/
    /admin/comments/comment/{comment}/history/ /admin/comments/comment/hide/?{chosen}
    /admin/comments/comment/restore/?{chosen} /admin/comments/comment/dismiss/?{chosen}
    /admin/accounts/notification/ /admin/accounts/notification/{message}/change/
    /admin/accounts/notification/{message}/history/
    /admin/accounts/bounce/ /admin/accounts/bounce/{bounce}/change/
    /admin/accounts/bounce/{bounce}/history/ /admin/accounts/bounce/{bounce}/delete/
    /admin/accounts/user/ /admin/accounts/user/add/ /admin/accounts/user/{person}/change/
    /admin/accounts/user/{person}/history/
    /admin/accounts/town/add/ /admin/accounts/town/{town}/change/
    /admin/accounts/town/{town}/history/
    /admin/accounts/statement/add/ /admin/accounts/statement/{statement}/change/
    /admin/accounts/statement/{statement}/history/
    /admin/accounts/pageversion/ /admin/accounts/pageversion/add/?page=imprint
    /admin/accounts/pageversion/add/?page=rules /admin/accounts/pageversion/{page}/change/
    /admin/accounts/pageversion/{page}/history/
""".split()


@pytest.fixture
def numbers(administrator):
    """What stands on the pages: the number of something of each kind."""
    phase = PhaseFactory(strategy__introduction="<p>Text.</p>")
    goal = GoalFactory(strategy=phase.strategy, commented_at=days(-1))
    GoalFactory(strategy=phase.strategy)
    PhaseFactory(strategy=phase.strategy, opens_in=5, closes_in=9)
    comment = CommentFactory(phase=phase, goal=goal, text=f"{LONG_ADDRESS} {'Bench ' * 100}")
    gone = hidden(CommentFactory(phase=phase, goal=goal))
    ReportFactory(comment=comment, words=f"Das kränkt: {LONG_ADDRESS}")
    message = NotificationFactory(outcome="given_up", ended_at=days(-1), last_error=LONG_ADDRESS)
    return {
        "strategy": phase.strategy_id,
        "goal": goal.pk,
        "phase": phase.pk,
        "draft": StrategyFactory(published_at=None, contact="").pk,
        "comment": comment.pk,
        "chosen": f"ids={comment.pk}&ids={gone.pk}",
        "message": message.pk,
        "bounce": Bounce.objects.create(address="gone@example.org").pk,
        "person": administrator.pk,
        "town": TownFactory(arms_type="png", colour="#7a1f3d", saved_by=administrator).pk,
        "statement": Statement.objects.create(saved_by=administrator).pk,
        "page": PageVersionFactory(page="rules", number=1, text="<ol><li>Be kind</li></ol>").pk,
    }


def test_every_page_fits_a_narrow_phone_and_breaks_no_policy(staff_page, administrator, numbers):
    page = staff_page(administrator, viewport=PHONE)
    widths = {}
    for path in PAGES:
        page.goto(path.format(**numbers))
        widths[path] = page.evaluate("document.documentElement.scrollWidth")

    assert {path: width for path, width in widths.items() if width > 320} == {}


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_open_to_everybody(look, be, administrator, numbers, path):
    be(administrator)
    look(path.format(**numbers))


def test_what_was_refused(look, be, page, live_server, administrator, open_phase):
    be(administrator)
    path = reverse("admin:strategies_strategy_phase", args=[open_phase.pk, "extend"])
    page.goto(live_server.url + path)
    page.get_by_role("button", name="Verlängern").click()
    look()

    assert page.title().startswith("Fehler: ")
