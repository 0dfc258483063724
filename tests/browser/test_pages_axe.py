"""Every public page in every state is open to everybody. A new state is one more ``look``."""

import pytest
from django.utils import timezone

from accounts.town import Statement, forget
from comments.drafts import let_wait
from comments.models import MAX_LENGTH, Draft
from strategies.messages import unsubscribe_url
from strategies.models import GoalVersion, PhaseEvent
from tests.accounts.door import code_sent
from tests.factories import (
    CommentFactory,
    GoalFactory,
    MilestoneFactory,
    PageVersionFactory,
    PhaseEventFactory,
    PhaseFactory,
    ReplyFactory,
    StrategyFactory,
    TownFactory,
    days,
    hidden,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG_NAME = "Dampfschifffahrtsgesellschaftskapitänin"


@pytest.fixture
def discussion(open_phase, moderator):
    """A goal with a changed text and with comments in every state; the rest of its strategy."""
    strategy = open_phase.strategy
    goal, _other = GoalFactory(strategy=strategy), GoalFactory(strategy=strategy)
    GoalVersion.objects.create(
        goal=goal, title="Before", text="<p>Less</p>", replaced_by=moderator, reason="A mistake."
    )
    PhaseEventFactory(phase=open_phase)
    for in_days in (-90, 0, 9, 90):
        MilestoneFactory(strategy=strategy, in_days=in_days, title=LONG_NAME)
    here = {"phase": open_phase, "goal": goal}
    comment = CommentFactory(author__public_name=LONG_NAME, **here)
    ReplyFactory(parent=comment, badge="Amtsverwaltung", text=f"https://example.org/{'x' * 80}")
    hidden(ReplyFactory(parent=comment))
    hidden(CommentFactory(**here))
    CommentFactory(withdrawn_at=timezone.now(), **here)
    CommentFactory(author=None, **here)
    CommentFactory(phase=open_phase, goal=None)
    return comment


@pytest.mark.parametrize("path", ["/", "/strategien/", "/termine/"])
def test_lists_empty_and_full(look, path):
    look(path)
    PhaseFactory(answer_by=days(30))
    PhaseFactory(opens_in=-9, closes_in=-2)
    PhaseFactory(opens_in=2, closes_in=9)
    MilestoneFactory()
    look(path)


@pytest.mark.parametrize(
    "path",
    [
        "kontakt",
        "impressum",
        "datenschutz",
        "nutzungsregeln",
        "so-funktioniert-es",
        "barrierefreiheit",
        "barriere-melden",
        "fehlt",
    ],
)
def test_pages_of_the_foot_and_none(look, path):
    look(f"/{path}/")


def test_pages_that_the_town_has_written(look):
    for number in (1, 2):
        text = f"<h3>{LONG_NAME}</h3><ol><li>{number}</li></ol><h4>[Bitte ergänzen: Ort]</h4>"
        PageVersionFactory(page="rules", number=number, text=text)
    PageVersionFactory(page="easy_language", number=1)
    PageVersionFactory(page="sign_language", number=1)
    TownFactory(arms=b"\x89PNG", arms_type="png", colour="#7a1f3d")
    answers = {"state": "partial", "known_gaps": "One\nTwo", "method": "self"}
    Statement.objects.create(made_on=days(-9), reviewed_on=days(-1), law="§ 1", **answers)
    forget()
    paths = ("leichte-sprache", "gebaerdensprache", "barrierefreiheit")
    for path in ("nutzungsregeln", "nutzungsregeln/?fassung=1", *paths):
        look(f"/{path}" if "?" in path else f"/{path}/")


def test_rules_to_agree_to(look, page, me, goal):
    comment = CommentFactory(goal=goal, phase=goal.strategy.phases.get(), author=me)
    PageVersionFactory(page="rules", text="<ol><li>Be kind</li></ol>", is_to_be_accepted=True)
    forget()
    look(f"/kommentare/{comment.pk}/bearbeiten/")
    look(goal.get_absolute_url())
    page.locator("#id_text").fill("Benches.")
    page.get_by_role("button", name="Kommentar veröffentlichen").click()
    page.get_by_text("Die Nutzungsregeln wurden am").wait_for()
    look()


def test_reporting_a_barrier(look, page):
    look("/barriere-melden/?seite=/termine/")
    page.locator("#id_text").fill(" ")
    page.get_by_role("button", name="Meldung absenden").click()
    page.get_by_role("heading", name="Bitte prüfen Sie Ihre Eingaben").wait_for()
    look()
    page.locator("#id_text").fill("Die Schrift ist zu klein.")
    page.get_by_role("button", name="Meldung absenden").click()
    page.get_by_role("heading", name="Ihre Meldung ist angekommen").wait_for()
    look()


IN_ENGLISH = """
    / /strategien/ /termine/ /suche/ /suche/?q=trees
    {strategy} {strategy}diskussion/ {strategy}druck/ {strategy}weitersagen/
    {strategy}auf-dem-laufenden/ {goal} {goal}?antwort={pk} /kommentare/{pk}/melden/
    /kommentare/{pk}/fassungen/ /auf-dem-laufenden/ /kontakt/ /impressum/ /datenschutz/
    /nutzungsregeln/ /barrierefreiheit/ /barriere-melden/ /konto/anmelden/ /fehlt/
""".split()
IN_ENGLISH_WITH_ACCOUNT = """
    {goal} /konto/ /konto/kommentare/ /konto/entwuerfe/ /konto/daten/ /konto/benachrichtigungen/
    /konto/benachrichtigungen/einstellungen/ /konto/schutz/ /konto/name/
""".split()


@pytest.mark.walk
@pytest.mark.parametrize("path", IN_ENGLISH)
def test_in_english(look, discussion, path):
    look(f"/en{in_place(path, discussion)}")


@pytest.mark.walk
@pytest.mark.parametrize("path", IN_ENGLISH_WITH_ACCOUNT)
def test_in_english_with_account(look, me, discussion, path):
    look(f"/en{in_place(path, discussion)}")


def test_publishing_with_a_code(look, page, live_server, discussion):
    page.goto(f"{live_server.url}{discussion.goal.get_absolute_url()}")
    page.get_by_label("Ihr Kommentar").fill("Bänke.")
    page.get_by_label("Name, der bei Ihrem Kommentar steht").fill("Deichgängerin")
    page.get_by_label("E-Mail-Adresse").fill("nonsense@nonsense@example.org")
    page.locator("#id_text").evaluate("text => text.form.noValidate = true")
    page.get_by_role("button", name="Weiter", exact=True).click()
    look()
    page.get_by_label("E-Mail-Adresse").fill("deich@example.org")
    page.get_by_role("button", name="Weiter", exact=True).click()
    page.get_by_label("Code aus der E-Mail").fill("000000")
    look()
    page.get_by_role("button", name="Veröffentlichen").click()
    look()
    page.get_by_label("Code aus der E-Mail").fill(code_sent())
    page.get_by_role("button", name="Veröffentlichen").click()
    page.get_by_role("button", name="Abmelden – die nächste Person kann schreiben").wait_for()
    look()


def test_publishing_with_a_name(look, page, live_server, discussion):
    page.goto(f"{live_server.url}{discussion.goal.get_absolute_url()}")
    page.get_by_label("Ihr Kommentar").fill("Bänke.")
    page.get_by_label("E-Mail-Adresse").fill("deich@example.org")
    page.get_by_role("button", name="Weiter", exact=True).click()
    look()
    page.get_by_label("Code aus der E-Mail").fill(code_sent())
    page.get_by_label("Name, der bei Ihrem Kommentar steht").fill("Bauamt")
    page.get_by_role("button", name="Veröffentlichen").click()
    look()
    page.get_by_label("Name, der bei Ihrem Kommentar steht").fill("")
    page.get_by_role("button", name="Veröffentlichen").click()
    look()
    page.get_by_label("Name, der bei Ihrem Kommentar steht").fill("Deichgängerin")
    page.get_by_role("button", name="Veröffentlichen").click()
    page.get_by_role("button", name="Abmelden – die nächste Person kann schreiben").wait_for()


def test_strategy_in_every_time(look):
    for opens_in, closes_in in [(-9, -2), (-1, 1), (2, 9)]:
        phase = PhaseFactory(opens_in=opens_in, closes_in=closes_in)
        GoalFactory(strategy=phase.strategy)
        look(phase.strategy.get_absolute_url())
    look(StrategyFactory().get_absolute_url())


def test_full_strategy_and_discussion(look, discussion):
    strategy = discussion.phase.strategy
    look(strategy.get_absolute_url())
    look(discussion.goal.get_absolute_url())
    look(f"{discussion.goal.get_absolute_url()}?antwort={discussion.pk}")
    look(f"{strategy.get_absolute_url()}diskussion/")
    look(f"{strategy.get_absolute_url()}druck/")


def test_a_discussion_with_ways_to_moderate(look, be, moderator, discussion):
    be(moderator)
    look(discussion.goal.get_absolute_url())


def test_extended_and_ended_discussion(look, discussion, moderator):
    phase = discussion.phase
    PhaseEventFactory(
        phase=phase,
        kind=PhaseEvent.Kind.EXTENDED,
        moment=days(-0.5),
        date_before=days(0.5),
        date_after=phase.closes_at,
        by=moderator,
        reason="Holidays.",
    )
    look(phase.strategy.get_absolute_url())
    phase.closes_at = days(-0.1)
    phase.save()
    look(discussion.goal.get_absolute_url())


def test_answered_discussion(look, discussion, moderator):
    phase = discussion.phase
    phase.closes_at, phase.answered_at = days(-0.1), timezone.localdate()
    phase.save()
    said = "Der Radweg kommt in den Plan: https://www.amt.example/antworten/insek-lenzen-2035.pdf"
    PhaseEventFactory(phase=phase, kind=PhaseEvent.Kind.ANSWERED, by=moderator, reason=said)
    look(phase.strategy.get_absolute_url())
    look(f"/en{discussion.goal.get_absolute_url()}")
    look("/")


def test_many_pages_of_comments(look, goal, open_phase):
    CommentFactory.create_batch(101, goal=goal, phase=open_phase)

    look(f"{goal.get_absolute_url()}?seite=3")


def test_signed_in_with_a_comment_of_ones_own(look, me, discussion):
    own = CommentFactory(author=me, phase=discussion.phase, goal=discussion.goal)
    look(f"/kommentare/{own.pk}/?neu=1")
    look(f"/kommentare/{own.pk}/zurueckziehen/")
    own.withdrawn_at = timezone.now()
    own.save()
    look(f"/kommentare/{own.pk}/zurueckziehen/")
    look(discussion.goal.get_absolute_url())


def test_reporting_a_comment(look, page, discussion):
    path = f"/kommentare/{discussion.pk}/melden/"
    look(path)
    page.get_by_label("Rechtswidrig").check()
    page.get_by_role("button", name="Meldung absenden").click()
    look()
    page.get_by_label("Was meinen Sie damit").fill("Eine Beleidigung.")
    page.get_by_role("button", name="Meldung absenden").click()
    look()
    look(f"/kommentare/{hidden(discussion).pk}/melden/")


def test_keeping_up_to_date(look, page, me, open_phase):
    path = f"{open_phase.strategy.get_absolute_url()}auf-dem-laufenden/"
    look(path)
    page.locator("main form button").click()
    look()
    look(path)
    look(f"/{unsubscribe_url(open_phase.strategy)(me).split('/', 3)[3]}")
    page.get_by_role("button", name="Abstellen", exact=True).click()
    look()


def test_publishing_without_account(look, page, discussion):
    look(discussion.goal.get_absolute_url())
    page.get_by_label("Ihr Kommentar").fill("Mehr Bäume.")
    page.get_by_label("Name, der bei Ihrem Kommentar steht").fill("Deichgängerin")
    page.get_by_label("E-Mail-Adresse").fill("deich@example.org")
    page.get_by_role("button", name="Weiter").click()
    look()
    for code in ["000 00x", code_sent()]:
        page.get_by_label("Code aus der E-Mail").fill(code)
        page.get_by_role("button", name="Veröffentlichen").click()
        look()
    assert page.get_by_role("button", name="Abmelden – die nächste Person").is_visible()


def test_a_text_that_waits_for_a_code(look, page, discussion):
    place = {"strategy": discussion.phase.strategy, "goal": discussion.goal, "version": None}
    who = {"name": LONG_NAME, "address": "deich@example.org", "parent": discussion}
    draft = let_wait(**who, **place, text=f"Mehr Bäume.\n\n{'x' * 80}")
    path = f"/mein-text/{draft.token}/"
    look(path)
    page.get_by_role("button", name="Neuen Code senden").click()
    look()
    discussion.phase.closes_at = days(0.9 / 24)
    discussion.phase.save()
    look(path)
    discussion.phase.closes_at = days(-0.01)
    discussion.phase.save()
    look(path)
    assert page.get_by_label("Ihr Text").input_value() == draft.text
    Draft.objects.all().delete()
    look(path)


def test_a_waiting_text_where_somebody_is_signed_in(look, me, goal):
    place = {"strategy": goal.strategy, "goal": goal, "parent": None, "version": None}
    draft = let_wait(name="", address="deich@example.org", **place, text="Mehr Bäume.")
    look(f"/mein-text/{draft.token}/")


def test_a_draft_in_its_place(look, page, me, discussion):
    look(discussion.goal.get_absolute_url())
    page.locator("#id_text").fill("Vielleicht.")
    page.get_by_role("button", name="Entwurf speichern").click()
    look()
    page.locator("#id_text").fill("")
    page.get_by_role("button", name="Entwurf verwerfen").click()
    look()


def test_refusals_take_the_focus_and_keep_the_text(look, page, me, discussion):
    look(discussion.goal.get_absolute_url())
    for text in ["x" * (MAX_LENGTH + 1), own_comment_text(me, discussion)]:
        page.get_by_label("Ihr Kommentar").fill(text)
        page.get_by_role("button", name="Kommentar veröffentlichen").click()
        look()
        assert page.title().startswith("Fehler: ")
        assert page.evaluate("document.activeElement.id") == "fehler"
        assert page.get_by_label("Ihr Kommentar").input_value() == text


def test_text_of_a_phase_that_closed_meanwhile(look, page, me, discussion):
    look(discussion.goal.get_absolute_url())
    discussion.phase.closes_at = days(-0.01)
    discussion.phase.save()

    page.get_by_label("Ihr Kommentar").fill("Too late.")
    page.get_by_role("button", name="Kommentar veröffentlichen").click()

    look()
    assert page.get_by_label("Ihr Text").input_value() == "Too late."


def test_search_in_every_state(look, discussion):
    for query in ["", "?q=+", "?q=more+trees", f"?q={'unfindable' * 20}"]:
        look(f"/suche/{query}")
    here = {"phase": discussion.phase, "goal": discussion.goal}
    CommentFactory.create_batch(21, **here)
    look("/suche/?q=trees&seite=2")


def test_telling_others_in_every_time(look):
    for opens_in, closes_in in [(-9, -2), (-1, 1), (2, 9)]:
        phase = PhaseFactory(opens_in=opens_in, closes_in=closes_in, strategy__title=LONG_NAME)
        look(f"{phase.strategy.get_absolute_url()}weitersagen/")


def own_comment_text(author, discussion):
    """What ``author`` has already said there."""
    return CommentFactory(
        author=author, phase=discussion.phase, goal=discussion.goal, text="Once is enough."
    ).text


def in_place(path, comment):
    """``path``, with the addresses of what was said there."""
    strategy = comment.phase.strategy.get_absolute_url()
    return path.format(strategy=strategy, goal=comment.goal.get_absolute_url(), pk=comment.pk)
