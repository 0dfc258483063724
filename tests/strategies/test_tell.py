"""The notice to hang up and the text to copy."""

import re
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.urls import reverse

from strategies.actions import extend_phase
from tests.factories import PhaseFactory, StrategyFactory, days

pytestmark = pytest.mark.django_db


@pytest.fixture
def strategy(db):
    """One that can be commented on until 31 May 2126, 24:00 in Berlin."""
    strategy = StrategyFactory(
        number=3, title="Stadt & <Land>", summary="Worum es geht.", contact="Bauamt, Telefon 12"
    )
    PhaseFactory(
        strategy=strategy, opens_at=days(-1), closes_at=datetime(2126, 5, 31, 22, tzinfo=UTC)
    )
    return strategy


def page(client, strategy, name="tell"):
    return client.get(reverse(name, args=[strategy.slug]))


def test_the_notice_says_what_until_when_where_and_whom_to_ask(client, strategy):
    said = page(client, strategy).content.decode()
    notice = said[said.index('class="notice"') : said.index("</section>")]

    assert "Stadt &amp; &lt;Land&gt;</h3>" in notice
    assert "Kommentieren ist möglich bis Freitag, 31.\xa0Mai\xa02126, 24:00\xa0Uhr.</p>" in notice
    assert f"{settings.SITE_URL.partition('://')[2]}/3/</strong>" in notice
    assert f'src="{reverse("tell_code", args=[strategy.slug])}"' in notice
    assert "Bauamt, Telefon 12" in notice


def test_after_an_extension_the_notice_names_the_new_last_day_only(client, strategy, editor):
    new_end = datetime(2126, 6, 14, 22, tzinfo=UTC)
    extend_phase(phase=strategy.phases.get(), closes_at=new_end, by=editor, reason="Viele Fragen.")

    said = page(client, strategy).content.decode()

    big = re.search(r'class="notice-time">(.*?)</p>', said)[1]
    assert big == "Kommentieren ist möglich bis Freitag, 14.\xa0Juni\xa02126, 24:00\xa0Uhr."


def test_the_text_to_copy_says_the_same(client, strategy):
    said = page(client, strategy).content.decode()
    text = said[said.index("<textarea") : said.index("</textarea>")].partition(">")[2]

    assert text.split("\n") == [
        "Strategie 3: Stadt &amp; &lt;Land&gt;",
        "Worum es geht.",
        "",
        "Kommentieren ist möglich bis Freitag, 31.\xa0Mai\xa02126, 24:00\xa0Uhr.",
        "",
        "Lesen und Meinung schreiben:",
        f"{settings.SITE_URL}/3/",
        "",
        "Fragen? Bauamt, Telefon 12",
    ]


def test_the_code_is_a_plain_picture(client, strategy):
    response = page(client, strategy, "tell_code")

    tags = {element.tag for element in ElementTree.fromstring(response.content).iter()}
    svg = "{http://www.w3.org/2000/svg}"
    assert response["Content-Type"] == "image/svg+xml"
    assert tags == {f"{svg}svg", f"{svg}rect", f"{svg}path"}


def test_each_strategy_has_its_own_code(client, strategy):
    other = StrategyFactory(number=4)

    codes = {page(client, each, "tell_code").content for each in (strategy, other)}

    assert len(codes) == 2


def test_after_the_end_nobody_is_asked_to_write(client):
    phase = PhaseFactory(opens_in=-9, closes_in=-2)

    said = page(client, phase.strategy).content.decode()

    assert "Lesen und Meinung schreiben:" not in said
    assert "Lesen, auch was dazu geschrieben wurde:" in said


@pytest.mark.parametrize("name", ["tell", "tell_code"])
def test_a_draft_is_not_told(client, name):
    assert page(client, StrategyFactory(published_at=None), name).status_code == 404


def test_readers_get_no_cookie(client, strategy):
    assert (page(client, strategy).cookies, page(client, strategy, "tell_code").cookies) == ({}, {})


def test_the_strategy_leads_to_the_notice(client, strategy):
    said = client.get(strategy.get_absolute_url()).content.decode()

    assert f'href="{reverse("tell", args=[strategy.slug])}"' in said
