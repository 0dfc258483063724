"""What is said about time, word for word. „~“ stands for a no-break space."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from strategies.models import Phase, PhaseEvent
from strategies.wording import day_and_time, days_of, event_sentence, time_sentence, timing
from tests.factories import PhaseFactory, StrategyFactory, UserFactory

pytestmark = pytest.mark.django_db

Kind = PhaseEvent.Kind
OPENS, CLOSES = (2026, 5, 1), (2026, 6, 1)


def berlin(*moment) -> datetime:
    return datetime(*moment, tzinfo=ZoneInfo("Europe/Berlin"))


def said(sentence: str) -> str:
    return sentence.replace("~", "\N{NO-BREAK SPACE}")


@pytest.fixture
def may():
    """A phase in May 2026, whole days."""
    return PhaseFactory(opens_at=berlin(*OPENS), closes_at=berlin(*CLOSES))


def deed(phase: Phase, kind: str, moment, before, reason) -> PhaseEvent:
    return PhaseEvent.objects.create(
        phase=phase,
        kind=kind,
        moment=moment,
        date_before=before,
        date_after=phase.closes_at,
        by=UserFactory(is_staff=True),
        reason=reason,
    )


# Before and while it is open


@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        (
            (2026, 5, 23, 12, 0),
            "Kommentieren ist möglich ab Montag, 1.~Juni~2026 (in~9~Tagen)."
            " Letzter Tag ist Dienstag, 30.~Juni~2026.",
        ),
        (
            (2026, 5, 30, 23, 59),
            "Kommentieren ist möglich ab Montag, 1.~Juni~2026 (in~2~Tagen)."
            " Letzter Tag ist Dienstag, 30.~Juni~2026.",
        ),
        (
            (2026, 5, 31, 0, 0),
            "Kommentieren ist möglich ab morgen, Montag, 1.~Juni~2026."
            " Letzter Tag ist Dienstag, 30.~Juni~2026.",
        ),
        (
            (2026, 6, 1, 0, 0),
            "Kommentieren ist möglich bis Dienstag, 30.~Juni~2026, 24:00~Uhr (noch 29~Tage).",
        ),
        (
            (2026, 6, 28, 0, 0),
            "Kommentieren ist möglich bis Dienstag, 30.~Juni~2026, 24:00~Uhr (noch 2~Tage).",
        ),
        (
            (2026, 6, 29, 0, 0),
            "Kommentieren ist möglich bis morgen, Dienstag, 30.~Juni~2026, 24:00~Uhr.",
        ),
        ((2026, 6, 30, 0, 0), "Kommentieren ist nur noch heute möglich, bis 24:00~Uhr."),
        ((2026, 6, 30, 23, 59), "Kommentieren ist nur noch heute möglich, bis 24:00~Uhr."),
        (
            (2026, 7, 1, 0, 0),
            "Kommentieren war bis Dienstag, 30.~Juni~2026, möglich."
            " Die Kommentare bleiben lesbar und werden ausgewertet.",
        ),
    ],
)
def test_a_phase_of_whole_days(at, sentence):
    june = PhaseFactory(opens_at=berlin(2026, 6, 1), closes_at=berlin(2026, 7, 1))

    assert time_sentence(june, berlin(*at)) == said(sentence)


@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        (
            (2026, 5, 1, 9, 0),
            "Kommentieren ist möglich ab Montag, 1.~Juni~2026, 18:00~Uhr (in~31~Tagen)."
            " Letzter Tag ist Dienstag, 30.~Juni~2026, 12:30~Uhr.",
        ),
        (
            (2026, 5, 31, 9, 0),
            "Kommentieren ist möglich ab morgen, Montag, 1.~Juni~2026, 18:00~Uhr."
            " Letzter Tag ist Dienstag, 30.~Juni~2026, 12:30~Uhr.",
        ),
        (
            (2026, 6, 1, 9, 0),
            "Kommentieren ist möglich ab heute, 18:00~Uhr."
            " Letzter Tag ist Dienstag, 30.~Juni~2026, 12:30~Uhr.",
        ),
        (
            (2026, 6, 21, 9, 0),
            "Kommentieren ist möglich bis Dienstag, 30.~Juni~2026, 12:30~Uhr (noch 9~Tage).",
        ),
        ((2026, 6, 30, 9, 0), "Kommentieren ist nur noch heute möglich, bis 12:30~Uhr."),
        (
            (2026, 6, 30, 12, 30),
            "Kommentieren war bis Dienstag, 30.~Juni~2026, 12:30~Uhr, möglich."
            " Die Kommentare bleiben lesbar und werden ausgewertet.",
        ),
    ],
)
def test_a_phase_with_times_of_day(at, sentence):
    june = PhaseFactory(opens_at=berlin(2026, 6, 1, 18), closes_at=berlin(2026, 6, 30, 12, 30))

    assert time_sentence(june, berlin(*at)) == said(sentence)


@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        (
            (2026, 4, 22),
            "Kommentieren ist möglich ab Freitag, 1.~Mai~2026."
            " Letzter Tag ist Sonntag, 31.~Mai~2026.",
        ),
        ((2026, 5, 22), "Kommentieren ist möglich bis Sonntag, 31.~Mai~2026, 24:00~Uhr."),
        ((2026, 5, 31), "Kommentieren ist möglich bis Sonntag, 31.~Mai~2026, 24:00~Uhr."),
    ],
)
def test_what_is_sent_or_printed_names_no_remaining_time(may, at, sentence):
    assert time_sentence(may, berlin(*at), remaining=False) == said(sentence)


# Moved by staff


def test_extended(may):
    may.closes_at = berlin(2026, 6, 15)
    deed(may, Kind.EXTENDED, berlin(2026, 5, 22, 10), berlin(2026, 6, 1), "Es gab viele Fragen.")

    assert time_sentence(may, berlin(2026, 5, 31)) == said(
        "Kommentieren ist möglich bis Sonntag, 14.~Juni~2026, 24:00~Uhr (noch 14~Tage)."
        " Die Frist wurde am 22.~Mai~2026 verlängert; vorher endete sie am 31.~Mai~2026."
        " Grund: Es gab viele Fragen."
    )


def test_reopened(may):
    may.closes_at = berlin(2026, 6, 15)
    deed(may, Kind.REOPENED, berlin(2026, 6, 3), berlin(2026, 6, 1), "Die Seite war gestört.")

    assert time_sentence(may, berlin(2026, 6, 5)) == said(
        "Kommentieren ist wieder möglich bis Sonntag, 14.~Juni~2026, 24:00~Uhr."
        " Grund: Die Seite war gestört."
    )


def test_closed_early(may):
    may.closes_at = berlin(2026, 5, 22, 14, 37)
    deed(may, Kind.CLOSED, may.closes_at, berlin(2026, 6, 1), "Der Text war falsch.")

    assert time_sentence(may, berlin(2026, 5, 23)) == said(
        "Das Kommentieren wurde am Freitag, 22.~Mai~2026, um 14:37~Uhr vorzeitig beendet;"
        " vorgesehen war es bis 31.~Mai~2026. Grund: Der Text war falsch."
        " Die Kommentare bleiben lesbar und werden ausgewertet."
    )


@pytest.mark.parametrize(
    ("reason", "ended"),
    [
        ("Zu viel Spam", "Zu viel Spam."),
        ("Zu viel Spam.", "Zu viel Spam."),
        ("Warum nicht?", "Warum nicht?"),
        ("Es hieß: „Genug.“", "Es hieß: „Genug.“"),
        ("Es gilt „Plan B“", "Es gilt „Plan B“."),
    ],
)
def test_a_reason_ends_before_the_next_sentence_begins(may, reason, ended):
    may.closes_at = berlin(2026, 5, 22, 14, 37)
    deed(may, Kind.CLOSED, may.closes_at, berlin(2026, 6, 1), reason)

    assert f" Grund: {ended} Die Kommentare bleiben" in time_sentence(may, berlin(2026, 5, 23))


def test_an_extension_that_was_overtaken_is_not_told_any_more(may):
    """Extended, then closed early: the end is the one that counts."""
    may.closes_at = berlin(2026, 6, 15)
    deed(may, Kind.EXTENDED, berlin(2026, 5, 22), berlin(2026, 6, 1), "Ferien.")
    may.closes_at = berlin(2026, 6, 5)
    deed(may, Kind.CLOSED, may.closes_at, berlin(2026, 6, 15), "Versehen.")

    sentence = time_sentence(may, berlin(2026, 6, 6))

    assert "Versehen." in sentence
    assert "Ferien." not in sentence


# After it


@pytest.mark.parametrize(
    ("answer_by", "at", "sentence"),
    [
        (None, (2026, 6, 1), "Die Kommentare bleiben lesbar und werden ausgewertet."),
        (
            date(2026, 8, 31),
            (2026, 8, 31, 23, 59),
            "Die Kommentare bleiben lesbar. Die Verwaltung antwortet bis 31.~August~2026.",
        ),
        (
            date(2026, 8, 31),
            (2026, 9, 1),
            "Die Kommentare bleiben lesbar."
            " Die Antwort der Verwaltung war bis 31.~August~2026 angekündigt und steht noch aus.",
        ),
    ],
)
def test_closed_says_what_comes_next(may, answer_by, at, sentence):
    may.answer_by = answer_by

    assert time_sentence(may, berlin(*at)) == said(
        f"Kommentieren war bis Sonntag, 31.~Mai~2026, möglich. {sentence}"
    )


def test_closed_and_answered(may):
    may.answer_by, may.answered_at = date(2026, 8, 31), date(2026, 8, 12)

    assert time_sentence(may, berlin(2026, 9, 5)) == said(
        "Kommentieren war bis Sonntag, 31.~Mai~2026, möglich. Die Kommentare bleiben lesbar."
        " Die Verwaltung hat am 12.~August~2026 geantwortet."
    )


def test_closed_and_another_phase_to_come(may):
    autumn = Phase(opens_at=berlin(2026, 9, 7), closes_at=berlin(2026, 10, 1))

    assert time_sentence(may, berlin(2026, 6, 1), following=autumn) == said(
        "Kommentieren war bis Sonntag, 31.~Mai~2026, möglich"
        " und ist wieder möglich ab Montag, 7.~September~2026."
    )


# What a page says in all


def timing_of(strategy, at, **fields):
    phases = list(strategy.phases.all())
    for phase in phases:
        phase.now = at
        for name, value in fields.items():
            setattr(phase, name, value)
    return timing(strategy, phases)


@pytest.mark.parametrize(
    ("intended", "sentence"),
    [
        (True, "Wann Sie kommentieren können, steht noch nicht fest."),
        (False, "Zu dieser Strategie ist kein Kommentieren vorgesehen."),
    ],
)
def test_without_any_phase(intended, sentence):
    strategy = StrategyFactory(commenting_intended=intended)

    assert timing(strategy, []).sentence == sentence


@pytest.mark.parametrize(
    ("at", "state", "heading", "short"),
    [
        ((2026, 4, 22), "before", "Beginnt in 9 Tagen", "Ab Freitag, 1.~Mai~2026"),
        ((2026, 4, 30), "before", "Beginnt in 1 Tag", "Ab Freitag, 1.~Mai~2026"),
        ((2026, 5, 22), "open", "Noch 9 Tage", "Offen bis Sonntag, 31.~Mai~2026"),
        ((2026, 5, 30), "open", "Noch 1 Tag", "Offen bis Sonntag, 31.~Mai~2026"),
        ((2026, 5, 31), "open", "Nur noch heute", "Offen bis Sonntag, 31.~Mai~2026"),
        ((2026, 6, 1), "closed", "Beendet", "Beendet am 31.~Mai~2026"),
    ],
)
def test_heading_and_short_form(may, at, state, heading, short):
    time = timing_of(may.strategy, berlin(*at))

    assert time.heading.replace("\N{NO-BREAK SPACE}", " ") == heading
    assert (time.state, time.short) == (state, said(short))


def test_heading_when_the_answer_is_there(may):
    time = timing_of(may.strategy, berlin(2026, 9, 1), answered_at=date(2026, 8, 12))

    assert (time.heading, time.answer) == ("Antwort liegt vor", "")


def test_what_was_answered_is_said_and_the_early_end_still_is(may):
    early = berlin(2026, 5, 22, 14, 37)
    Phase.objects.update(closes_at=early)
    may.refresh_from_db()
    deed(may, Kind.CLOSED, early, berlin(2026, 6, 1), "Der Text war falsch.")
    deed(may, Kind.ANSWERED, berlin(2026, 8, 12), None, "Der Radweg kommt in den Plan.")

    time = timing_of(may.strategy, berlin(2026, 9, 1), answered_at=date(2026, 8, 12))

    assert time.answer == "Der Radweg kommt in den Plan."
    assert time.reason == "Der Text war falsch."
    assert "um 14:37~Uhr vorzeitig beendet" in time.sentence.replace("\N{NO-BREAK SPACE}", "~")
    assert "hat am 12.~August~2026 geantwortet." in time.sentence.replace("\N{NO-BREAK SPACE}", "~")


@pytest.mark.parametrize(
    ("at", "answered_at"), [((2026, 5, 30), date(2026, 5, 12)), ((2026, 9, 1), None)]
)
def test_while_people_can_comment_and_when_it_was_cleared_no_answer_is_said(may, at, answered_at):
    deed(may, Kind.ANSWERED, berlin(2026, 5, 12), None, "Der Radweg kommt in den Plan.")

    assert timing_of(may.strategy, berlin(*at), answered_at=answered_at).answer == ""


def test_a_strategy_between_two_phases_tells_of_both(may):
    PhaseFactory(strategy=may.strategy, opens_at=berlin(2026, 9, 7), closes_at=berlin(2026, 10, 1))
    time = timing_of(may.strategy, berlin(2026, 6, 2))

    assert time.sentence == said(
        "Kommentieren war bis Sonntag, 31.~Mai~2026, möglich"
        " und ist wieder möglich ab Montag, 7.~September~2026."
    )
    assert time.short == said("Ab Montag, 7.~September~2026")


# Days on which the clocks change: they are counted as days, not as 24 hours


@pytest.mark.parametrize(
    ("closes", "at", "ending"),
    [
        ((2026, 3, 30), (2026, 3, 20, 23, 59), "(noch 9~Tage)."),
        ((2026, 3, 30), (2026, 3, 28, 0, 0), "bis morgen, Sonntag, 29.~März~2026, 24:00~Uhr."),
        ((2026, 3, 30), (2026, 3, 28, 23, 59), "bis morgen, Sonntag, 29.~März~2026, 24:00~Uhr."),
        ((2026, 3, 30), (2026, 3, 29, 0, 0), "ist nur noch heute möglich, bis 24:00~Uhr."),
        ((2026, 3, 30), (2026, 3, 29, 23, 59), "ist nur noch heute möglich, bis 24:00~Uhr."),
        ((2026, 10, 26), (2026, 10, 16, 0, 0), "(noch 9~Tage)."),
        (
            (2026, 10, 26),
            (2026, 10, 24, 23, 59),
            "bis morgen, Sonntag, 25.~Oktober~2026, 24:00~Uhr.",
        ),
        ((2026, 10, 26), (2026, 10, 25, 0, 0), "ist nur noch heute möglich, bis 24:00~Uhr."),
        ((2026, 10, 26), (2026, 10, 25, 23, 59), "ist nur noch heute möglich, bis 24:00~Uhr."),
    ],
)
def test_days_are_counted_by_the_calendar(closes, at, ending):
    phase = PhaseFactory(opens_at=berlin(2026, 1, 1), closes_at=berlin(*closes))

    assert time_sentence(phase, berlin(*at).astimezone(UTC)).endswith(said(ending))


# Small forms


def test_dates_and_times_are_one_piece_each():
    assert day_and_time(berlin(2026, 5, 22, 9, 12)) == said("22.~Mai~2026, 9:12~Uhr")


@pytest.mark.parametrize(
    ("opens", "closes", "days"),
    [
        ((2026, 5, 1), (2026, 6, 1), "1.~Mai bis 31.~Mai~2026"),
        ((2026, 12, 20), (2027, 1, 11), "20.~Dezember~2026 bis 10.~Januar~2027"),
        ((2026, 5, 1), (2026, 5, 2), "1.~Mai~2026"),
    ],
)
def test_the_days_of_a_phase(opens, closes, days):
    phase = Phase(opens_at=berlin(*opens), closes_at=berlin(*closes))

    assert days_of(phase) == said(days)


@pytest.mark.parametrize(
    ("kind", "is_deed", "sentence"),
    [
        (Kind.OPENED, False, "Das Kommentieren begann."),
        (Kind.CLOSED, False, "Das Kommentieren endete. 3 Beiträge von 2 Teilnehmenden."),
        (
            Kind.EXTENDED,
            True,
            "Die Frist wurde verlängert: bis 31.~Mai~2026 statt 15.~Mai~2026. Grund: Ferien.",
        ),
        (
            Kind.REOPENED,
            True,
            "Das Kommentieren wurde wieder geöffnet, bis 31.~Mai~2026. Grund: Ferien.",
        ),
        (
            Kind.CLOSED,
            True,
            "Das Kommentieren wurde vorzeitig beendet; vorgesehen war es bis 15.~Mai~2026."
            " Grund: Ferien. 3 Beiträge von 2 Teilnehmenden.",
        ),
        (Kind.ANSWERED, True, "Die Verwaltung hat geantwortet: Ferien."),
    ],
)
def test_the_history_of_a_phase(kind, is_deed, sentence):
    event = PhaseEvent(kind=kind, contributions=3, participants=2)
    if is_deed:
        event.by_id, event.reason = 1, "Ferien."
        event.date_before, event.date_after = berlin(2026, 5, 16), berlin(2026, 6, 1)

    assert event_sentence(event) == said(sentence)
