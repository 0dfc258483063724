"""A file is understood as a person would, or refused with the line; no line is lost silently."""

import io
import os
import zipfile
from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

import docx
import pytest
from django.conf import settings
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from strategies.importers import ImportRefused, read_plan
from strategies.importers.dates import closing, opening, opening_and_closing
from strategies.importers.files import LARGEST_CONTENT, LARGEST_FILE, Line, read_lines
from strategies.importers.plans import plan_of
from strategies.importers.surroundings import is_surrounding

BERLIN = ZoneInfo("Europe/Berlin")
CONTENT = settings.BASE_DIR.parent / "shared/content"

BARE = """\
Strategie 7 - Wege durch die Stadt
Mehr Platz für Fahrräder
Am Markt und am Hafen entstehen Stellplätze mit Dach.
Der Fährweg bei Hochwasser
Der Weg zur Fähre wird so gebaut, dass man ihn auch im Frühjahr trocken geht."""

SAVED_PAGE = """\
Zum Inhalt springen

Wege durch die Stadt

Viele Wege sind kurz, und trotzdem fahren wir sie mit dem Auto. Das muss nicht so bleiben:

Die Beteiligung ist derzeit nicht möglich. Sie endete am 31. Mai 2022.
Kommentierphase
Lesen und Kommentieren der Entwürfe
1. Mai 2022 00:00 – 31. Mai 2022 23:59

Strategie 7 - Wege durch die Stadt

Mehr Platz für Fahrräder

Am Markt und am Hafen entstehen Stellplätze mit Dach.

12 Kommentare

Der Fährweg bei Hochwasser

Der Weg zur Fähre wird neu gebaut.

Man geht ihn dann auch im Frühjahr trocken.

1 Kommentar

Mitmachplatz wird durch Spenden finanziert.
Jetzt spenden
Jetzt für Mitmachplatz spenden
"""

HTML = """\
<!doctype html>
<html lang="en"><head><title>Strategie 7 - Wege</title><style>p { color: red }</style></head>
<body><a href="#main">Skip to content</a>
<header><p>Mitmachplatz</p></header>
<nav><ul><li>Strategie 1 - Andere Wege</li><li>Strategie 7 - Wege durch die Stadt</li></ul></nav>
<main id="main">
  <h1>Wege durch die Stadt</h1>
  <p>Viele Wege sind <em>kurz</em> &amp; wir fahren sie
     trotzdem mit dem Auto.</p>
  <div>Kommentierphase<br>Lesen und Kommentieren<br>1 May 2022 – 31 May 2022, 11:59 p.m.</div>
  <h2>Strategie 7 – Wege durch die Stadt</h2>
  <h3>Mehr Platz für Fahrräder</h3>
  <p>Am Markt entstehen:</p><ul><li>Stellplätze</li><li>eine Pumpe</li></ul>
  <a href="#">12 comments</a>
  <h3>Der F&auml;hrweg bei <b>Hoch</b>wasser</h3>
  <p>Trocken, auch im Frühjahr</p>
</main>
<footer><p>Imprint</p><p>Mitmachplatz is funded by donations.</p></footer>
<script>alert("Strategie 9 - Nein")</script>
</body></html>
"""


