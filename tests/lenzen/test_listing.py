"""What search engines and those who share a link are told."""

import re
from html import unescape
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.urls import reverse

from accounts.town import forget
from tests.factories import GoalFactory, StrategyFactory, TownFactory, UserFactory

pytestmark = pytest.mark.django_db

NOINDEX = '<meta name="robots" content="noindex">'


def sitemap(client) -> set[str]:
    response = client.get("/sitemap.xml")
    assert response["Content-Type"] == "application/xml; charset=utf-8"
    places = ElementTree.fromstring(response.content).findall(".//{*}loc")
    return {place.text.removeprefix(settings.SITE_URL) for place in places}


def alternates_in_sitemap(client) -> dict[str, dict[str, str]]:
    entries = ElementTree.fromstring(client.get("/sitemap.xml").content)
    return {
        entry.find("{*}loc").text: {
            link.get("hreflang"): link.get("href")
            for link in entry.findall("{http://www.w3.org/1999/xhtml}link[@rel='alternate']")
        }
        for entry in entries
    }


def alternates_on_page(client, path) -> dict[str, str]:
    links = '<link rel="alternate" hreflang="([^"]+)" href="([^"]+)">'
    return dict(re.findall(links, page(client, path)))


def canonical(path):
    return f'<link rel="canonical" href="{settings.SITE_URL}{path}">'


def page(client, path):
    return client.get(path).content.decode()


def test_robots_are_kept_out_of_accounts_and_find_the_sitemap(client):
    text = page(client, "/robots.txt").splitlines()
    closed = ["konto", "admin", "suche", "kommentare", "mein-text", "abbestellen"]
    for path in [*closed, "auf-dem-laufenden"]:
        assert f"Disallow: /{path}/" in text
        assert f"Disallow: /en/{path}/" in text
    assert f"Sitemap: {settings.SITE_URL}/sitemap.xml" in text


def test_the_sitemap_names_what_is_public_and_no_draft(client):
    goal = GoalFactory()
    draft = GoalFactory(strategy=StrategyFactory(published_at=None))
    listed = sitemap(client)
    whole = reverse("discussion", args=[goal.strategy.slug])
    public = {goal.get_absolute_url(), goal.strategy.get_absolute_url(), whole}
    assert public | {"/", "/strategien/", "/termine/", "/impressum/"} <= listed
    assert not any(draft.strategy.slug in path for path in listed)


@pytest.mark.parametrize("number", [1, 3])
def test_the_sitemap_takes_two_queries(client, number, django_assert_num_queries):
    for _each in range(number):
        GoalFactory()
    with django_assert_num_queries(2):
        sitemap(client)


def test_every_page_of_the_sitemap_names_itself(client):
    GoalFactory()
    for path in sitemap(client):
        html = page(client, path)
        assert canonical(path) in html
        assert f'<meta property="og:url" content="{settings.SITE_URL}{path}">' in html
        assert NOINDEX not in html


def test_sitemap_and_pages_name_the_same_address_in_each_language(client, settings):
    settings.SITE_URL = "https://mitreden.example"
    goal = GoalFactory()
    found = alternates_in_sitemap(client)

    german = settings.SITE_URL + goal.get_absolute_url()
    english = f"{settings.SITE_URL}/en{goal.get_absolute_url()}"
    both = {"de": german, "en": english, "x-default": german}
    assert found[german] == found[english] == both
    for address, alternates in found.items():
        language = "en" if "/en/" in address else "de"
        assert alternates[language] == address
        assert all(found[other] == alternates for other in alternates.values())
        assert alternates_on_page(client, address.removeprefix(settings.SITE_URL)) == alternates


def test_a_further_page_of_comments_names_its_own_translation(client):
    path = GoalFactory().get_absolute_url() + "?seite=2"

    alternates = alternates_on_page(client, path)

    assert alternates["en"] == f"{settings.SITE_URL}/en{path}"
    assert alternates_on_page(client, f"/en{path}") == alternates


