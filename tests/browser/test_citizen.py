"""A citizen's way: from the address on a leaflet to a comment, and off again."""

import re

import pytest
from playwright.sync_api import expect

from accounts.sending import send_due_notifications
from comments.models import Comment
from strategies.models import Subscription
from tests.factories import CommentFactory, GoalFactory, PhaseFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TEXT = "Mehr Bäume am Markt, bitte.\nUnd Bänke."
ANSWER = "Dann aber auch Papierkörbe."
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"

browsers = pytest.mark.parametrize(
    "options",
    [
        {"viewport": {"width": width, "height": 800}, "java_script_enabled": java_script}
        for width in (320, 1280)
        for java_script in (True, False)
    ],
    ids=["phone", "phone without JavaScript", "wide", "wide without JavaScript"],
)


@pytest.fixture
def goal():
    phase = PhaseFactory(strategy__number=3, closes_in=9)
    goal = GoalFactory(strategy=phase.strategy, number=2, title="Grüne Stadt")
    CommentFactory(
        phase=phase, goal=goal, author__public_name="Elbfischerin", text="Hier fehlen Bänke."
    )
    return goal


class Citizen:
    """Somebody before the screen, who does what labels and buttons say."""

    def __init__(self, page, mailbox):
        self.page, self.mailbox = page, mailbox

    def sees(self, text):
        expect(self.page.get_by_text(text).first).to_be_visible()
        assert not self.page.evaluate(TOO_WIDE), self.page.url

    def fills(self, label, text):
        self.page.get_by_label(label).fill(text)

    def presses(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()

    def follows(self, name):
        self.page.get_by_role("link", name=name).first.click()

    def newest_mail(self):
        send_due_notifications()
        return self.mailbox[-1]

    def code(self):
        return re.search(r"\d{3} \d{3}", self.newest_mail().subject)[0]


@pytest.mark.parametrize("java_script", [True, False], ids=["", "without JavaScript"])
def test_written_here_and_published_where_the_mail_is_read(java_script, visit, goal, mailoutbox):
    options = {"viewport": {"width": 320, "height": 800}, "java_script_enabled": java_script}
    here = Citizen(visit(**options), mailoutbox)
    here.page.goto("/3/2/")
    here.fills("Ihr Kommentar", TEXT)
    here.fills("Name, der bei Ihrem Kommentar steht", "Deichgängerin")
    here.fills("E-Mail-Adresse", "deich@example.org")
    here.presses("Weiter")

    there = Citizen(visit(**options), mailoutbox)
    there.page.goto(re.search(r"http\S+/mein-text/\w+/", here.newest_mail().body)[0])
    there.sees("Mehr Bäume am Markt, bitte.")
    there.sees("Deichgängerin")
    assert there.page.context.cookies() == [], "who looks gets no cookie"
    there.presses("Neuen Code senden")
    there.fills("Code aus der E-Mail", there.code())
    there.presses("Veröffentlichen")

    there.sees("Ihr Kommentar ist veröffentlicht.")
    there.sees("Abmelden – die nächste Person kann schreiben")
    assert Comment.objects.get(text=TEXT).author_name == "Deichgängerin"


@browsers
def test_from_the_leaflet_to_a_comment_and_off_again(options, visit, goal, mailoutbox):
    person = Citizen(visit(**options), mailoutbox)
    page = person.page

    page.goto("/3/2/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Grüne Stadt")
    person.sees("Kommentieren ist möglich bis ")
    person.sees("Hier fehlen Bänke.")
    assert page.context.cookies() == [], "who reads gets no cookie"

    person.fills("Ihr Kommentar", TEXT)
    person.fills("Name, der bei Ihrem Kommentar steht", "Deichgängerin")
    person.fills("E-Mail-Adresse", "deich@example.org")
    person.presses("Weiter")
    person.sees("deich@example.org")
    person.fills("Code aus der E-Mail", person.code())
    assert not Comment.objects.filter(text=TEXT).exists(), "nothing is published by itself"
    person.presses("Veröffentlichen")

    own = Comment.objects.get(text=TEXT)
    article = page.locator(f"#kommentar-{own.pk}")
    expect(article.get_by_text("Ihr Kommentar ist veröffentlicht.")).to_be_visible()
    expect(article.get_by_role("heading")).to_contain_text("Deichgängerin")
    expect(page).to_have_title(re.compile(f"^Kommentar Nr. {own.pk} ist veröffentlicht"))
    assert not page.evaluate(TOO_WIDE)
    receipt = person.newest_mail()
    assert receipt.subject.startswith(f"Ihr Kommentar Nr. {own.pk} ist eingegangen")

    person.follows("Antworten auf Elbfischerin")
    person.fills("Ihre Antwort auf Elbfischerin", ANSWER)
    person.presses("Antwort veröffentlichen")
    person.sees(ANSWER)
    assert Comment.objects.get(text=ANSWER).parent.text == "Hier fehlen Bänke."

    person.follows(re.compile(rf"Zurückziehen\s?:\sNr\.\s{own.pk}"))
    person.sees("Was sichtbar bleibt")
    person.presses("Kommentar zurückziehen")
    person.sees("Dieser Kommentar wurde am ")
    expect(page.get_by_text("Mehr Bäume am Markt")).to_have_count(0)

    # The mail is opened days later, in another browser.
    elsewhere = Citizen(visit(**options), mailoutbox)
    elsewhere.page.goto(receipt.extra_headers["List-Unsubscribe"].strip("<>"))
    elsewhere.presses("Abstellen")
    elsewhere.sees("Sie bekommen keine E-Mails mehr zu ")
    assert not Subscription.objects.current().exists()


def test_who_leaves_unsent_words_behind_is_asked_first(visit, goal):
    page, asked = visit(), []

    def stay(dialog):
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.goto(goal.get_absolute_url())
    page.get_by_label("Ihr Kommentar").click()
    page.keyboard.type(TEXT)
    with page.expect_event("dialog"):
        page.get_by_role("link", name="Termine").first.click(no_wait_after=True)
    expect(page.get_by_label("Ihr Kommentar")).to_have_value(TEXT)
    assert asked == ["beforeunload"]

    page.get_by_label("Name, der bei Ihrem Kommentar steht").fill("Deichgängerin")
    page.get_by_label("E-Mail-Adresse").fill("deich@example.org")
    page.get_by_role("button", name="Weiter", exact=True).click()
    page.get_by_label("Code aus der E-Mail").wait_for()
    assert asked == ["beforeunload"]
