"""What kind of comment it is, if its author says so."""

import pytest

from comments.actions import post_comment
from comments.models import Comment, Draft, Label
from tests.factories import CommentFactory, days, withdrawn

pytestmark = pytest.mark.django_db


def test_label_is_optional(signed_in, citizen, goal):
    signed_in(citizen).post(goal.get_absolute_url(), {"text": "Benches."})

    assert Comment.objects.get().label == ""


def test_label_stands_beside_the_date(signed_in, citizen, goal):
    client = signed_in(citizen)

    client.post(goal.get_absolute_url(), {"text": "Why not?", "label": "question"})

    assert Comment.objects.get().label == Label.QUESTION
    assert "Uhr · Frage</small>" in client.get(goal.get_absolute_url()).content.decode()


def test_unknown_label_loses_no_text(signed_in, citizen, goal):
    response = signed_in(citizen).post(goal.get_absolute_url(), {"text": "Benches.", "label": "x"})

    assert Comment.objects.count() == 0
    assert "Benches.</textarea>" in response.content.decode()


def test_replies_have_no_label(signed_in, citizen, goal, open_phase):
    comment = CommentFactory(goal=goal, phase=open_phase)
    form = {"text": "Because.", "parent": comment.pk, "label": "praise"}

    signed_in(citizen).post(goal.get_absolute_url(), form)

    assert comment.replies.get().label == ""


def test_label_waits_with_the_text(client, goal, signed_in, citizen):
    said = {"text": "Benches.", "label": "concern"}
    client.post(goal.get_absolute_url(), said | {"name": "Deich", "email": "d@example.org"})

    assert Draft.objects.get().label == Label.CONCERN
    client.force_login(citizen)
    page = client.get(goal.get_absolute_url()).content.decode()
    assert '<option value="concern" selected>Bedenken</option>' in page


def test_label_goes_with_withdrawn_words(client, goal, open_phase):
    withdrawn(CommentFactory(goal=goal, phase=open_phase, label=Label.PRAISE, posted_at=days(-0.5)))

    assert "· Lob" not in client.get(goal.get_absolute_url()).content.decode()


def test_comment_keeps_its_label(citizen, goal):
    comment = post_comment(
        author=citizen, strategy=goal.strategy, goal=goal, text="Benches.", label=Label.SUGGESTION
    )

    assert comment.get_label_display() == "Anregung"
