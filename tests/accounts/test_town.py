"""The town and its pages: written by staff, kept as they were, shown everywhere."""

from base64 import b64decode

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

import accounts.town
from accounts.messages import as_email
from accounts.town import (
    GAP,
    OWN_COLOUR,
    Frame,
    PageVersion,
    Statement,
    Town,
    contrast,
    current_page,
    forget,
    frame,
    last_known,
    lightened,
    numbered_rules,
    remember,
    starter_text,
    town,
)
from tests.factories import NotificationFactory, PageVersionFactory, TownFactory

pytestmark = pytest.mark.django_db

ADD_TOWN = "/admin/accounts/town/add/"
ADD_STATEMENT = "/admin/accounts/statement/add/"
PAGES = "/admin/accounts/pageversion/"
PNG = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAC0lEQVR4nGNgAAIAAAUAAXpeqz8AAAAASUVORK5CYII="
)
"""One pixel."""

JPEG = b"\xff\xd8\xff\xe0" + b"0" * 50 + b"\xff\xd9"
WEBP = b"RIFF" + (54).to_bytes(4, "little") + b"WEBP" + b"0" * 50

SAID = {
    "number": 1,
    "site_name": "Mitreden am Deich",
    "name": "Deichhausen",
    "operator": "Gemeinde Deichhausen",
    "operator_genitive": "der Gemeinde Deichhausen",
    "contact": "Rathaus, Telefon 1",
    "contact_email": "rathaus@example.org",
    "colour": "#7a1f3d",
}


@pytest.fixture
def nothing_said():
    """A new site: nobody has said anything about the town."""
    remember(Frame(accounts.town._starter()))


