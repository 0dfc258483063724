"""People leave, the public record stays."""

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from accounts.models import Notification
from comments.actions import hide_comment, post_comment
from comments.models import Comment, Draft
from comments.rulebook import Rule
from strategies.actions import close_phase
from strategies.models import Goal, Participation, Phase, Strategy, Subscription
from tests.factories import CommentFactory, UserFactory

pytestmark = pytest.mark.django_db

TEXT = "Mehr Bäume."


@pytest.fixture
def said(citizen, goal):
    """A comment, somebody's answer, and the author's answer to that of somebody else."""
    other = UserFactory(public_name="Elbfischerin")

    def say(author, text, parent=None):
        return post_comment(
            author=author, strategy=goal.strategy, goal=goal, text=text, parent=parent
        )

    comment = say(citizen, TEXT)
    others = say(other, "Mehr Bänke.")
    return [comment, others, say(other, "Welche?", comment), say(citizen, "Ja.", others)]


def test_no_words_go_with_an_account(said, citizen, client, goal):
    citizen.delete()

    assert Comment.objects.count() == 4
    page = client.get(goal.get_absolute_url()).content.decode()
    for comment in said:
        assert comment.text in page
    assert page.count("Gelöschtes Konto") >= 2
    assert "Elbfischerin" in page


def test_no_tally_changes(said, citizen, open_phase, editor):
    before = open_phase.tally()

    citizen.delete()

    assert open_phase.tally() == before == {"contributions": 4, "participants": 2}
    event = close_phase(phase=open_phase, by=editor, reason="Fertig.")
    assert (event.contributions, event.participants) == (4, 2)


def test_several_may_leave(said, open_phase):
    """What is unique for each person is so only while the person is known."""
    for comment in said[:2]:
        comment.author.delete()

    assert Participation.objects.filter(person=None).count() == 2
    assert open_phase.tally() == {"contributions": 4, "participants": 2}


def test_strategies_goals_and_phases_stay(said, citizen, editor):
    before = [model.objects.count() for model in (Strategy, Goal, Phase)]

    citizen.delete()
    editor.delete()

    assert [model.objects.count() for model in (Strategy, Goal, Phase)] == before


def test_what_was_owed_to_them_goes(said, citizen, goal):
    Draft.objects.create(person=citizen, strategy=goal.strategy, text="Halb fertig.")

    citizen.delete()

    assert not Notification.objects.filter(recipient=citizen.pk).exists()
    assert not Subscription.objects.filter(person=citizen.pk).exists()
    assert not Draft.objects.exists()
    assert Notification.objects.exists(), "what others are owed stays"


def test_who_has_decided_cannot_be_deleted(said, moderator, editor, open_phase):
    """Staff who leave are deactivated: their reasons stay public."""
    hide_comment(comment=said[0], rule=Rule.TOPIC, explanation="Falscher Ort.", by=moderator)
    close_phase(phase=open_phase, by=editor, reason="Fertig.")

    for person in (moderator, editor):
        with pytest.raises(ProtectedError):
            person.delete()


def test_a_comment_with_answers_cannot_be_deleted(said):
    with pytest.raises(ProtectedError):
        said[0].delete()


@pytest.mark.parametrize("text", ["", "a" * 4_001])
def test_the_database_refuses_what_the_form_refuses(text):
    with pytest.raises(IntegrityError), transaction.atomic():
        CommentFactory(text=text)
