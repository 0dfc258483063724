"""What pages of strategies show of the comments on them: how many, and the newest."""

import re

import pytest
from django.urls import reverse

from tests.factories import CommentFactory, GoalFactory, ReplyFactory, days, hidden, withdrawn

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["home", "strategies"])
def test_cards_count_what_citizens_wrote(name, client, goal, open_phase):
    comment = CommentFactory(goal=goal, phase=open_phase)
    ReplyFactory(parent=comment, badge="Bauamt")
    CommentFactory(goal=None, phase=open_phase)

    assert "<span>2 Beiträge</span>" in client.get(reverse(name)).text


def test_a_goal_counts_what_citizens_wrote_on_it(client, goal, open_phase):
    comment = CommentFactory(goal=goal, phase=open_phase)
    ReplyFactory(parent=comment)
    ReplyFactory(parent=comment, badge="Bauamt")
    CommentFactory(goal=GoalFactory(strategy=goal.strategy), phase=open_phase)
    CommentFactory(goal=None, phase=open_phase)

    assert "2 Kommentare<" in client.get(goal.strategy.get_absolute_url()).text


def test_a_goal_shows_its_two_newest_comments_newest_first(client, goal, open_phase):
    said = {"goal": goal, "phase": open_phase}
    ages = (0.3, 0.1, 0.2)
    _old, newest, second = (CommentFactory(posted_at=days(-age), **said) for age in ages)
    ReplyFactory(parent=newest, posted_at=days(-0.05))
    for gone in (hidden, withdrawn):
        gone(CommentFactory(posted_at=days(-0.01), **said))

    page = client.get(goal.strategy.get_absolute_url()).text

    shown = re.findall(r'<a href="/kommentare/(\d+)/"', page)
    assert shown == [str(newest.pk), str(second.pk)]