@pytest.mark.parametrize(
    ("query", "kept"),
    [("?seite=2", "?seite=2"), ("?seite=1", ""), ("?seite=x", ""), ("?seite=2&neu=1", "")],
)
def test_a_further_page_of_comments_names_itself(client, query, kept):
    path = GoalFactory().get_absolute_url()
    assert canonical(path + kept) in page(client, path + query)


def shared(client, path) -> dict[str, str]:
    """What is shown of a page to whom its link is sent."""
    return dict(re.findall(r'<meta property="og:(\w+)" content="([^"]*)">', page(client, path)))


def test_a_shared_goal_shows_its_title_and_how_its_text_begins(client):
    text = "<h3>Mehr</h3><p>„Bäume“ &amp; <b>Wege</b>" + " in der Altstadt" * 20 + "</p>"
    goal = GoalFactory(number=2, title="Mehr „Bäume“ & Wege", text=text, strategy__summary="S")

    html = page(client, goal.get_absolute_url())
    said = shared(client, goal.get_absolute_url())

    assert said["title"] == "Leitziel 2: Mehr „Bäume“ &amp; Wege"
    assert said["description"].startswith("Mehr „Bäume“ &amp; Wege in der")
    assert said["description"].endswith(" in …")
    assert len(unescape(said["description"])) <= 200
    assert f'<meta name="description" content="{said["description"]}">' in html


def test_without_text_a_goal_is_described_by_its_strategy(client):
    goal = GoalFactory(text="", strategy__summary="Wie wir wohnen")

    assert shared(client, goal.get_absolute_url())["description"] == "Wie wir wohnen"


@pytest.mark.parametrize(
    ("path", "title"),
    [("/", "Lenzen 2035 – mitgestalten"), ("/strategien/", "Strategien"), ("/termine/", "Termine")],
)
def test_a_shared_page_shows_its_own_title(client, path, title):
    assert shared(client, path)["title"] == title


def test_a_shared_page_shows_the_coat_of_arms_that_the_town_has_chosen(client):
    assert "image" not in shared(client, "/")
    TownFactory(number=3, arms=b"\x89PNG\r\n", arms_type="png")
    forget()

    assert shared(client, "/")["image"] == f"{settings.SITE_URL}/wappen/3/"


def test_the_start_page_tells_where_to_search_whatever_the_site_is_called(client):
    TownFactory(site_name="</script><b>Mitreden")
    forget()
    html = page(client, "/")

    address = re.search(r'itemprop="target" content="([^"]*)"', html)[1]
    answer = client.get(address.removeprefix(settings.SITE_URL).replace("{words}", "Hafen"))

    assert answer.context["typed"] == "Hafen"
    assert '<h1 itemprop="name">&lt;/script&gt;&lt;b&gt;Mitreden</h1>' in html


@pytest.mark.parametrize("path", ["/suche/", "/konto/anmelden/", "/auf-dem-laufenden/"])
def test_other_pages_are_not_to_be_listed(client, path):
    html = page(client, path)
    assert NOINDEX in html
    assert 'rel="canonical"' not in html
    assert path not in sitemap(client)


@pytest.mark.parametrize("name", ["print", "tell", "follow"])
def test_of_a_strategy_only_what_is_read_is_listed(client, name):
    html = page(client, reverse(name, args=[StrategyFactory().slug]))
    assert NOINDEX in html
    assert 'rel="canonical"' not in html


def test_a_preview_is_not_to_be_listed(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    draft = StrategyFactory(published_at=None)
    html = page(client, reverse("strategy_preview", args=[draft.pk]))
    assert draft.title in html
    assert NOINDEX in html
    assert 'rel="canonical"' not in html


def test_a_missing_page_names_no_address(client):
    response = client.get("/strategien/gibt-es-nicht/")
    assert response.status_code == 404
    assert 'rel="canonical"' not in response.content.decode()
