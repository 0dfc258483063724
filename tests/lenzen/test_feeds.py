"""The feeds, as a reader's program takes them."""

from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.db.models import Value
from django.urls import reverse
from django.utils.http import http_date

from comments.actions import hide_comment, restore_comment
from comments.models import Comment
from comments.rulebook import Rule
from strategies.actions import PhaseRefused, answer_phase, extend_phase, take_back_event
from strategies.models import TAKE_BACK, PhaseEvent, Strategy
from tests.factories import (
    CommentFactory,
    GoalFactory,
    PhaseEventFactory,
    PhaseFactory,
    ReplyFactory,
    StrategyFactory,
    UserFactory,
    days,
    hidden,
    withdrawn,
)

pytestmark = pytest.mark.django_db

ATOM = {"a": "http://www.w3.org/2005/Atom"}


def feed(client, name="feed", **place):
    response = client.get(reverse(name, kwargs=place))
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ElementTree.fromstring(response.content)


def entries(client, name="feed", **place) -> dict[str, str]:
    """The entries by id, with their words."""
    found = feed(client, name, **place).findall("a:entry", ATOM)
    return {said(entry, "id"): said(entry, "summary") for entry in found}


def said(element, tag: str) -> str:
    return element.find(f"a:{tag}", ATOM).text


def address(comment) -> str:
    return f"{settings.SITE_URL}{comment.get_absolute_url()}"


def test_the_site_tells_of_strategies_phases_and_comments_newest_first(client):
    strategy = StrategyFactory(title="Stadt", summary="Worum es geht.", published_at=days(-9))
    phase = PhaseFactory(strategy=strategy, opens_in=-5)
    event = PhaseEventFactory(phase=phase)
    goal = GoalFactory(strategy=strategy, number=2, title="Wege")
    comment = CommentFactory(phase=phase, goal=goal, text="Mehr Bänke.", author__public_name="Ida")

    found = feed(client)

    assert said(found, "id") == f"{settings.SITE_URL}/feed/"
    assert found.get("{http://www.w3.org/XML/1998/namespace}lang") == "de"
    assert [
        (said(entry, "id"), said(entry, "title"), said(entry, "summary"))
        for entry in found.findall("a:entry", ATOM)
    ] == [
        (address(comment), f"Kommentar Nr. {comment.pk} zu Leitziel 2: Wege", "<p>Mehr Bänke.</p>"),
        (
            f"{settings.SITE_URL}/feed/#ereignis-{event.pk}",
            "Kommentieren hat begonnen: Stadt",
            "<p>Das Kommentieren begann.</p>",
        ),
        (
            f"{settings.SITE_URL}/feed/#strategie-{strategy.pk}",
            f"Neu: Strategie {strategy.number}: Stadt",
            "<p>Worum es geht.</p>",
        ),
    ]
    assert found.find("a:entry/a:author/a:name", ATOM).text == "Ida"


def test_each_place_has_its_own_feed(client):
    goal = GoalFactory()
    phase = PhaseFactory(strategy=goal.strategy)
    on_goal = CommentFactory(phase=phase, goal=goal)
    reply = ReplyFactory(parent=on_goal)
    on_whole = CommentFactory(phase=phase, goal=None)
    CommentFactory()
    place = {"slug": goal.strategy.slug}

    assert set(entries(client, "goal_feed", number=goal.number, **place)) == {
        address(on_goal),
        address(reply),
    }
    assert set(entries(client, "discussion_feed", **place)) == {address(on_whole)}
    assert set(entries(client, "strategy_feed", **place)) == {
        *(address(comment) for comment in (on_goal, reply, on_whole)),
        f"{settings.SITE_URL}/feed/#strategie-{goal.strategy.pk}",
    }


def test_only_words_that_may_be_read_are_told(client):
    draft = PhaseFactory(strategy__published_at=None)
    PhaseEventFactory(phase=draft)
    CommentFactory(phase=draft)
    hidden(CommentFactory(phase=(phase := PhaseFactory())))
    withdrawn(CommentFactory(phase=phase))

    assert set(entries(client)) == {f"{settings.SITE_URL}/feed/#strategie-{phase.strategy.pk}"}


@pytest.mark.parametrize("name", ["strategy_feed", "discussion_feed", "goal_feed"])
def test_a_draft_has_no_feed(client, name):
    goal = GoalFactory(strategy__published_at=None)
    place = {"slug": goal.strategy.slug}
    if name == "goal_feed":
        place["number"] = goal.number

    assert client.get(reverse(name, kwargs=place)).status_code == 404


def test_a_hidden_comment_vanishes_and_comes_back_under_its_id(client, moderator):
    comment = CommentFactory()
    before = entries(client)

    hide_comment(comment=comment, rule=Rule.TOPIC, explanation="Anderes Thema.", by=moderator)
    assert address(comment) not in entries(client)

    restore_comment(comment=Comment.objects.get(), by=moderator)
    assert entries(client) == before


def test_what_can_still_be_taken_back_is_not_told(client, open_phase):
    by = UserFactory(is_staff=True)
    extend_phase(phase=open_phase, closes_at=days(9), by=by, reason="Ferien")
    event = PhaseEvent.objects.get()
    number = f"{settings.SITE_URL}/feed/#ereignis-{event.pk}"
    assert number not in entries(client)

    PhaseEvent.objects.update(moment=days(0) - TAKE_BACK)

    assert "Grund: Ferien" in entries(client)[number]
    with pytest.raises(PhaseRefused):
        take_back_event(event=event)