@pytest.fixture
def file(tmp_path):
    """Write a file; gives its path."""

    def write(content, name="strategie.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def titles(plan):
    return [(goal.number, goal.title) for goal in plan.goals]


def refusal(path):
    with pytest.raises(ImportRefused) as refused:
        read_plan(path)
    return refused.value.line, refused.value.sentence


GOALS = [(1, "Mehr Platz für Fahrräder"), (2, "Der Fährweg bei Hochwasser")]


# Shapes


def test_bare_text_alternates_titles_and_texts(file):
    plan = read_plan(file(BARE))

    assert (plan.number, plan.title) == (7, "Wege durch die Stadt")
    assert titles(plan) == GOALS
    assert plan.goals[0].text == "<p>Am Markt und am Hafen entstehen Stellplätze mit Dach.</p>"
    assert plan.phase is None
    assert plan.left_out == []


def test_saved_page_has_introduction_and_phase_and_loses_its_surroundings(file):
    plan = read_plan(file(SAVED_PAGE))

    assert (plan.number, plan.title) == (7, "Wege durch die Stadt")
    assert plan.introduction == (
        "<p>Viele Wege sind kurz, und trotzdem fahren wir sie mit dem Auto. "
        "Das muss nicht so bleiben:</p>"
    )
    assert plan.phase.title == "Kommentierphase"
    assert plan.phase.description == "Lesen und Kommentieren der Entwürfe"
    assert plan.phase.opens_at == datetime(2022, 5, 1, tzinfo=BERLIN)
    assert plan.phase.closes_at == datetime(2022, 6, 1, tzinfo=BERLIN)
    assert titles(plan) == GOALS
    assert plan.goals[1].text == (
        "<p>Der Weg zur Fähre wird neu gebaut.</p>"
        "<p>Man geht ihn dann auch im Frühjahr trocken.</p>"
    )
    assert [line.number for line in plan.left_out] == [1, 3, 7, 18, 26, 28, 29, 30]


def test_web_page_is_read_by_its_elements(file):
    plan = read_plan(file(HTML, "seite.html"))

    assert (plan.number, plan.title, plan.line) == (7, "Wege durch die Stadt", 11)
    assert plan.introduction == (
        "<p>Viele Wege sind kurz &amp; wir fahren sie trotzdem mit dem Auto.</p>"
    )
    assert plan.phase.description == "Lesen und Kommentieren"
    assert plan.phase.closes_at == datetime(2022, 6, 1, tzinfo=BERLIN)
    assert titles(plan) == GOALS
    assert plan.goals[0].text == (
        "<p>Am Markt entstehen:</p><ul><li>Stellplätze</li><li>eine Pumpe</li></ul>"
    )
    assert plan.goals[1].text == "<p>Trocken, auch im Frühjahr</p>"
    assert [line.text for line in plan.left_out] == [
        "Skip to content",
        "Mitmachplatz",
        "Strategie 1 - Andere Wege",
        "Strategie 7 - Wege durch die Stadt",
        "Wege durch die Stadt",
        "12 comments",
        "Imprint",
        "Mitmachplatz is funded by donations.",
    ]


def test_web_page_without_main_is_read_by_its_article(file):
    page = "<header>Oben</header><article><header><h1>Strategie 7: Wege</h1></header>"
    page += "<h2>Rad</h2><p>Text</p></article><footer>Unten</footer>"

    plan = read_plan(file(page, "seite.htm"))

    assert (plan.title, titles(plan)) == ("Wege", [(1, "Rad")])
    assert [line.text for line in plan.left_out] == ["Oben", "Unten"]


def test_web_page_is_read_in_the_encoding_it_names(file):
    page = '<meta charset="windows-1252"><h1>Strategie 7: Fähre</h1><h2>Größe</h2><p>Über</p>'

    plan = read_plan(file(page.encode("cp1252"), "seite.html"))

    assert (plan.title, plan.goals[0].title) == ("Fähre", "Größe")


def test_word_file_is_read_by_its_styles(tmp_path):
    document = docx.Document()
    document.add_paragraph("Viele Wege sind kurz, und wir fahren sie mit dem Auto.")
    document.add_heading("Strategie 7 – Wege durch die Stadt", level=1)
    document.add_heading(GOALS[0][1], level=2)
    document.add_paragraph("Am Markt entstehen:")
    document.add_paragraph("Stellplätze", style="List Bullet")
    document.add_heading(GOALS[1][1], level=2)
    document.add_table(1, 1).cell(0, 0).text = "Trocken im Frühjahr"
    document.save(tmp_path / "strategie.docx")

    plan = read_plan(tmp_path / "strategie.docx")

    assert (plan.number, plan.title) == (7, "Wege durch die Stadt")
    assert titles(plan) == GOALS
    assert plan.goals[0].text == "<p>Am Markt entstehen:</p><ul><li>Stellplätze</li></ul>"
    assert plan.goals[1].text == "<p>Trocken im Frühjahr</p>"


def test_word_file_without_styles_is_read_like_text(tmp_path):
    document = docx.Document()
    for line in BARE.splitlines():
        document.add_paragraph(line)
    document.save(tmp_path / "strategie.docx")

    assert titles(read_plan(tmp_path / "strategie.docx")) == GOALS


def test_markdown_headings_mark_goals(file):
    text = "# Strategie 7: Wege\n\n## Rad\n\nEin Satz ohne Punkt\n\n- Pumpe\n- Dach"

    plan = read_plan(file(text, "strategie.md"))

    assert plan.goals[0].text == "<p>Ein Satz ohne Punkt</p><ul><li>Pumpe</li><li>Dach</li></ul>"


def test_goals_keep_the_numbers_they_name(file):
    text = (
        "Strategie 7 - Wege\nLeitziel 2: Rad\nEin Text.\n7.4 ist kein Titel.\nLeitziel 4 – Bus\nT."
    )

    assert titles(read_plan(file(text))) == [(2, "Rad"), (4, "Bus")]


@pytest.mark.parametrize("title", ["Ein langer Titel " * 9, "Ein Titel mit Punkt."])
def test_a_line_that_says_that_it_is_a_goal_is_one(file, title):
    plan = read_plan(file(f"Strategie 7 - Wege\nLeitziel 1: {title}\nEin Text.\nLeitziel 2: B\nT."))

    assert titles(plan) == [(1, title.strip()), (2, "B")]
    assert plan.introduction == ""


def test_sentences_after_the_heading_introduce_the_strategy(file):
    plan = read_plan(file("Strategie 7 - Wege\nDarum geht es uns.\nRad\nEin Text."))

    assert plan.introduction == "<p>Darum geht es uns.</p>"
    assert titles(plan) == [(1, "Rad")]


def test_heading_and_title_may_stand_in_two_lines(file):
    plan = read_plan(file("STRATEGIE 7\n\nWege\n\nRad\n\nEin Text."))

    assert (plan.title, titles(plan)) == ("Wege", [(1, "Rad")])


def test_markup_in_a_text_stays_text(file):
    plan = read_plan(file("Strategie 7 - Wege\nRad\n<script>alert(1)</script> & mehr."))

    assert plan.goals[0].text == "<p>&lt;script&gt;alert(1)&lt;/script&gt; &amp; mehr.</p>"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_every_common_way_to_save_text_is_read(file, encoding, line_break):
    plan = read_plan(file(BARE.replace("\n", line_break).encode(encoding)))

    assert titles(plan) == GOALS
    assert [goal.line for goal in plan.goals] == [2, 4]


def test_phase_without_dates_is_named_and_the_rest_is_read(file):
    text = SAVED_PAGE.replace("1. Mai 2022 00:00 – 31. Mai 2022 23:59\n", "")

    plan = read_plan(file(text))

    assert (plan.phase.title, plan.phase.has_dates) == ("Kommentierphase", False)
    assert titles(plan) == GOALS


def test_given_days_complete_the_phase(file):
    plan = read_plan(file(BARE)).with_dates(opening("1.5.2026"), closing("31.5.2026"))

    assert plan.phase.title == "Kommentierphase"
    assert plan.phase.closes_at == datetime(2026, 6, 1, tzinfo=BERLIN)


def test_given_days_in_the_wrong_order_are_refused(file):
    with pytest.raises(ImportRefused):
        read_plan(file(BARE)).with_dates(opening("2.5.2026"), closing("1.5.2026"))


@pytest.mark.skipif(not CONTENT.exists(), reason="the town's own pages are not here")
def test_town_page_1_has_four_goals():
    (path,) = CONTENT.glob("strategie-1-*.txt")

    plan = read_plan(path)

    assert (plan.number, plan.title) == (1, "Gemeinsam für Lenzen")
    assert [goal.line for goal in plan.goals] == [2, 4, 6, 8]
    assert plan.left_out == []


@pytest.mark.skipif(not CONTENT.exists(), reason="the town's own pages are not here")
def test_town_page_3_has_five_goals_an_introduction_and_a_phase():
    (path,) = CONTENT.glob("strategie-3-*.txt")

    plan = read_plan(path)

    assert (plan.number, plan.title) == (3, "Lebendige Stadt Lenzen")
    assert [goal.line for goal in plan.goals] == [13, 17, 21, 25, 29]
    assert [line.number for line in plan.introduction_lines] == [5]
    assert plan.phase.title == "Kommentierphase"
    assert plan.phase.description == "Kommentierung und Diskussion der Ergebnisse"
    assert not plan.phase.has_dates
    assert [line.number for line in plan.left_out] == [1, 3, 7, 33, 34, 35]


# Refusals


@pytest.mark.parametrize(
    ("content", "line", "beginning"),
    [
        ("", None, "Die Datei ist leer"),
        (" \n\n\t", None, "Die Datei ist leer"),
        ("Nur ein Satz.", 1, "Keine Zeile beginnt eine Strategie"),
        ("Strategie 7 - Wege", 1, "Diese Strategie hat keine Leitziele"),
        ("Strategie 7\nEin Satz.", 1, "Strategie 7 hat keinen Titel"),
        ("Strategie 7 - Wege\nRad\nBus\nEin Text.", 2, "Das Leitziel „Rad“ hat keinen Text"),
        ("Strategie 7 - Wege\nRad\nEin Text.\nBus", 4, "Das Leitziel „Bus“ hat keinen Text"),
        ("Strategie 7 - Wege\nZiel 2: A\nT.\nZiel 2: B\nT.", 4, "Leitziel 2 beginnt hier"),
        ("Strategie 7 - A\nB\nT.\nStrategie 8 - C\nD\nT.", 4, "Hier beginnt eine zweite"),
        (f"Strategie 7 - {'x' * 201}\nA\nT.", 1, "Der Titel „xxx"),
        (f"# Strategie 7 - A\n## {'x' * 201}\nT.", 2, "Der Titel „xxx"),
        ("31.2.2022 – 1.3.2022\nStrategie 7 - A\nB\nT.", 1, "„31.2.2022 – 1.3.2022“ ist kein"),
        ("2.3.2022 – 1.3.2022\nStrategie 7 - A\nB\nT.", 1, "„2.3.2022 – 1.3.2022“ ist kein"),
        (b"Strategie 7 - Wege\nF\xe4hre\nText.", 2, "Diese Zeile ist nicht als UTF-8 kodiert"),
        (b"Strategie 7\n\0\1\2", 2, "Das ist keine Textdatei"),
        (b"%PDF-1.7 ...", None, "Dieses Format kann nicht gelesen werden"),
        (b"\xd0\xcf\x11\xe0 old Word", None, "Dieses Format kann nicht gelesen werden"),
        (b"PK\3\4 cut off", None, "Die Word-Datei ist beschädigt"),
        (b'<html><meta charset="klingon">', None, "Die Datei nennt eine unbekannte Kodierung"),
        (b'<html><meta charset="undefined">', None, "Die Datei nennt eine unbekannte Kodierung"),
        pytest.param(b"x" * (LARGEST_FILE + 1), None, "Die Datei ist größer als 5 MB", id="large"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_line(file, content, line, beginning):
    refused_line, sentence = refusal(file(content))

    assert refused_line == line
    assert sentence.startswith(beginning)


def test_files_that_are_not_there_or_no_files_are_refused(tmp_path):
    assert refusal(tmp_path / "fehlt.txt")[1] == "Diese Datei gibt es nicht."
    assert refusal(tmp_path)[1].startswith("Die Datei kann nicht gelesen werden")
    os.mkfifo(tmp_path / "never ends")
    assert refusal(tmp_path / "never ends")[1] == "Das ist keine Datei."


def test_packed_file_that_grows_too_large_is_refused(file):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", b"\0" * (LARGEST_CONTENT + 1))

    sentence = refusal(file(packed.getvalue(), "strategie.docx"))[1]

    assert sentence == "Die Datei ist entpackt zu groß."


# Days


@pytest.mark.parametrize(
    "line",
    [
        "1. Mai 2022 00:00 – 31. Mai 2022 23:59",
        "1. Mai 2022 00:00 Uhr bis 31. Mai 2022 23:59 Uhr",
        "1. Mai – 31. Mai 2022",
        "1. bis 31. Mai 2022",
        "vom 1.5. bis einschließlich 31.5.2022",
        "01.05.2022 - 31.05.2022",
        "Sonntag, 1. Mai 2022 bis Dienstag, 31. Mai 2022",
        "Zeitraum: 1. Mai 2022 – 31. Mai 2022, 24:00 Uhr",
        "Kommentierphase: 1.–31. Mai 2022",
        "2022-05-01 to 2022-05-31",
        "1 May 2022 – 31 May 2022",
        "May 1, 2022, 12:00 a.m. – May 31, 2022, 11:59 p.m.",
        "From 1st May 2022 until 31st May 2022.",
    ],
)
def test_days_of_may_are_understood_however_they_are_written(line):
    days = datetime(2022, 5, 1, tzinfo=BERLIN), datetime(2022, 6, 1, tzinfo=BERLIN)

    assert opening_and_closing(line) == days


@pytest.mark.parametrize(
    "line",
    ["Am 1. Mai 2022 bis 2. Mai 2022 war ein Fest", "1. Mai 2022", "Bus 1 – 31", "phase" * 25],
)
def test_lines_that_say_more_or_less_are_no_days(line):
    assert opening_and_closing(line) is None


def test_end_at_a_time_of_day_is_kept():
    assert closing("31. Mai 2022 18:00") == datetime(2022, 5, 31, 18, tzinfo=BERLIN)
    assert closing("31. Mai 2022 23:58") == datetime(2022, 5, 31, 23, 58, tzinfo=BERLIN)


@pytest.mark.parametrize("day", [(2022, 3, 27), (2022, 10, 30)])
def test_last_day_counts_whole_when_the_clocks_change(day):
    year, month, number = day
    ends = datetime(year, month, number + 1, tzinfo=BERLIN)

    assert closing(f"{number}.{month}.{year}") == ends
    assert closing(f"{year}-{month:02}-{number} 23:59") == ends


@pytest.mark.parametrize("text", ["", "morgen", "32.1.2026", "1.13.2026", "1.1.2026 25:00"])
def test_days_that_do_not_exist_are_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011  the text of the error is nobody's promise
        opening(text)


# Surroundings


@pytest.mark.parametrize(
    "line",
    [
        "Skip to main content",
        "Zum Hauptinhalt springen",
        "Menü",
        "Startseite",
        "Impressum",
        "Privacy policy",
        "© 2022 Mitmachplatz",
        "Wir verwenden Cookies, damit die Seite funktioniert.",
        "Participation is not possible at the moment. It ended on 31 May 2022.",
        "Die Beteiligung ist derzeit nicht möglich.",
        "12 Kommentare",
        "1 comment",
        "Noch keine Kommentare",
        "Mitmachplatz is funded by donations.",
        "Donate now to Mitmachplatz",
        "Jetzt spenden",
    ],
)
def test_words_of_the_website_are_surroundings(line):
    assert is_surrounding(line)


DISCUSSED = """\
<h2>Strategie 33 - Dorf</h2>
<h3>Wege</h3><p>Sie werden breiter.</p><h4>2 Kommentare</h4><h5>Deichgänger</h5><p>Zu breit!</p>
<h3>Plätze</h3><p>Sie werden grün.</p>
<section><h2>Kommentare</h2><article><h3>Elbfischerin</h3><p>Ich finde das gut!</p></article>
</section>
<h2>Ausblick</h2><p>Im Herbst geht es weiter.</p>
"""


def test_what_citizens_said_on_the_page_is_no_goal(file):
    plan = read_plan(file(DISCUSSED, "seite.html"))

    assert titles(plan) == [(1, "Wege"), (2, "Plätze"), (3, "Ausblick")]
    assert plan.goals[0].text == "<p>Sie werden breiter.</p>"
    left_out = [line.text for line in plan.left_out]
    assert {"Deichgänger", "Zu breit!", "Elbfischerin", "Ich finde das gut!"} <= set(left_out)
    assert "Im Herbst geht es weiter." not in left_out


def test_titles_of_an_accordion_are_titles(file):
    page = "<h1>Strategie 33 - Dorf</h1><h2><button>Wege</button></h2><p>Breiter.</p>"

    plan = read_plan(file(f"{page}<button>Teilnehmen</button>", "seite.html"))

    assert titles(plan) == [(1, "Wege")]
    assert [line.text for line in plan.left_out] == ["Teilnehmen"]


@pytest.mark.parametrize(
    "line",
    [
        "Kulturhaus erhalten",
        "Beteiligung der Jugend stärken",
        "Kontaktpunkte in den Dörfern",
        "Die Startseite der Stadt wird überarbeitet.",
        "Spenden für das Freibad sammeln",
        "12 Kommentare gingen ein und wurden beraten.",
    ],
)
def test_words_of_the_town_are_not(line):
    assert not is_surrounding(line)


# Whatever comes

SOME_LINES = st.lists(
    st.sampled_from(
        [
            "Strategie 7 - Wege",
            "Strategie 8",
            "Kommentierphase",
            "1. Mai 2022 – 31. Mai 2022",
            "12 Kommentare",
            "Rad",
            "Leitziel 2: Bus",
            "Ein Text, der ein Satz ist.",
            "",
        ]
    )
    | st.text(max_size=300),
    max_size=12,
)
ANYWHERE = hypothesis_settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def words_of(plan):
    """Every line that the plan holds or names, and what it took from lines as a value."""
    return [
        *plan.introduction_lines,
        *plan.left_out,
        *(line for goal in plan.goals for line in goal.lines),
    ]


@given(SOME_LINES)
@example(["Strategie 7 - Wege", "Kommentierphase", "Rad", "T.", "1. Mai 2022 – 2. Mai 2022"])
@hypothesis_settings(deadline=None)
def test_no_line_is_lost_silently(texts):
    lines = [Line(number, text) for number, text in enumerate(texts, start=1) if text.strip()]
    try:
        plan = plan_of(lines)
    except ImportRefused:
        return

    told = {line.number for line in words_of(plan)} | {goal.line for goal in plan.goals}
    taken = [line for line in lines if line.number not in told]
    phase = plan.phase
    as_values = {plan.title, *([phase.title, phase.description] if phase else [])}

    assert all(
        line.number == plan.line or line.text in as_values or opening_and_closing(line.text)
        for line in taken
    )


@given(st.binary(max_size=500) | st.text(max_size=500).map(str.encode))
@ANYWHERE
@pytest.mark.parametrize("name", ["a.txt", "a.html", "a.docx"])
def test_no_file_makes_it_stumble(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)

    with suppress(ImportRefused):
        read_plan(path)


TAGS = ["<p>", "</p>", "<div>", "</div>", "<nav>", "</nav>", "<main>", "<h2>", "<b>", "<br>"]


@given(st.lists(st.sampled_from([*TAGS, "Wort"])))
@ANYWHERE
def test_no_word_of_a_badly_nested_page_is_lost(tmp_path, pieces):
    path = tmp_path / "a.html"
    path.write_text("".join([*pieces, "Ende"]))

    read = "".join(line.text for line in read_lines(path))

    assert read.count("Wort") == pieces.count("Wort")
