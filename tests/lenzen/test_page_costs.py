"""What a page asks of the database does not grow with what stands on it."""

from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from strategies.models import PhaseEvent
from tests.factories import (
    CommentFactory,
    GoalFactory,
    MilestoneFactory,
    NotificationFactory,
    PhaseEventFactory,
    PhaseFactory,
    ReplyFactory,
    StrategyFactory,
    UserFactory,
    hidden,
    withdrawn,
)

pytestmark = pytest.mark.django_db


def town(size):
    """So many strategies, each with so many of everything; the goal with most to show."""
    for _ in range(size):
        strategy = StrategyFactory()
        for number in range(size):
            far = 10 * number
            phase = PhaseFactory(strategy=strategy, opens_in=-1 - far, closes_in=1 - far)
            PhaseEventFactory(phase=phase)
            PhaseEventFactory(phase=phase, kind=PhaseEvent.Kind.CLOSING_SOON)
            MilestoneFactory(strategy=strategy)
        for goal in GoalFactory.create_batch(size, strategy=strategy):
            for place in (goal, None):
                for _ in range(size):
                    comment = CommentFactory(phase=phase, goal=place)
                    ReplyFactory(parent=comment)
                    hidden(CommentFactory(phase=phase, goal=place))
                    withdrawn(CommentFactory(phase=phase, goal=place))
    return goal


ADDRESSES = {
    "start page": lambda goal: reverse("home"),
    "strategies": lambda goal: reverse("strategies"),
    "strategy": lambda goal: goal.strategy.get_absolute_url(),
    "goal": lambda goal: goal.get_absolute_url(),
    "discussion": lambda goal: reverse("discussion", args=[goal.strategy.slug]),
    "print": lambda goal: reverse("print", args=[goal.strategy.slug]),
    "dates": lambda goal: reverse("dates"),
}


def statements(client, address) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return [query["sql"] for query in captured.captured_queries]


def warm(client):
    # What is asked once in the life of a process.
    client.get("/")
    return client


@pytest.mark.parametrize("who", ["reader", "citizen"])
@pytest.mark.parametrize("name", ADDRESSES)
def test_a_page_costs_the_same_for_one_and_for_three_of_everything(name, who, client):
    if who == "citizen":
        client.force_login(UserFactory())
    address = ADDRESSES[name]

    one = statements(warm(client), address(town(1)))
    three = statements(client, address(town(3)))

    assert len(three) == len(one), "\n".join(three)
    # Session, person, and what is theirs: draft and votes.
    assert len(three) <= (8 if who == "reader" else 12), "\n".join(three)


ADMIN_LISTS = [
    "admin:strategies_strategy_changelist",
    "admin:comments_comment_changelist",
    "admin:accounts_notification_changelist",
    "admin:accounts_user_changelist",
    "admin:index",
]


@pytest.mark.parametrize("name", ADMIN_LISTS)
def test_a_list_of_the_admin_costs_the_same_for_one_and_for_three(name, client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    def statements_for(size):
        town(size)
        NotificationFactory.create_batch(size)
        return statements(client, reverse(name))

    warm(client)
    one, three = statements_for(1), statements_for(3)

    assert len(three) == len(one), Counter(three).most_common(3)


@pytest.fixture
def long_discussion(goal, open_phase):
    """1,000 comments on one goal, half of them answers."""
    author = UserFactory()
    comments = CommentFactory.build_batch(500, goal=goal, phase=open_phase, author=author)
    made = type(comments[0]).objects.bulk_create(comments)
    replies = [
        ReplyFactory.build(parent=made[number // 2 * 2], author=author) for number in range(500)
    ]
    type(comments[0]).objects.bulk_create(replies)
    return goal


def test_a_discussion_of_a_thousand_comments(long_discussion, client):
    address = long_discussion.get_absolute_url()

    asked = statements(warm(client), address)
    pages = [client.get(address, {"seite": number}).content.decode() for number in range(1, 11)]

    assert len(asked) <= 8
    shown = [page.count('<article class="comment') for page in pages]
    assert sum(shown) == 1000
    assert max(shown) <= 50 + 2 * 50
    assert "1000 Kommentare" in pages[0]


def test_each_of_a_thousand_comments_leads_to_its_own_page(long_discussion, client):
    numbers = long_discussion.comments.order_by("pk").values_list("pk", flat=True)

    for number in (numbers[0], numbers[499], numbers[500], numbers[999]):
        page = client.get(f"/kommentare/{number}/", follow=True)
        assert f'id="kommentar-{number}"' in page.content.decode()


def test_a_page_that_is_not_there_shows_one_that_is(long_discussion, client):
    for number in ("0", "99", "-1", "x", "", "9" * 30):
        address = long_discussion.get_absolute_url()
        assert client.get(address, {"seite": number}).status_code == 200


def test_the_whole_strategy_on_paper_holds_all_of_them(long_discussion, client):
    address = reverse("print", args=[long_discussion.strategy.slug])

    asked = statements(warm(client), address)

    assert len(asked) <= 8
    assert client.get(address).content.decode().count("More trees, please.") == 500