def test_what_the_administration_answered_is_told(client):
    phase = PhaseFactory(opens_in=-9, closes_in=-2)
    by = UserFactory(is_staff=True)
    answer_phase(phase=phase, by=by, reason="Der Radweg kommt in den Plan.")
    PhaseEvent.objects.update(moment=days(0) - TAKE_BACK)

    told = entries(client)[f"{settings.SITE_URL}/feed/#ereignis-{PhaseEvent.objects.get().pk}"]

    assert "Die Verwaltung hat geantwortet: Der Radweg kommt in den Plan." in told


def test_that_the_end_is_near_is_no_news_for_a_feed(client):
    phase = PhaseFactory(opens_in=-9)
    PhaseEventFactory(phase=phase, kind=PhaseEvent.Kind.CLOSING_SOON, moment=days(-2))

    assert set(entries(client)) == {f"{settings.SITE_URL}/feed/#strategie-{phase.strategy.pk}"}


def test_what_time_did_is_told_at_once(client):
    event = PhaseEventFactory(phase=PhaseFactory(opens_in=-0.001))

    assert f"{settings.SITE_URL}/feed/#ereignis-{event.pk}" in entries(client)


def test_a_feed_tells_the_thirty_newest_comments(client):
    goal = GoalFactory()
    said = {"goal": goal, "phase": PhaseFactory(strategy=goal.strategy)}
    ages = [0.5, *(0.1 + number / 1000 for number in range(30))]
    comments = [CommentFactory(posted_at=days(-age), **said) for age in ages]

    told = entries(client, "goal_feed", slug=goal.strategy.slug, number=goal.number)

    assert list(told) == [address(comment) for comment in comments[1:]]


def test_a_feed_tells_the_newest_of_many_events(client):
    phase = PhaseFactory(opens_in=-40)
    moments = [days(-40 + number) for number in range(31)]
    events = [PhaseEventFactory(phase=phase, moment=moment) for moment in moments]

    told = entries(client, "strategy_feed", slug=phase.strategy.slug)

    assert next(iter(told)).endswith(f"#ereignis-{events[-1].pk}")
    assert not any(number.endswith(f"#ereignis-{events[0].pk}") for number in told)


def test_words_that_came_past_the_field_are_sanitised_all_the_same(client):
    strategy = StrategyFactory()
    hostile = Value('<p onclick="x()">Elbe</p><script>x()</script>')
    Strategy.objects.update(introduction=hostile)

    (told,) = entries(client, "strategy_feed", slug=strategy.slug).values()

    assert told.endswith("<p>Elbe</p>")
    assert "x()" not in told


def test_words_cannot_become_tags_and_control_characters_break_nothing(client):
    comment = CommentFactory(
        text="<b>Fett</b>\x0b & \x01mager\uffff\n\nNeu", author__public_name="A\x02"
    )

    assert entries(client)[address(comment)] == (
        "<p>&lt;b&gt;Fett&lt;/b&gt; &amp; mager</p>\n\n<p>Neu</p>"
    )


def test_the_comment_of_an_erased_account_has_a_name(client):
    CommentFactory(author=None)

    assert feed(client).find("a:entry/a:author/a:name", ATOM).text == "Gelöschtes Konto"


def test_what_has_not_changed_is_not_sent_twice(client):
    CommentFactory()
    response = client.get(reverse("feed"))

    again = client.get(reverse("feed"), headers={"If-None-Match": response["ETag"]})

    assert (again.status_code, response.cookies) == (304, {})


def test_who_asks_by_date_alone_hears_that_words_are_gone(client):
    comment = CommentFactory()
    response = client.get(reverse("feed"))

    hidden(comment)
    again = client.get(
        reverse("feed"), headers={"If-Modified-Since": http_date(comment.posted_at.timestamp() + 9)}
    )

    assert (response.status_code, again.status_code) == (200, 200)
    assert comment.text not in again.content.decode()


def test_an_edited_comment_is_told_anew_under_its_id(client):
    comment = CommentFactory(posted_at=days(-3), edited_at=days(-1))

    entry = feed(client).find("a:entry", ATOM)

    assert said(entry, "id") == address(comment)
    assert said(entry, "published") < said(entry, "updated")


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow_with_news(client, count, django_assert_num_queries):
    for _number in range(count):
        goal = GoalFactory(strategy__number=_number + 1)
        phase = PhaseFactory(strategy=goal.strategy)
        PhaseEventFactory(phase=phase)
        CommentFactory(phase=phase, goal=goal)

    with django_assert_num_queries(3):
        assert len(entries(client)) == 3 * count


def test_pages_name_their_feeds(client):
    goal = GoalFactory()
    strategy = goal.strategy
    pages = {
        reverse("home"): reverse("feed"),
        reverse("strategy", args=[strategy.slug]): reverse("strategy_feed", args=[strategy.slug]),
        reverse("goal", args=[strategy.slug, goal.number]): reverse(
            "goal_feed", args=[strategy.slug, goal.number]
        ),
        reverse("discussion", args=[strategy.slug]): reverse(
            "discussion_feed", args=[strategy.slug]
        ),
    }
    for page, name in pages.items():
        assert f'href="{name}">' in client.get(page).content.decode()
