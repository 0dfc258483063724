"""Words that are hidden or withdrawn are nowhere."""

import pytest
from django.urls import reverse

from accounts.models import Notification
from accounts.sending import send_due_notifications
from comments.actions import (
    edit_comment,
    hide_comment,
    post_comment,
    remove_version,
    restore_comment,
    take_back_decision,
    take_back_withdrawal,
    withdraw_comment,
)
from comments.models import Comment, Decision
from comments.personal_data import empty
from comments.rulebook import Rule
from strategies.messages import unsubscribe_url
from tests.addresses import public_addresses
from tests.factories import UserFactory, VoteFactory

pytestmark = pytest.mark.django_db

# Who looks for the first word must not find the second.
SOUGHT, GONE = "Rhabarber", "Kompott"
TEXT = f"Kein {SOUGHT} ohne {GONE}."


@pytest.fixture
def said(citizen, goal):
    """A comment on the goal that was edited, its answer, one on the whole: all with these words."""
    comment = post_comment(author=citizen, strategy=goal.strategy, goal=goal, text=TEXT)
    other = UserFactory()
    reply = post_comment(
        author=other, strategy=goal.strategy, goal=goal, text=TEXT + "!", parent=comment
    )
    whole = post_comment(author=other, strategy=goal.strategy, text=TEXT)
    edit_comment(comment=comment, by=citizen, text=f"{TEXT} Bitte.")
    comment.refresh_from_db()
    return [comment, reply, whole]


def hide(comment, moderator):
    hide_comment(comment=comment, rule=Rule.TOPIC, explanation="Falscher Ort.", by=moderator)


def withdraw(comment, moderator):
    withdraw_comment(comment=comment, by=comment.author)


def redact(comment, moderator):
    withdraw(comment, moderator)
    empty(Comment.objects.filter(pk=comment.pk))


def hide_and_show(comment, moderator):
    hide(comment, moderator)
    restore_comment(comment=comment, by=moderator)


def undo_hiding(comment, moderator):
    hide(comment, moderator)
    take_back_decision(decision=Decision.objects.get(), by=moderator)


def undo_withdrawing(comment, moderator):
    withdraw(comment, moderator)
    take_back_withdrawal(comment=comment, by=comment.author)


every_way = pytest.mark.parametrize("take_away", [hide, withdraw, redact])


def pages(client, said):
    """What stands on every public address, and on pages that a query opens."""
    goal, comment = said[0].goal, said[0]
    goal.strategy.number = goal.number
    goal.strategy.save()
    token = unsubscribe_url(goal.strategy)(comment.author).split("/")[-2]
    examples = {
        "slug": goal.strategy.slug,
        "number": goal.number,
        "goal": goal.number,
        "pk": comment.pk,
        "token": token,
    }
    found = {}
    for name, path in public_addresses(**examples):
        for query in ({}, {"q": SOUGHT, "antwort": comment.pk, "neu": comment.pk}):
            answer = client.get(path, query, follow=True)
            found[name, *query] = b"".join(answer).decode(errors="replace")
    return found


def where(client, said) -> set[str]:
    return {name[0] for name, page in pages(client, said).items() if GONE in page}


def test_they_were_where_they_are_looked_for(said, client):
    shown = {"goal", "discussion", "strategy", "print", "versions", "search", "goal_feed", "feed"}
    assert shown <= where(client, said)


@every_way
@pytest.mark.parametrize("role", [None, "", "Redaktion", "Moderation"])
def test_on_no_page(take_away, role, said, moderator, client):
    """Whoever looks: nobody, another citizen, staff."""
    if role is not None:
        client.force_login(UserFactory(is_staff=bool(role), role=role))

    for comment in said:
        take_away(comment, moderator)

    assert where(client, said) == set()


@every_way
def test_in_no_mail_that_has_not_left(take_away, said, moderator, mailoutbox):
    assert Notification.objects.filter(body__contains=GONE).count() == 3

    for comment in said:
        take_away(comment, moderator)
    send_due_notifications()

    assert [mail for mail in mailoutbox if GONE in mail.body] == []
    # The statement of reasons quotes it, to its author alone.
    quoting = Notification.objects.filter(body__contains=GONE)
    authors = {comment.about: comment.author for comment in said}
    assert all(message.recipient in authors.values() for message in quoting)
    assert not quoting.filter(about__startswith="comment:").exists()