def save(client, address, said, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        return client.post(address, said)


@pytest.fixture
def saved(signed_in, editor, django_capture_on_commit_callbacks):
    """Save a form of the admin as an editor: ``saved(address, said)``."""
    client = signed_in(editor)
    return lambda address, said: save(client, address, said, django_capture_on_commit_callbacks)


def errors(response) -> list[str]:
    form = response.context["adminform"].form
    return [str(error) for field in form.errors.values() for error in field]


# What the town is called


def test_what_staff_say_about_the_town_stands_on_every_page_and_in_every_mail(client, saved):
    saved(ADD_TOWN, SAID)

    page = client.get("/").content.decode()
    for words in ("Mitreden am Deich", "Deichhausen", "der Gemeinde Deichhausen", "Telefon 1"):
        assert words in page
    mail = as_email([NotificationFactory()])
    assert "Mitreden am Deich" in mail.body
    assert mail.from_email == f"Mitreden am Deich <{settings.DEFAULT_FROM_EMAIL}>"


def test_a_line_break_in_a_single_line_becomes_a_space(saved):
    saved(
        ADD_TOWN, SAID | {"site_name": "Mitreden\r\nam Deich", "operator": "Gemeinde\nDeichhausen"}
    )

    assert (town().site_name, town().operator) == ("Mitreden am Deich", "Gemeinde Deichhausen")


def test_each_save_is_a_version_and_nothing_is_overwritten(saved, editor):
    saved(ADD_TOWN, SAID)
    saved(ADD_TOWN, SAID | {"number": 2, "contact": "Rathaus, Telefon 2"})

    versions = Town.objects.values_list("number", "contact", "saved_by")
    assert list(versions) == [
        (2, "Rathaus, Telefon 2", editor.pk),
        (1, "Rathaus, Telefon 1", editor.pk),
    ]
    assert town().contact == "Rathaus, Telefon 2"


def test_who_is_slower_loses_nothing_and_overwrites_nothing(saved):
    saved(ADD_TOWN, SAID)

    response = saved(ADD_TOWN, SAID | {"contact": "Rathaus, Zimmer 3"})

    assert "inzwischen" in errors(response)[0]
    assert "Rathaus, Zimmer 3" in response.content.decode()
    assert Town.objects.get().contact == "Rathaus, Telefon 1"


def test_the_list_of_versions_is_the_form_with_what_is_valid(signed_in, editor):
    TownFactory(contact="Rathaus, Telefon 7", saved_by=editor)
    forget()

    response = signed_in(editor).get("/admin/accounts/town/", follow=True)

    assert response.redirect_chain == [(ADD_TOWN, 302)]
    form = response.context["adminform"].form
    assert (form["contact"].value(), form["number"].value()) == ("Rathaus, Telefon 7", 2)


def test_a_new_site_says_what_is_missing(client, signed_in, editor, nothing_said):
    assert "[Bitte ergänzen: Stelle, Telefon, Sprechzeiten]" in client.get("/").content.decode()

    gaps = signed_in(editor).get("/admin/").context["gaps"]

    assert [gap["what"] for gap in gaps] == [
        "Name und Kontakt der Stadt",
        "Kontakt",
        "Impressum",
        "Datenschutz",
        "Erklärung zur Barrierefreiheit",
    ]
    assert [gap["number"] for gap in gaps] == [0, 2, 5, 6, 8]


@pytest.mark.parametrize(("number", "queries"), [(1, 2), (3, 2)])
def test_the_town_is_read_once_in_ten_seconds(number, queries, django_assert_num_queries):
    for version in range(number):
        TownFactory(number=version + 1)
        PageVersionFactory(page="rules", number=version + 1)
    forget()

    with django_assert_num_queries(queries):
        town()
        town()


def test_without_a_database_the_town_is_the_one_known_last(django_assert_num_queries):
    forget()

    with django_assert_num_queries(0):
        assert last_known().name == "Lenzen"


# Colour and coat of arms


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == 21
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54


@pytest.mark.parametrize("colour", ["#7a1f3d", "#000000", "#0000ff", OWN_COLOUR])
def test_in_the_dark_every_colour_can_be_read(colour):
    assert contrast(lightened(colour), "#000000") >= 7


@pytest.mark.parametrize("colour", ["#ffff00", "#777777", "green", "#12345", "#1d5c4d;"])
def test_a_colour_that_cannot_be_read_is_refused(colour):
    with pytest.raises(ValidationError):
        TownFactory.build(colour=colour).clean_fields(exclude=["saved_by"])


def test_the_colour_comes_as_a_style_sheet_that_never_changes(client, saved):
    saved(ADD_TOWN, SAID)

    assert '<link rel="stylesheet" href="/farbe/1.css">' in client.get("/").content.decode()
    response = client.get("/farbe/1.css")
    assert "--town: #7a1f3d;" in response.content.decode()
    assert "immutable" in response["Cache-Control"]
    assert not response.cookies


def test_without_a_colour_of_its_own_nothing_more_is_loaded(client):
    assert "/farbe/" not in client.get("/").content.decode()


def test_the_coat_of_arms_stands_on_every_page_until_it_is_taken_away(client, saved):
    arms = SimpleUploadedFile("wappen.png", PNG, "image/png")
    saved(ADD_TOWN, SAID | {"new_arms": arms})
    assert '<img src="/wappen/1/"' in client.get("/").content.decode()
    picture = client.get("/wappen/1/")
    assert (picture["Content-Type"], picture.content) == ("image/png", PNG)

    saved(ADD_TOWN, SAID | {"number": 2})
    assert client.get("/wappen/2/").content == PNG

    saved(ADD_TOWN, SAID | {"number": 3, "without_arms": "on"})
    assert "/wappen/" not in client.get("/").content.decode()
    assert client.get("/wappen/3/").status_code == 404


@pytest.mark.parametrize("content", [PNG, JPEG, WEBP], ids=["png", "jpeg", "webp"])
def test_three_kinds_of_picture_can_be_the_coat_of_arms(saved, content):
    saved(ADD_TOWN, SAID | {"new_arms": SimpleUploadedFile("wappen", content)})

    assert bytes(Town.objects.get().arms) == content


@pytest.mark.parametrize(
    "content",
    [
        b"<svg onload='alert(1)'/>",
        PNG + b"0" * 100_000,
        PNG[:8] + b"0" * 50,
        PNG[:-12],
        PNG[:40] + b"0" + PNG[41:],
        JPEG[:-2],
        WEBP[:-1],
    ],
    ids=["no picture", "too large", "no PNG", "cut PNG", "broken PNG", "cut JPEG", "cut WebP"],
)
def test_other_files_are_no_coat_of_arms(saved, content):
    arms = SimpleUploadedFile("wappen.png", content, "image/png")

    response = saved(ADD_TOWN, SAID | {"new_arms": arms})

    assert len(errors(response)) == 1
    assert not Town.objects.exists()


# Pages of the foot


def add(page: str) -> str:
    return f"{PAGES}add/?page={page}"


@pytest.mark.parametrize("name", ["contact", "imprint", "privacy", "rules", "how_it_works"])
def test_a_page_begins_with_a_text_whose_gaps_are_marked(client, name):
    text = starter_text(name)

    html = client.get(f"/{PATHS[name]}/").content.decode()

    assert html.count("<mark>") == len(GAP.findall(text))
    assert "h3" in text
    assert "<h4" not in html


PATHS = {
    "contact": "kontakt",
    "imprint": "impressum",
    "privacy": "datenschutz",
    "rules": "nutzungsregeln",
    "how_it_works": "so-funktioniert-es",
    "easy_language": "leichte-sprache",
    "sign_language": "gebaerdensprache",
}


def test_staff_write_a_page_and_everybody_reads_it(client, saved):
    said = {"page": "imprint", "number": 1, "text": "<h3>Wir</h3><p>Am <b>Deich</b> 1</p>"}
    saved(add("imprint"), said)

    html = client.get("/impressum/").content.decode()

    assert "<h2>Wir</h2><p>Am Deich 1</p>" in html
    assert "<mark>" not in html
    assert "Stand: " in html


def test_a_page_can_be_begun_from_an_earlier_version(signed_in, editor):
    for number in (1, 2):
        PageVersionFactory(page="imprint", number=number, text=f"<p>{number}</p>")

    form = signed_in(editor).get(f"{add('imprint')}&version=1").context["adminform"].form

    assert (form["text"].value(), form["number"].value()) == ("<p>1</p>", 3)


def test_whoever_changes_the_rules_has_all_agree_again_unless_they_say_otherwise(signed_in, editor):
    PageVersionFactory(page="rules", is_to_be_accepted=False)

    form = signed_in(editor).get(add("rules")).context["adminform"].form

    assert form["is_to_be_accepted"].value() is True


def test_earlier_versions_can_be_read_and_not_changed(signed_in, editor):
    version = PageVersionFactory(page="imprint", text="<p>Am Deich 1</p>", saved_by=editor)
    address = f"{PAGES}{version.pk}/change/"

    page = signed_in(editor).get(address).content.decode()
    assert "<p>Am Deich 1</p>" in page
    assert f'<div class="readonly">{editor}</div>' in page
    assert signed_in(editor).post(address, {"text": "<p>No</p>"}).status_code == 403
    assert signed_in(editor).get(f"{PAGES}{version.pk}/delete/").status_code == 403


def test_who_saves_a_page_later_overwrites_nothing(saved):
    said = {"page": "imprint", "number": 1, "text": "<p>One</p>"}
    saved(add("imprint"), said)

    response = saved(add("imprint"), said | {"text": "<p>Two</p>"})

    assert "inzwischen" in errors(response)[0]
    assert current_page("imprint").text == "<p>One</p>"


def test_a_page_that_has_to_be_there_cannot_be_emptied(saved):
    response = saved(add("imprint"), {"page": "imprint", "number": 1, "text": ""})

    assert errors(response) == ["Diese Seite kann nicht leer sein."]


@pytest.mark.parametrize(
    ("name", "title"),
    [("easy_language", "Leichte Sprache"), ("sign_language", "Gebärdensprache")],
    ids=["easy", "sign"],
)
def test_a_slot_is_there_once_it_has_content(client, saved, name, title):
    address = f"/{PATHS[name]}/"
    assert client.get(address).status_code == 404
    assert address not in client.get("/").content.decode()
    missing = f"{title.replace('Leichte ', 'Leichter ')} fehlen noch"
    assert missing in client.get("/barrierefreiheit/").content.decode()

    saved(add(name), {"page": name, "number": 1, "text": "<p>Kurz und klar.</p>"})

    assert f'<a href="{address}">{title}</a>' in client.get("/").content.decode()
    assert "Kurz und klar." in client.get(address).content.decode()
    assert missing not in client.get("/barrierefreiheit/").content.decode()
    assert address in client.get("/sitemap.xml").content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_of_pages_says_what_is_missing(
    number, signed_in, editor, django_assert_num_queries
):
    for version in range(number):
        text = "<p>[Bitte ergänzen: Ort] [Bitte prüfen]</p>"
        PageVersionFactory(page="imprint", number=version + 1, text=text)
    client = signed_in(editor)
    with django_assert_num_queries(5):
        html = " ".join(client.get(PAGES).content.decode().split())

    assert f"Fassung {number} vom" in html
    assert "2 Lücken" in html


def test_moderators_do_not_write_pages(signed_in, moderator):
    client = signed_in(moderator)

    assert client.get(PAGES).status_code == 403
    assert client.get(add("imprint")).status_code == 403
    assert client.get(ADD_TOWN).status_code == 403


def test_other_pages_than_those_of_the_foot_there_are_none(signed_in, editor):
    assert signed_in(editor).get(add("shop")).status_code == 404


# The declaration on accessibility


def test_the_declaration_is_made_from_what_staff_answered(client, saved):
    gaps = Statement(number=0).gaps
    assert client.get("/barrierefreiheit/").content.decode().count("<mark>") == gaps == 8

    saved(
        ADD_STATEMENT,
        {
            "number": 1,
            "standard": "EN 301 549",
            "law": "BbgBGG und BbgBITV",
            "state": "partial",
            "known_gaps": "Eine alte Karte, bis Juni 2027\nEin Plan als PDF",
            "made_on": "2026-06-01",
            "reviewed_on": "2026-06-02",
            "method": "self",
            "answer_within": "zwei Wochen",
            "enforcement_body": "Landesamt\nPotsdam",
        },
    )

    html = client.get("/barrierefreiheit/").content.decode()
    assert "<mark>" not in html
    for words in ("teilweise vereinbar", "<li>Ein Plan als PDF</li>", "Landesamt<br>Potsdam"):
        assert words in html
    english = client.get("/en/barrierefreiheit/").content.decode()
    assert "partially compliant" in english


@pytest.mark.parametrize(
    ("answers", "gaps"),
    [
        ({}, 8),
        ({"state": "partial"}, 7),
        ({"state": "full"}, 6),
        ({"state": "partial", "known_gaps": "Nichts bekannt"}, 6),
    ],
)
def test_whether_something_is_known_not_to_be_accessible_has_to_be_said(client, answers, gaps):
    statement = Statement.objects.create(**answers)

    assert statement.gaps == gaps
    assert client.get("/barrierefreiheit/").content.decode().count("<mark>") == gaps


def test_a_page_version_is_stored_sanitised():
    version = PageVersionFactory(text="<p onclick='x()'>Hi<script>alert(1)</script></p>")

    assert PageVersion.objects.get(pk=version.pk).text == "<p>Hi</p>"


def test_the_first_numbered_list_is_the_rules():
    rules = "<ol><li>Be <strong>kind</strong></li><li>A &amp; B</li></ol>"

    assert numbered_rules(f"<ul><li>No</li></ul>{rules}<ol><li>Nor this</li></ol>") == [
        "Be kind",
        "A & B",
    ]
    assert numbered_rules("<p>None</p>") == []
    assert numbered_rules("<ol><li>Be<br>kind</li></ol>") == ["Be kind"]


def test_rules_that_everybody_has_to_agree_to_are_known_everywhere():
    PageVersionFactory(page="rules", number=1, is_to_be_accepted=True)
    asked = PageVersionFactory(page="rules", number=2, is_to_be_accepted=True)
    PageVersionFactory(page="rules", number=3)
    forget()

    assert frame().rules == asked
