"""What search engines and those who share a link are told."""

from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.urls import reverse

from tests.factories import GoalFactory, StrategyFactory, UserFactory

pytestmark = pytest.mark.django_db

NOINDEX = '<meta name="robots" content="noindex">'


def sitemap(client) -> set[str]:
    response = client.get("/sitemap.xml")
    assert response["Content-Type"] == "application/xml; charset=utf-8"
    places = ElementTree.fromstring(response.content).findall(".//{*}loc")
    return {place.text.removeprefix(settings.SITE_URL) for place in places}


def canonical(path):
    return f'<link rel="canonical" href="{settings.SITE_URL}{path}">'


def page(client, path):
    return client.get(path).content.decode()


def test_robots_are_kept_out_of_accounts_and_find_the_sitemap(client):
    text = page(client, "/robots.txt").splitlines()
    for path in ("/konto/", "/admin/", "/suche/", "/abbestellen/"):
        assert f"Disallow: {path}" in text
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


@pytest.mark.parametrize(
    ("query", "kept"),
    [("?seite=2", "?seite=2"), ("?seite=1", ""), ("?seite=x", ""), ("?seite=2&neu=1", "")],
)
def test_a_further_page_of_comments_names_itself(client, query, kept):
    path = GoalFactory().get_absolute_url()
    assert canonical(path + kept) in page(client, path + query)


def test_a_shared_goal_shows_its_title(client):
    goal = GoalFactory(title="Mehr „Bäume“ & Wege")
    html = page(client, goal.get_absolute_url())
    assert "Mehr „Bäume“ &amp; Wege" in html.split('property="og:title"')[1].split(">")[0]


@pytest.mark.parametrize("path", ["/suche/", "/konto/anmelden/", "/auf-dem-laufenden/"])
def test_other_pages_are_not_to_be_listed(client, path):
    html = page(client, path)
    assert NOINDEX in html
    assert 'rel="canonical"' not in html
    assert path not in sitemap(client)


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