@every_way
def test_in_nothing_that_others_were_told(take_away, said, moderator, signed_in):
    send_due_notifications()
    reader = signed_in(said[0].author)
    told = reverse("notifications")
    assert f"{TEXT}!" in reader.get(told).text

    take_away(said[1], moderator)

    page = reader.get(told).text
    assert f"{TEXT}!" not in page
    assert said[1].author.public_name not in page
    assert f"Kommentar Nr. {said[1].pk} wurde zurückgezogen oder ausgeblendet" in page
    assert "Was hier stand, ist nicht mehr zu lesen" in page


@pytest.mark.parametrize("undo", [undo_hiding, undo_withdrawing, hide_and_show])
def test_what_came_back_can_be_read_again_where_it_was_told(undo, said, moderator, signed_in):
    send_due_notifications()
    told = Notification.objects.filter(about=said[1].about)
    before = set(told.values_list("recipient", "subject", "body"))
    assert len(before) == 2

    undo(said[1], moderator)

    assert set(told.values_list("recipient", "subject", "body")) == before
    assert f"{TEXT}!" in signed_in(said[0].author).get(reverse("notifications")).text


@pytest.mark.parametrize("is_answered", [True, False])
def test_what_an_edit_leaves_nothing_of_is_in_nothing_that_others_were_told(
    is_answered, said, signed_in
):
    reply = said[1]
    send_due_notifications()
    if is_answered:
        VoteFactory(comment=reply)

    edit_comment(comment=reply, by=reply.author, text="Anderes.")
    if is_answered:
        remove_version(version=reply.versions.get(), by=reply.author)

    page = signed_in(said[0].author).get(reverse("notifications")).text
    assert f"{TEXT}!" not in page
    assert f"Kommentar Nr. {reply.pk} wurde bearbeitet" in page


def test_what_an_edit_leaves_readable_stays_where_others_were_told(said, signed_in):
    send_due_notifications()
    VoteFactory(comment=said[1])

    edit_comment(comment=said[1], by=said[1].author, text="Anderes.")

    assert f"{TEXT}!" in signed_in(said[0].author).get(reverse("notifications")).text


def test_of_a_comment_that_is_gone_nobody_reads_that_it_was_edited(said, signed_in, moderator):
    reply = said[1]
    send_due_notifications()
    VoteFactory(comment=reply)
    edit_comment(comment=reply, by=reply.author, text="Anderes.")
    hide(reply, moderator)

    remove_version(version=reply.versions.get(), by=reply.author)

    page = signed_in(said[0].author).get(reverse("notifications")).text
    assert "Was hier stand, ist nicht mehr zu lesen" in page


def admin_pages(client, said):
    for address in [
        reverse("admin:index"),
        reverse("admin:comments_comment_changelist"),
        *(reverse("admin:comments_comment_change", args=[comment.pk]) for comment in said),
        reverse("admin:accounts_notification_changelist"),
    ]:
        yield client.get(address, follow=True).content.decode()


def test_withdrawn_words_are_kept_from_moderators_as_well(said, moderator, signed_in):
    client = signed_in(moderator)
    assert any(GONE in page for page in admin_pages(client, said))

    for comment in said:
        withdraw(comment, moderator)

    assert not any(GONE in page for page in admin_pages(client, said))


@pytest.mark.parametrize(
    "who",
    [{}, {"is_staff": True}, {"is_staff": True, "role": "Redaktion"}],
    ids=["citizen", "staff without role", "editor"],
)
def test_hidden_words_are_kept_from_those_who_do_not_moderate(who, said, moderator, signed_in):
    for comment in said:
        hide(comment, moderator)

    assert not any(GONE in page for page in admin_pages(signed_in(UserFactory(**who)), said))


@every_way
def test_its_number_still_leads_to_its_place(take_away, said, moderator, client):
    for comment in said:
        take_away(comment, moderator)

        page = client.get(comment.get_absolute_url(), follow=True)

        assert f'id="kommentar-{comment.pk}"' in page.content.decode()


@every_way
def test_it_is_not_among_the_newest(take_away, said, moderator, client, goal):
    take_away(said[0], moderator)

    page = client.get(goal.strategy.get_absolute_url()).content.decode()

    assert "ausgeblendet" not in page
    assert "zurückgezogen" not in page


def test_a_draft_strategy_takes_its_comments_along(said, client, goal):
    goal.strategy.published_at = None
    goal.strategy.save()

    assert where(client, said) == set()
    assert client.get(said[0].get_absolute_url()).status_code == 404
