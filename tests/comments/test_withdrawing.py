"""Authors take their words back at any time, and may change their mind for a while."""

import pytest
from django.urls import reverse

from accounts.models import Notification
from accounts.sending import send_due_notifications
from comments.actions import (
    WithdrawalRefused,
    post_comment,
    take_back_withdrawal,
    withdraw_comment,
)
from comments.rules import TAKE_BACK_WITHDRAWAL
from tests.factories import CommentFactory, ReplyFactory, UserFactory, days, hidden

pytestmark = pytest.mark.django_db

TEXT = "Mehr Bäume am Markt."


@pytest.fixture
def comment(citizen, goal, open_phase):
    return CommentFactory(author=citizen, goal=goal, phase=open_phase, text=TEXT)


def close(phase):
    phase.closes_at = days(-0.1)
    phase.save()


def page_of(client, comment) -> str:
    return client.get(comment.goal.get_absolute_url()).content.decode()


def test_a_placeholder_stays_and_the_replies(comment, client, citizen):
    reply = ReplyFactory(parent=comment, text="Welche?")

    withdraw_comment(comment=comment, by=citizen)

    page = page_of(client, comment)
    assert TEXT not in page
    assert "Dieser Kommentar wurde am " in page
    assert reply.text in page
    assert client.get(comment.get_absolute_url()).url.endswith(f"#kommentar-{comment.pk}")


def test_also_after_the_phase_has_closed(comment, signed_in, citizen, open_phase):
    close(open_phase)
    address = reverse("withdraw", args=[comment.pk])

    assert TEXT in signed_in(citizen).get(address).content.decode()
    assert signed_in(citizen).post(address).status_code == 302

    comment.refresh_from_db()
    assert comment.withdrawn_at


def test_looking_at_the_page_withdraws_nothing(comment, signed_in, citizen):
    signed_in(citizen).get(reverse("withdraw", args=[comment.pk]))

    comment.refresh_from_db()
    assert comment.withdrawn_at is None


@pytest.mark.parametrize("way", ["withdraw", "show_again"])
def test_what_was_done_is_said_in_the_comment(way, comment, signed_in, citizen):
    CommentFactory(goal=comment.goal, phase=comment.phase)
    if way == "show_again":
        withdraw_comment(comment=comment, by=citizen)

    page = signed_in(citizen).post(reverse(way, args=[comment.pk]), follow=True)

    article = page.text.partition(f'id="kommentar-{comment.pk}"')[2].partition("</article>")[0]
    assert article.count('role="status"') == page.text.count('role="status"') == 1
    assert "<title>Ihr Kommentar ist " in page.text


def test_it_still_counts(citizen, goal, open_phase):
    comment = post_comment(author=citizen, strategy=goal.strategy, goal=goal, text=TEXT)

    withdraw_comment(comment=comment, by=citizen)

    assert open_phase.tally() == {"contributions": 1, "participants": 1}


def test_nobody_hears_of_words_that_were_taken_back(citizen, goal, mailoutbox):
    author = UserFactory()
    comment = post_comment(author=author, strategy=goal.strategy, goal=goal, text="Hallo.")
    reply = post_comment(
        author=citizen, strategy=goal.strategy, goal=goal, text=TEXT, parent=comment
    )

    withdraw_comment(comment=reply, by=citizen)
    send_due_notifications()

    assert not Notification.objects.filter(about=reply.about).exists()
    assert [mail for mail in mailoutbox if TEXT in mail.body] == []


def test_only_once(comment, citizen):
    withdraw_comment(comment=comment, by=citizen)

    with pytest.raises(WithdrawalRefused):
        withdraw_comment(comment=comment, by=citizen)


def test_a_hidden_comment_can_be_withdrawn_and_what_was_decided_stays_said(
    comment, citizen, signed_in
):
    way = reverse("withdraw", args=[hidden(comment).pk])
    client = signed_in(citizen)
    assert "Das können Sie nicht rückgängig machen." in client.get(way).content.decode()

    client.post(way)

    comment.refresh_from_db()
    assert comment.withdrawn_at
    assert "von der Moderation ausgeblendet. Grund: Regel" in page_of(client, comment)


