"""`manage.py import_strategy`: what is saved, what is told, and what is left alone."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.town import town
from strategies.models import Goal, GoalVersion, Phase, Strategy
from tests.factories import CommentFactory, GoalFactory, PhaseFactory, StrategyFactory, days

BERLIN = ZoneInfo("Europe/Berlin")
CONTENT = settings.BASE_DIR.parent / "shared/content"

TEXT = """\
Die Wege sind kurz.

Kommentierphase
Lesen und Kommentieren

Strategie 7 - Wege für Groß und Klein

Rad

Am Markt stehen Bügel.

Bus

Er fährt jede Stunde.
"""
NEXT_STEPS = "Der Stadtrat liest alles."

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path):
    def write(content=TEXT, name="sieben.txt"):
        path = tmp_path / name
        path.write_text(content)
        return path

    return write


@pytest.fixture
def run(capsys):
    """Run the command; gives its exit code and what it said."""

    def run(*arguments):
        try:
            call_command("import_strategy", *map(str, arguments))
            code = 0
        except SystemExit as ended:
            code = ended.code
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def test_strategy_is_saved_as_a_draft(run, file):
    code, said = run(file())

    assert code == 0
    strategy = Strategy.objects.get()
    assert (strategy.number, strategy.title) == (7, "Wege für Groß und Klein")
    assert strategy.slug == "wege-fuer-gross-und-klein"
    assert strategy.introduction == "<p>Die Wege sind kurz.</p>"
    assert strategy.published_at is None
    assert list(strategy.goals.values_list("number", "title", "text")) == [
        (1, "Rad", "<p>Am Markt stehen Bügel.</p>"),
        (2, "Bus", "<p>Er fährt jede Stunde.</p>"),
    ]
    assert "Kommentierphase: Termin fehlt" in said
    assert not strategy.phases.exists()


def test_dry_run_shows_everything_and_saves_nothing(run, file):
    code, said = run("--dry-run", file("Skip to content\n\n" + TEXT))

    assert code == 0
    for shown in [
        "Strategie 7: Wege für Groß und Klein",
        "Einleitung: 4 Wörter: Die Wege sind kurz.",
        "Kommentierphase: Termin fehlt",
        "Lesen und Kommentieren",
        "Leitziel 1: Rad",
        "Leitziel 2: Bus",
        "Zeile 1: Skip to content",
        "gespeichert wurde nichts",
    ]:
        assert shown in said
    assert not Strategy.objects.exists()


def test_given_days_make_the_phase(run, file):
    _, said = run("--opens", "1.5.2026", "--closes", "31.5.2026", file())

    phase = Phase.objects.get()
    assert (phase.title, phase.description) == ("Kommentierphase", "Lesen und Kommentieren")
    assert phase.opens_at == datetime(2026, 5, 1, tzinfo=BERLIN)
    assert phase.closes_at == datetime(2026, 6, 1, tzinfo=BERLIN)
    assert "Kommentierphase: 1." in said


def test_a_phase_that_begins_where_another_ends_is_another_one(run, file):
    strategy = StrategyFactory(number=7, published_at=None)
    may, june = (datetime(2036, month, 1, tzinfo=BERLIN) for month in (5, 6))
    PhaseFactory(strategy=strategy, title="Dialog", opens_at=may, closes_at=june)

    code, _said = run("--opens", "1.6.2036", "--closes", "30.6.2036", file())

    assert code == 0
    phases = [(phase.title, phase.opens_at) for phase in Phase.objects.all()]
    assert phases == [("Dialog", may), ("Kommentierphase", june)]


@pytest.mark.parametrize("day", ["31.5.2026 24:30", "31.5.2026 25:00", "31.5.2026 12:60"])
def test_a_time_that_no_clock_shows_is_refused(file, day):
    with pytest.raises(CommandError, match="kein Tag"):
        call_command("import_strategy", "--closes", day, str(file()))


def test_unusable_day_is_refused_before_anything_is_read(file):
    with pytest.raises(CommandError, match="kein Tag"):
        call_command("import_strategy", "--opens", "bald", str(file()))

    assert not Strategy.objects.exists()


@pytest.mark.parametrize("given", [("--opens", "1.5.2036"), ("--closes", "31.5.2036")])
def test_one_day_is_no_phase(run, file, given):
    code, said = run(*given, file())

    assert code == 1
    assert "Bitte geben Sie --opens und --closes an" in said
    assert not Strategy.objects.exists()


# Published at once


def test_published_strategy_says_what_people_must_know(run, file):
    code, said = run("--publish", "--next-steps", NEXT_STEPS, file())

    strategy = Strategy.objects.published().get()
    assert code == 0
    assert (strategy.next_steps, strategy.contact) == (NEXT_STEPS, town().contact)
    assert f"{settings.SITE_URL}{strategy.get_absolute_url()}" in said


def test_nothing_is_saved_when_it_cannot_be_published(run, file):
    code, said = run("--publish", file())

    assert code == 1
    assert "--next-steps" in said
    assert not Strategy.objects.exists()


def test_a_gap_in_the_contact_of_the_town_is_not_published(run, file, monkeypatch):
    monkeypatch.setattr(town(), "contact", "[Bitte ergänzen: Stelle, Telefon, Sprechzeiten]")

    code, said = run("--publish", "--next-steps", NEXT_STEPS, file())

    assert code == 1
    assert "an wen man sich mit Fragen wenden kann. Bitte geben Sie es mit" in said
    assert not Strategy.objects.exists()


def test_own_contact_is_kept_when_it_is_published(run, file):
    StrategyFactory(number=7, contact="Rathaus", published_at=None)

    run("--publish", file())

    assert Strategy.objects.published().get().contact == "Rathaus"


def test_a_number_that_no_goal_bears_is_named(run, file):
    code, said = run(file("Strategie 7 - Wege\nZiel 1: Rad\nT.\nZiel 3: Bus\nT."))

    assert code == 0
    assert "Diese Nummern hat kein Leitziel: 2" in said


# Again


def test_second_run_changes_nothing_and_says_so(run, file):
    run("--opens", "1.5.2036", "--closes", "31.5.2036", file())
    before = list(Goal.objects.values()), list(Phase.objects.values())

    code, said = run("--opens", "1.5.2036", "--closes", "31.5.2036", file())

    assert code == 0
    assert "Nichts hat sich geändert." in said
    assert (list(Goal.objects.values()), list(Phase.objects.values())) == before
    assert Strategy.objects.count() == 1


def test_second_run_updates_and_says_what(run, file):
    run(file())
    changed = TEXT.replace("Wege für Groß", "Straßen für Groß").replace("jede Stunde", "oft")

    _, said = run(file(changed + "\nFähre\n\nSie fährt.\n"))

    assert "Geändert: Titel." in said
    assert "Geändert: Leitziel 2: Bus." in said
    assert "Neu: Leitziel 3: Fähre." in said
    assert "Leitziel 1: Rad." not in said
    strategy = Strategy.objects.get()
    assert (strategy.title, strategy.slug) == (
        "Straßen für Groß und Klein",
        "wege-fuer-gross-und-klein",
    )
    assert strategy.goals.get(number=2).text == "<p>Er fährt oft.</p>"


def test_goal_that_is_not_in_the_file_stays_and_is_named(run, file):
    strategy = StrategyFactory(number=7)
    GoalFactory(strategy=strategy, number=3, title="Fähre")

    _, said = run(file())

    assert "Leitziel 3: Fähre: steht nicht in der Datei und bleibt." in said
    assert strategy.goals.count() == 3


@pytest.fixture
def commented(run, file):
    """Goal 1, on which somebody commented before its text changed in the file."""
    run(file())
    goal = Goal.objects.get(number=1)
    CommentFactory(phase=PhaseFactory(strategy=goal.strategy), goal=goal)
    Goal.objects.filter(pk=goal.pk).update(commented_at=timezone.now())
    return goal


def test_goal_with_comments_is_left_alone(run, file, commented):
    code, said = run(file(TEXT.replace("Bügel", "Bänke").replace("jede Stunde", "oft")))

    assert code == 0
    assert "Leitziel 1: Rad: hat Kommentare und bleibt" in said
    commented.refresh_from_db()
    assert commented.text == "<p>Am Markt stehen Bügel.</p>"
    assert Goal.objects.get(number=2).text == "<p>Er fährt oft.</p>"


def test_goal_with_comments_changes_by_force_with_a_public_reason(run, file, commented):
    run("--force", "--reason", "Ein Fehler im Entwurf", file(TEXT.replace("Bügel", "Bänke")))

    commented.refresh_from_db()
    assert commented.text == "<p>Am Markt stehen Bänke.</p>"
    version = GoalVersion.objects.get()
    assert (version.text, version.reason) == (
        "<p>Am Markt stehen Bügel.</p>",
        "Ein Fehler im Entwurf",
    )


def test_phase_to_come_moves_with_the_file(run, file):
    run("--opens", "1.5.2036", "--closes", "31.5.2036", file())

    _, said = run("--opens", "1.7.2036", "--closes", "31.7.2036", file())

    assert "Geändert: Kommentierphase" in said
    assert Phase.objects.get().opens_at == datetime(2036, 7, 1, tzinfo=BERLIN)


def test_phase_that_has_opened_stays(run, file):
    phase = PhaseFactory(strategy=StrategyFactory(number=7))
    opens_at, closes_at = phase.opens_at, phase.closes_at
    later = (closes_at + timedelta(days=5)).strftime("%d.%m.%Y")

    _, said = run("--opens", days(-1).strftime("%d.%m.%Y"), "--closes", later, file())

    assert "hat schon begonnen und bleibt" in said
    phase = Phase.objects.get()
    assert (phase.opens_at, phase.closes_at) == (opens_at, closes_at)


def test_new_phase_follows_one_that_is_over(run, file):
    PhaseFactory(strategy=StrategyFactory(number=7), opens_in=-20, closes_in=-10)

    run("--opens", "1.5.2036", "--closes", "31.5.2036", file())

    assert Phase.objects.count() == 2


# Errors


def test_one_bad_file_does_not_stop_the_others(run, file):
    bad = file("Strategie 8 - Nur Titel\nRad\nBus\nEin Text.", "acht.txt")

    code, said = run(bad, file(), bad.with_name("fehlt.txt"))

    assert code == 1
    assert f"{bad}, Zeile 2: Das Leitziel „Rad“ hat keinen Text." in said
    assert "fehlt.txt: Diese Datei gibt es nicht." in said
    assert list(Strategy.objects.values_list("number", flat=True)) == [7]


def test_same_strategy_in_two_files_is_refused(run, file):
    first, second = file(), file("\nStrategie 7 - Andere\nRad\nText.", "andere.txt")

    code, said = run(first, second)

    assert code == 1
    assert f"{second}, Zeile 2: Strategie 7 wurde schon aus {first} gelesen." in said
    assert Strategy.objects.get().title == "Wege für Groß und Klein"


def test_nothing_of_a_file_is_saved_when_the_database_refuses_a_part(run, file):
    strategy = StrategyFactory(number=7, title="Vorher")
    PhaseFactory(strategy=strategy, opens_in=100, closes_in=110)
    PhaseFactory(strategy=strategy, opens_in=120, closes_in=130)
    opens, closes = days(99).strftime("%d.%m.%Y"), days(125).strftime("%d.%m.%Y")

    code, said = run("--opens", opens, "--closes", closes, file())

    assert code == 1
    assert "In dieser Zeit liegt die Phase „Kommentierphase“ (" in said
    strategy.refresh_from_db()
    assert (strategy.title, strategy.goals.count()) == ("Vorher", 0)


def test_address_that_is_taken_gets_the_number(run, file):
    StrategyFactory(number=1, slug="wege-fuer-gross-und-klein")

    run(file())

    assert Strategy.objects.get(number=7).slug == "wege-fuer-gross-und-klein-7"


def test_long_title_gives_an_address_of_whole_words(run, file):
    title = "Wir bauen die Stadt so um dass alle gut darin leben können"

    run(file(f"Strategie 7 - {title}\nRad\nText."))

    assert Strategy.objects.get().slug == "wir-bauen-die-stadt-so-um-dass-alle-gut-darin"


# The town's own pages


@pytest.mark.skipif(not CONTENT.exists(), reason="the town's own pages are not here")
def test_the_towns_pages_are_imported_and_published(run):
    files = sorted(CONTENT.glob("*.txt"))

    code, said = run("--publish", "--next-steps", NEXT_STEPS, *files)

    assert code == 0, said
    assert list(Strategy.objects.published().values_list("number", "slug")) == [
        (1, "gemeinsam-fuer-lenzen"),
        (3, "lebendige-stadt-lenzen"),
    ]
    assert [strategy.goals.count() for strategy in Strategy.objects.all()] == [4, 5]
    assert "Termin fehlt" in said
