"""The ways of people with the keyboard alone: all is reached, and the focus is seen."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from accounts.models import User
from comments.models import Comment, Decision, Draft, Report, Vote
from comments.rulebook import Rule
from strategies.messages import confirm_url
from strategies.models import Subscription
from tests.accounts.door import code_sent
from tests.factories import CommentFactory, GoalFactory, PhaseFactory, ReportFactory, days

pytestmark = [
    pytest.mark.browser,
    pytest.mark.access,
    pytest.mark.django_db(transaction=True),
]

# Kept for each page before anything has the focus, to see later what the focus changes.
KEEP_LOOKS = """() => {
  window.look = (part) => {
    const style = getComputedStyle(part);
    return [style.outlineStyle !== "none" && style.outlineWidth, style.outlineColor,
      style.boxShadow, style.borderColor, style.backgroundColor].join();
  };
  document.activeElement?.blur();
  window.looks = new Map([...document.querySelectorAll("*")].map((part) => [part, look(part)]));
}"""
# What is wrong with the part that has the focus, in words; empty when all is well.
WRONG = """() => {
  const part = document.activeElement;
  if (!part || part === document.body) return "the focus is lost";
  const box = part.getBoundingClientRect();
  const name = part.outerHTML.slice(0, 120);
  if (!box.width || !box.height) return "nothing to see: " + name;
  if (box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth)
    return "out of sight: " + name;
  // Radio buttons and boxes may show it at their label.
  const shown = [part, part.parentElement, ...(part.labels ?? [])];
  if (window.looks && !shown.some((each) => look(each) !== window.looks.get(each)))
    return "looks as without the focus: " + name;
  const hit = document.elementFromPoint(
    Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1),
    Math.min(Math.max(box.top + Math.min(box.height / 2, 12), 0), innerHeight - 1));
  if (!hit || !(part.contains(hit) || hit.contains(part))) return "covered: " + name;
  return "";
}"""
# Of the part that has the focus, whether its ring has a colour that people have chosen.
HAS_CHOSEN_RING = """() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0
    && style.forcedColorAdjust === "auto";
}"""
# Whether the part that has the focus stands in or after the one of this id.
IS_BELOW = """id => Boolean(document.activeElement.compareDocumentPosition(
  document.getElementById(id)) & Node.DOCUMENT_POSITION_PRECEDING)"""
NAME = """() => {
  const part = document.activeElement;
  if (part === document.body) return "";
  const label = part.labels?.length ? part.labels[0].textContent : "";
  return (part.ariaLabel || label || part.textContent).trim().replace(/\\s+/g, " ");
}"""


class Keyboard:
    """Somebody who has no mouse. ``problems`` holds what was wrong on the way."""

    def __init__(self, page):
        self.page, self.problems, self.steps = page, set(), 0
        self.kept = None

    def keep_looks(self):
        if not self.page.evaluate("Boolean(window.looks)"):
            focused = self.page.evaluate_handle("document.activeElement")
            self.page.evaluate(KEEP_LOOKS)
            focused.as_element().evaluate("part => part.focus()")

    def tab(self):
        self.keep_looks()
        self.page.keyboard.press("Tab")
        self.steps += 1
        if wrong := self.page.evaluate(WRONG):
            self.problems.add(wrong)

    def goes_to(self, name):
        """Tab until the part with this name (a beginning, or a pattern) has the focus."""
        pattern = name if isinstance(name, re.Pattern) else re.compile(re.escape(name))
        for _ in range(120):
            if pattern.match(self.page.evaluate(NAME)):
                return
            self.tab()
        raise AssertionError(f"no way to {name} on {self.page.url}")

    def types(self, name, text):
        self.goes_to(name)
        self.page.keyboard.type(text)

    def rewrites(self, name, text):
        self.goes_to(name)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def presses(self, name, key="Enter"):
        self.goes_to(name)
        with self.page.expect_navigation():
            self.page.keyboard.press(key)


@pytest.fixture(params=[320, 1280])
def keyboard(request, page):
    page.set_viewport_size({"width": request.param, "height": 640})
    # Where scrolling is smooth, the part that has the focus comes into sight a little later.
    page.emulate_media(reduced_motion="reduce")
    keyboard = Keyboard(page)
    yield keyboard
    assert keyboard.problems == set()


@pytest.fixture
def goal():
    phase = PhaseFactory(closes_in=9, strategy__title="Lebendige Stadt")
    goal = GoalFactory(strategy=phase.strategy, number=2, title="Grüne Stadt")
    CommentFactory(phase=phase, goal=goal, author__public_name="Elbfischerin")
    return goal


def test_from_the_start_page_to_a_comment_a_vote_and_a_report(keyboard, page, live_server, goal):
    page.goto(live_server.url)
    keyboard.presses("Lebendige Stadt")
    keyboard.presses(re.compile("Leitziel 2 kommentieren|Grüne Stadt"))
    keyboard.types("Ihr Kommentar", "Mehr Bäume.")
    keyboard.types("Name, der bei Ihrem Kommentar steht", "Deichgängerin")
    keyboard.types("E-Mail-Adresse", "deich@example.org")
    keyboard.presses("Weiter")
    keyboard.types("Code aus der E-Mail", code_sent())
    keyboard.presses("Veröffentlichen")

    own = Comment.objects.get(text="Mehr Bäume.")
    keyboard.presses(f"Zurückziehen: Nr. {own.pk}")
    keyboard.presses("Kommentar zurückziehen")
    own.refresh_from_db()
    assert own.withdrawn_at

    keyboard.goes_to(re.compile("Stimme zu"))
    page.keyboard.press("Space")
    page.get_by_role("button", name="Sie stimmen zu").wait_for()
    assert not page.evaluate("document.activeElement === document.body"), "focus is lost"
    assert Vote.objects.count() == 1

    keyboard.presses("Melden: Nr. ")
    keyboard.goes_to("Regel 1")
    page.keyboard.press("Space")
    keyboard.presses("Meldung absenden")
    assert Report.objects.count() == 1


@pytest.mark.walk
def test_a_reply_and_its_change(keyboard, page, live_server, goal, be, citizen):
    be(citizen)
    page.goto(f"{live_server.url}{goal.get_absolute_url()}")
    keyboard.presses("Antworten auf Elbfischerin")
    keyboard.types("Ihre Antwort auf Elbfischerin", "Und Bänke.")
    keyboard.presses("Antwort veröffentlichen")
    reply = Comment.objects.get(text="Und Bänke.")
    assert reply.parent.author_name == "Elbfischerin"

    keyboard.presses(f"Bearbeiten: Nr. {reply.pk}")
    keyboard.rewrites("Ihr Kommentar", "Und Schatten.")
    keyboard.presses("Änderung veröffentlichen")
    reply.refresh_from_db()
    assert reply.text == "Und Schatten."


@pytest.mark.walk
def test_news_for_somebody_signed_in(keyboard, page, live_server, goal, be, citizen):
    be(citizen)
    page.goto(f"{live_server.url}{goal.strategy.get_absolute_url()}")
    keyboard.presses("Per E-Mail auf dem Laufenden bleiben")
    keyboard.presses("Einschalten")

    assert Subscription.objects.current().get().person == citizen


@pytest.mark.walk
def test_news_for_a_visitor(keyboard, page, live_server, goal):
    page.goto(f"{live_server.url}{goal.strategy.get_absolute_url()}")
    keyboard.presses("Per E-Mail auf dem Laufenden bleiben")
    keyboard.types("E-Mail-Adresse", "deich@example.org")
    keyboard.presses("Weiter")
    page.goto(live_server.url + urlsplit(confirm_url(Subscription.objects.get())).path)
    keyboard.presses("Einschalten")

    assert Subscription.objects.current().get().address == "deich@example.org"


@pytest.mark.walk
def test_the_account(keyboard, page, live_server, goal, be, citizen):
    Draft.objects.create(person=citizen, strategy=goal.strategy, goal=goal, text="Vielleicht.")
    be(citizen)
    page.goto(live_server.url)
    keyboard.presses("Mein Konto")
    keyboard.presses("Bestimmen, wovon und wie oft Sie hören")
    keyboard.goes_to("Sofort")
    page.keyboard.press("ArrowDown")
    keyboard.presses("Speichern")
    citizen.refresh_from_db()
    assert citizen.news_rhythm == User.Rhythm.DAILY

    keyboard.presses("Mein Konto")
    keyboard.presses("Meine Entwürfe")
    keyboard.presses("Entwurf verwerfen")
    assert not Draft.objects.exists()

    keyboard.presses("Mein Konto")
    keyboard.presses("Abmelden")
    keyboard.goes_to("Anmelden")


@pytest.mark.walk
def test_moderating(keyboard, page, live_server, goal, be, moderator):
    comment = goal.comments.get()
    ReportFactory(comment=comment)
    be(moderator)
    page.goto(live_server.url)
    keyboard.presses("Verwaltung")
    keyboard.presses(f"Ausblenden… (Nr. {comment.pk})")
    keyboard.rewrites(
        "Das liest, wer den Kommentar geschrieben hat", "Das beleidigt einen Nachbarn."
    )
    keyboard.presses(f"Ausblenden ({Rule.RESPECT.short})")
    decision = Decision.objects.get()
    assert (decision.rule, decision.explanation) == (Rule.RESPECT, "Das beleidigt einen Nachbarn.")

    keyboard.presses("Rückgängig machen")
    assert Comment.objects.visible().get() == comment


@pytest.mark.walk
@pytest.mark.parametrize(
    "path",
    ["/", "/termine/", "/suche/", "/konto/anmelden/", "/barriere-melden/", "{strategy}", "{goal}"],
)
def test_every_stop_on_a_page_is_seen(keyboard, page, live_server, goal, path):
    here = {"strategy": goal.strategy.get_absolute_url(), "goal": goal.get_absolute_url()}
    page.goto(f"{live_server.url}{path.format(**here)}")
    stops = page.locator("a[href], button, input:not([type=hidden]), textarea, select, summary")
    for _ in range(stops.count() - 1):
        keyboard.tab()


def test_the_focus_is_seen_in_forced_colours(page, live_server, goal):
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    page.goto(f"{live_server.url}{goal.comments.get().get_absolute_url()}melden/")
    page.get_by_label("Rechtswidrig").focus()
    for key in ["ArrowUp", "Tab", "Tab", "Tab", "Tab", "Tab"]:
        page.keyboard.press(key)
        assert page.evaluate(HAS_CHOSEN_RING), page.evaluate(NAME)


@pytest.mark.parametrize("is_open", [True, False])
def test_skip_links_lead_to_content_form_and_comments(keyboard, page, live_server, goal, is_open):
    targets = {
        "Zum Inhalt": "inhalt",
        "Zum Formular": "formular",
        "Zu den Kommentaren": "kommentare",
    }
    if not is_open:
        goal.strategy.phases.update(closes_at=days(-0.1))
        del targets["Zum Formular"]
    for link, target in targets.items():
        page.goto(f"{live_server.url}{goal.get_absolute_url()}")
        assert page.locator(".skip-links a").all_text_contents() == list(targets)
        keyboard.goes_to(link)
        page.keyboard.press("Enter")
        expect(page.locator(f"#{target}")).to_be_focused()
        expect(page.locator(f"#{target}")).to_be_in_viewport()
        keyboard.tab()
        assert page.evaluate(IS_BELOW, target), "the way goes on elsewhere"