def test_before_withdrawing_it_is_said_whether_it_can_be_undone(
    comment, citizen, signed_in, open_phase
):
    way = reverse("withdraw", args=[comment.pk])
    assert "30 Tage lang können Sie ihn wieder zeigen" in signed_in(citizen).get(way).text

    close(open_phase)

    page = signed_in(citizen).get(way).text
    assert "30 Tage lang" not in page
    assert "Das können Sie nicht rückgängig machen." in page


def test_who_signs_in_on_the_way_to_showing_it_again_finds_the_button(comment, citizen, signed_in):
    withdraw_comment(comment=comment, by=citizen)
    way = reverse("show_again", args=[comment.pk])

    page = signed_in(citizen).get(way, follow=True)

    assert f'action="{way}"' in page.text
    comment.refresh_from_db()
    assert comment.withdrawn_at


@pytest.mark.parametrize("role", ["Moderation", "Redaktion"])
def test_staff_cannot_withdraw_the_words_of_others(comment, role):
    with pytest.raises(WithdrawalRefused):
        withdraw_comment(comment=comment, by=UserFactory(is_staff=True, role=role))


# Taking it back


def withdrawn_since(comment, moment):
    comment.withdrawn_at = moment
    comment.save()
    return comment


def test_it_can_be_shown_again(comment, citizen, client):
    withdraw_comment(comment=comment, by=citizen)

    take_back_withdrawal(comment=comment, by=citizen)

    assert TEXT in page_of(client, comment)


def test_for_thirty_days(comment, citizen, open_phase):
    open_phase.opens_at = days(-60)
    open_phase.save()
    limit = TAKE_BACK_WITHDRAWAL.days

    with pytest.raises(WithdrawalRefused):
        take_back_withdrawal(comment=withdrawn_since(comment, days(-limit - 0.1)), by=citizen)
    take_back_withdrawal(comment=withdrawn_since(comment, days(-limit + 0.1)), by=citizen)


def test_while_its_phase_is_open(comment, citizen, open_phase):
    close(open_phase)

    with pytest.raises(WithdrawalRefused):
        take_back_withdrawal(comment=withdrawn_since(comment, days(-0.05)), by=citizen)


def test_it_is_offered_as_long_as_it_is_possible(comment, signed_in, citizen, open_phase):
    withdrawn_since(comment, days(-0.05))
    way = f'href="{reverse("withdraw", args=[comment.pk])}"'
    assert way in page_of(signed_in(citizen), comment)

    close(open_phase)

    assert way not in page_of(signed_in(citizen), comment)


def test_by_its_author(comment):
    with pytest.raises(WithdrawalRefused):
        take_back_withdrawal(comment=withdrawn_since(comment, days(-1)), by=UserFactory())


def test_who_is_suspended_shows_nothing_again(comment, citizen):
    withdraw_comment(comment=comment, by=citizen)
    citizen.suspended_until = days(5)
    citizen.save()

    with pytest.raises(WithdrawalRefused, match="Sie können hier bis"):
        take_back_withdrawal(comment=comment, by=citizen)


def test_what_has_been_said_again_meanwhile_is_not_shown_twice(comment, goal, citizen):
    withdraw_comment(comment=comment, by=citizen)
    again = post_comment(author=citizen, strategy=goal.strategy, goal=goal, text=TEXT)

    with pytest.raises(WithdrawalRefused, match=f"schon veröffentlicht: Nr. {again.pk}"):
        take_back_withdrawal(comment=comment, by=citizen)


def test_not_when_it_was_not_withdrawn(comment, citizen):
    with pytest.raises(WithdrawalRefused):
        take_back_withdrawal(comment=comment, by=citizen)


def test_what_was_hidden_stays_hidden(comment, citizen, client):
    withdraw_comment(comment=hidden(comment), by=citizen)

    take_back_withdrawal(comment=comment, by=citizen)

    page = page_of(client, comment)
    assert TEXT not in page
    assert "von der Moderation ausgeblendet" in page


def test_an_answer_that_is_shown_again_is_news_again_but_once(citizen, goal):
    author = UserFactory()
    comment = post_comment(author=author, strategy=goal.strategy, goal=goal, text="Bänke fehlen.")
    reply = post_comment(
        author=citizen, strategy=goal.strategy, goal=goal, text="Am Markt auch.", parent=comment
    )
    news = author.notifications.filter(key=f"reply:{reply.pk}")

    withdraw_comment(comment=reply, by=citizen)
    assert not news.exists()
    take_back_withdrawal(comment=reply, by=citizen)

    assert news.count() == 1
