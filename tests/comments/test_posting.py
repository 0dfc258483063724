"""What happens when somebody writes: what is kept, who hears of it, and what is refused."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.html import escape

from accounts.models import Notification, User
from comments.actions import CommentRefused, post_comment
from comments.models import MAX_LENGTH, Comment, Draft
from comments.rules import refusal
from strategies.models import Participation, Phase, Strategy, Subscription
from strategies.subscriptions import unsubscribe
from strategies.wording import day_and_time
from tests.factories import (
    CommentFactory,
    GoalFactory,
    PhaseFactory,
    ReplyFactory,
    UserFactory,
    days,
    hidden,
    withdrawn,
)

pytestmark = pytest.mark.django_db

TEXT = "Mehr Bäume am <Markt> & Bänke."
WHO = {"name": "Deichgängerin", "email": "deich@example.org"}


def post(client, goal, text=TEXT, **more):
    return client.post(goal.get_absolute_url(), {"text": text, **more})


def refused(response) -> str:
    """The page of a refusal; the text must stand on it."""
    assert response.status_code == 409
    return response.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def subjects(person) -> list[str]:
    return list(person.notifications.order_by("pk").values_list("subject", flat=True))


# What is kept


def test_a_comment_leads_to_itself_and_is_there_for_everybody(signed_in, client, citizen, goal):
    response = post(signed_in(citizen), goal)

    comment = Comment.objects.get()
    assert response.url == f"/kommentare/{comment.pk}/?neu=1"
    assert client.get(f"/kommentare/{comment.pk}/").url.endswith(f"#kommentar-{comment.pk}")
    assert escape(TEXT) in client.get(goal.get_absolute_url()).content.decode()


def test_its_time_lies_in_the_phase(citizen, goal, open_phase):
    comment = post_comment(author=citizen, strategy=goal.strategy, goal=goal, text=TEXT)

    comment.refresh_from_db()
    assert comment.phase == open_phase
    assert open_phase.opens_at <= comment.posted_at < open_phase.closes_at


def test_the_badge_of_staff_is_kept_with_the_comment(moderator, goal):
    moderator.badge_text = "Bürgermeister"
    comment = post_comment(author=moderator, strategy=goal.strategy, goal=goal, text=TEXT)
    moderator.badge_text = "Bauamt"
    moderator.save()

    comment.refresh_from_db()
    assert comment.badge == "Bürgermeister"


def test_staff_without_a_badge_of_their_own_speak_for_the_administration(moderator, goal):
    comment = post_comment(author=moderator, strategy=goal.strategy, goal=goal, text=TEXT)

    assert comment.badge == "Verwaltung"
    assert not Comment.objects.contributions().exists()


def test_the_first_comment_marks_the_goal(citizen, goal):
    assert goal.commented_at is None

    first = post_comment(author=citizen, strategy=goal.strategy, goal=goal, text=TEXT)
    post_comment(author=citizen, strategy=goal.strategy, goal=goal, text="Noch etwas.")

    goal.refresh_from_db()
    first.refresh_from_db()
    assert goal.commented_at == first.posted_at


def test_line_breaks_count_once_and_stay(signed_in, citizen, client, goal):
    half = "a" * (MAX_LENGTH // 2 - 1)

    assert post(signed_in(citizen), goal, f"{half}\r\n\r\n{half}").status_code == 302

    assert Comment.objects.get().text == f"{half}\n\n{half}"
    assert f"<p>{half}</p>" in client.get(goal.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("Eins\nzwei", "Eins<br>zwei"),
        ('"><img src=x onerror=alert(1)>', "&quot;&gt;&lt;img src=x onerror=alert(1)&gt;"),
        ("javascript:alert(1)", "<p>javascript:alert(1)</p>"),
    ],
)
def test_words_are_shown_as_words(text, shown, client, goal, open_phase):
    CommentFactory(goal=goal, phase=open_phase, text=text)

    for path in (goal.get_absolute_url(), reverse("print", args=[goal.strategy.slug])):
        assert shown in client.get(path).content.decode()


def test_links_are_links_and_nothing_that_search_engines_follow(client, goal, open_phase):
    CommentFactory(goal=goal, phase=open_phase, text="Siehe https://example.org/a?b=1&c=2.")

    page = client.get(goal.get_absolute_url()).content.decode()

    assert 'href="https://example.org/a?b=1&amp;c=2" rel="nofollow ugc noopener"' in page


# Participation and those who hear of it


def test_contributions_are_counted_for_each_person_and_phase(citizen, moderator, goal):
    for author, text in [(citizen, "Eins."), (citizen, "Zwei."), (moderator, "Drei.")]:
        post_comment(author=author, strategy=goal.strategy, goal=goal, text=text)

    rows = Participation.objects.values_list("person", "contributions", "by_staff")
    assert set(rows) == {(citizen.pk, 2, False), (moderator.pk, 1, True)}
    assert goal.strategy.phases.get().tally() == {"contributions": 2, "participants": 1}


@pytest.mark.parametrize("has_goals", [True, False])
def test_what_is_said_on_a_strategy_as_a_whole_is_counted_on_its_page(
    has_goals, client, goal, open_phase
):
    whole = f"{goal.strategy.get_absolute_url()}diskussion/#kommentare"
    if not has_goals:
        goal.delete()
    assert whole not in client.get(goal.strategy.get_absolute_url()).text
    CommentFactory.create_batch(2, goal=None, phase=open_phase)
    CommentFactory(goal=None, phase=open_phase, badge="Bauamt")

    page = client.get(goal.strategy.get_absolute_url()).text

    assert f'<a href="{whole}">2 Kommentare<' in page


def test_the_first_contribution_is_confirmed_with_its_words(citizen, goal):
    comment = post_comment(author=citizen, strategy=goal.strategy, goal=goal, text=TEXT)
    post_comment(author=citizen, strategy=goal.strategy, goal=goal, text="Noch etwas.")

    message = citizen.notifications.get()
    assert message.subject == f"Ihr Kommentar Nr. {comment.pk} ist eingegangen und veröffentlicht"
    assert TEXT in message.body
    assert f"/kommentare/{comment.pk}/" in message.body


def test_staff_get_no_receipt(moderator, goal):
    post_comment(author=moderator, strategy=goal.strategy, goal=goal, text=TEXT)

    assert not Notification.objects.exists()


def test_a_reply_tells_the_author_of_the_comment(citizen, goal):
    author = UserFactory()
    comment = post_comment(author=author, strategy=goal.strategy, goal=goal, text=TEXT)
    Notification.objects.all().delete()

    post_comment(author=citizen, strategy=goal.strategy, goal=goal, text="Welche?", parent=comment)

    (subject,) = subjects(author)
    assert subject == f"{citizen} hat auf Ihren Kommentar Nr. {comment.pk} geantwortet"


def test_who_answers_oneself_is_not_told(citizen, goal):
    comment = post_comment(author=citizen, strategy=goal.strategy, goal=goal, text=TEXT)
    Notification.objects.all().delete()

    post_comment(author=citizen, strategy=goal.strategy, goal=goal, text="Und?", parent=comment)

    assert not Notification.objects.exists()


def test_who_switched_messages_off_is_not_told_of_replies(citizen, goal):
    author = UserFactory()
    comment = post_comment(author=author, strategy=goal.strategy, goal=goal, text=TEXT)
    Notification.objects.all().delete()
    unsubscribe(person_id=author.pk, strategy_id=goal.strategy_id)

    post_comment(author=citizen, strategy=goal.strategy, goal=goal, text="Welche?", parent=comment)

    assert not author.notifications.exists()


def answered(author, citizen, goal):
    """The news of an answer to ``author``, if they are told."""
    place = {"strategy": goal.strategy, "goal": goal}
    comment = post_comment(author=author, text=TEXT, **place)
    reply = post_comment(author=citizen, text="Welche?", parent=comment, **place)
    return author.notifications.filter(key=f"reply:{reply.pk}").first()


def test_an_answer_is_told_as_often_as_its_reader_chose(citizen, goal):
    news = {rhythm: UserFactory(news_rhythm=rhythm) for rhythm in User.Rhythm}
    news = {rhythm: answered(author, UserFactory(), goal) for rhythm, author in news.items()}

    assert news[User.Rhythm.NEVER] is None
    assert news[User.Rhythm.WEEKLY].is_gathered
    assert not news[User.Rhythm.AT_ONCE].is_gathered


def test_receipts_and_answers_are_ended_with_one_click(citizen, goal):
    author = UserFactory()
    answered(author, citizen, goal)

    receipt, answer = author.notifications.all()
    assert "/abbestellen/" in receipt.unsubscribe_url
    assert "/abbestellen/" in answer.unsubscribe_url


def test_a_comment_follows_the_strategy(citizen, goal):
    post_comment(author=citizen, strategy=goal.strategy, goal=goal, text=TEXT)

    assert Subscription.objects.current().get().person == citizen


# Refusals: each says why, and the text stands on the page


def test_closed_while_typing(signed_in, citizen, goal):
    goal.strategy.phases.update(closes_at=days(-0.01))

    page = refused(post(signed_in(citizen), goal))

    assert "Das Kommentieren endete um " in page
    assert " Uhr, während Sie geschrieben haben. Ihr Kommentar wurde nicht veröffentlicht." in page
    recipient = "Town hall, telephone 123, bauamt@lenzen.example"
    assert f"Sie können ihn kopieren und an {recipient} senden" in page
    assert escape(TEXT) in page


def test_a_contact_with_an_address_is_named_as_it_is(signed_in, citizen, goal):
    Strategy.objects.update(contact="Rathaus, rathaus@lenzen.example")
    goal.strategy.phases.update(closes_at=days(-0.01))

    page = refused(post(signed_in(citizen), goal))

    assert "an Rathaus, rathaus@lenzen.example senden" in page


def test_closed_while_somebody_wrote_too_much(signed_in, citizen, goal):
    """What is wrong with the words does not matter any more."""
    goal.strategy.phases.update(closes_at=days(-0.01))
    words = "a" * (MAX_LENGTH + 1)

    page = refused(post(signed_in(citizen), goal, words))

    assert "Ihr Kommentar wurde nicht veröffentlicht." in page
    assert "<title>Fehler: " in page
    assert words in page


def test_closed_long_ago(signed_in, citizen, goal):
    goal.strategy.phases.update(opens_at=days(-9), closes_at=days(-5))

    page = refused(post(signed_in(citizen), goal))

    assert "Das Kommentieren endete am " in page
    assert escape(TEXT) in page
    assert '<h2 class="visually-hidden" id="schreiben">Beendet</h2>' in page


def test_not_yet_open(signed_in, citizen):
    goal = GoalFactory(strategy=PhaseFactory(opens_in=1, closes_in=2).strategy)

    page = refused(post(signed_in(citizen), goal))

    assert "Kommentieren ist noch nicht möglich." in page
    assert escape(TEXT) in page


def test_closed_also_for_those_who_are_not_signed_in(client, goal):
    """Nobody is sent through the door for nothing."""
    goal.strategy.phases.update(closes_at=days(-0.01))

    page = refused(post(client, goal, **WHO))

    assert escape(TEXT) in page
    assert not Draft.objects.exists()


def test_too_long(signed_in, citizen, goal):
    response = post(signed_in(citizen), goal, "a" * (MAX_LENGTH + 1312))

    page = response.content.decode()
    assert (
        "Ihr Kommentar ist 1.312 Zeichen zu lang. Erlaubt sind 4.000. Bitte kürzen Sie ihn, oder"
        " senden Sie Ihre Stellungnahme an Town hall, telephone 123, bauamt@lenzen.example."
        " Sie wird genauso ausgewertet."
    ) in page
    assert "a" * (MAX_LENGTH + 1312) in page
    assert "<title>Fehler: " in page
    assert not Comment.objects.exists()


@pytest.mark.parametrize("text", ["", "   ", "\r\n\r\n", "\N{ZERO WIDTH SPACE} \N{SOFT HYPHEN}"])
def test_nothing_written(text, signed_in, citizen, goal):
    response = post(signed_in(citizen), goal, text)

    assert "Bitte schreiben Sie zuerst etwas." in response.content.decode()
    assert not Comment.objects.exists()


@pytest.mark.parametrize(("rhythm", "promises"), [("at_once", True), ("never", False)])
def test_the_receipt_promises_no_news_to_who_wants_none(citizen, goal, rhythm, promises):
    citizen.news_rhythm = User.Rhythm[rhythm.upper()]
    citizen.save(update_fields=["news_rhythm"])

    post_comment(author=citizen, strategy=goal.strategy, goal=goal, text="Mehr Bänke.")

    receipt = Notification.objects.get(key__startswith="receipt:").body
    assert ("Von nun an erfahren Sie" in receipt) is promises


def test_the_receipt_promises_no_news_of_what_was_switched_off(citizen, goal):
    unsubscribe(person_id=citizen.pk, strategy_id=goal.strategy_id)

    post_comment(author=citizen, strategy=goal.strategy, goal=goal, text="Mehr Bänke.")

    assert "Von nun an erfahren Sie" not in citizen.notifications.get().body


def test_the_same_text_again(signed_in, citizen, goal):
    client = signed_in(citizen)
    post(client, goal)

    page = refused(post(client, goal))

    number = Comment.objects.get().pk
    assert f"Diesen Text haben Sie hier schon veröffentlicht: Nr. {number}." in page
    assert escape(TEXT) in page


def test_the_same_text_is_welcome_elsewhere_from_others_and_after_withdrawing(citizen, goal):
    first = post_comment(author=citizen, strategy=goal.strategy, goal=goal, text=TEXT)
    other_goal = GoalFactory(strategy=goal.strategy)

    post_comment(author=citizen, strategy=goal.strategy, goal=other_goal, text=TEXT)
    post_comment(author=citizen, strategy=goal.strategy, text=TEXT)
    post_comment(author=UserFactory(), strategy=goal.strategy, goal=goal, text=TEXT)
    withdrawn(first)
    post_comment(author=citizen, strategy=goal.strategy, goal=goal, text=TEXT)

    assert Comment.objects.count() == 5


def test_five_in_ten_minutes_are_enough(signed_in, citizen, goal):
    client = signed_in(citizen)
    for number in range(5):
        assert post(client, goal, f"Nummer {number}.").status_code == 302

    page = refused(post(client, goal))

    assert "Sie haben in kurzer Zeit viele Kommentare geschrieben. Ab " in page
    assert " Uhr können Sie weiterschreiben. Ihr Text ist noch da." in page
    assert escape(TEXT) in page

    Comment.objects.update(posted_at=days(0) - timedelta(minutes=11))
    assert post(client, goal).status_code == 302


def test_fifty_a_day_are_enough(citizen, goal, open_phase):
    CommentFactory.create_batch(
        50, author=citizen, goal=goal, phase=open_phase, posted_at=days(-0.9)
    )

    with pytest.raises(CommentRefused) as error:
        post_comment(author=citizen, strategy=goal.strategy, goal=goal, text=TEXT)

    assert error.value.refusal.code == "flooding"


def refused_now(author, goal):
    """Why this would be refused at this moment, or None."""
    phase = Phase.objects.open().clocked().get()
    return refusal(author, goal.strategy, phase, goal=goal, text=TEXT)


@pytest.mark.parametrize(
    ("number", "age", "is_refused"),
    [
        (5, timedelta(minutes=9), True),
        (5, timedelta(minutes=11), False),
        (4, timedelta(0), False),
        (50, timedelta(hours=23), True),
        (50, timedelta(hours=25), False),
        (49, timedelta(hours=23), False),
    ],
)
def test_how_many_in_how_long(number, age, is_refused, citizen, goal, open_phase):
    said = {"author": citizen, "goal": goal, "phase": open_phase}
    CommentFactory.create_batch(number, posted_at=days(0) - age, **said)

    assert (refused_now(citizen, goal) is not None) == is_refused


def test_who_has_to_wait_for_long_reads_until_which_day(citizen, goal, open_phase):
    """The longer of two waits counts."""
    said = {"author": citizen, "goal": goal, "phase": open_phase}
    first, *_others = CommentFactory.create_batch(45, posted_at=days(-0.1), **said)
    CommentFactory.create_batch(5, posted_at=days(0), **said)

    free_at = first.posted_at + timedelta(days=1, minutes=1)

    assert f"Ab {day_and_time(free_at)} können Sie" in refused_now(citizen, goal).sentence


def test_staff_may_answer_as_often_as_they_like(moderator, goal, open_phase):
    CommentFactory.create_batch(9, author=moderator, goal=goal, phase=open_phase)

    post_comment(author=moderator, strategy=goal.strategy, goal=goal, text=TEXT)


def test_suspended(signed_in, citizen, goal):
    citizen.suspended_until = days(2)
    citizen.save()

    page = refused(post(signed_in(citizen), goal))

    assert "Sie können hier bis " in page
    assert escape(TEXT) in page


def test_suspended_until_yesterday(citizen, goal):
    citizen.suspended_until = days(-1)
    citizen.save()

    post_comment(author=citizen, strategy=goal.strategy, goal=goal, text=TEXT)


@pytest.mark.parametrize("what_became_of_it", [hidden, withdrawn])
def test_a_comment_that_is_gone_cannot_be_answered(what_became_of_it, citizen, goal, open_phase):
    comment = what_became_of_it(CommentFactory(goal=goal, phase=open_phase))

    with pytest.raises(CommentRefused) as error:
        post_comment(author=citizen, strategy=goal.strategy, goal=goal, text=TEXT, parent=comment)

    assert error.value.refusal.code == "parent"


def test_a_reply_stands_one_level_deep(citizen, goal, open_phase):
    reply = ReplyFactory(parent=CommentFactory(goal=goal, phase=open_phase))

    with pytest.raises(CommentRefused):
        post_comment(author=citizen, strategy=goal.strategy, goal=goal, text=TEXT, parent=reply)


def test_a_reply_stands_where_its_comment_stands(signed_in, citizen, goal, open_phase):
    elsewhere = CommentFactory(goal=GoalFactory(strategy=goal.strategy), phase=open_phase)

    response = post(signed_in(citizen), goal, parent=elsewhere.pk)

    assert response.status_code != 302
    assert escape(TEXT) in response.content.decode()
    assert Comment.objects.count() == 1


def test_a_refused_comment_leaves_no_trace(citizen, goal, open_phase):
    citizen.suspended_until = days(2)

    with pytest.raises(CommentRefused):
        post_comment(author=citizen, strategy=goal.strategy, goal=goal, text=TEXT)

    assert not Participation.objects.exists()
    assert not Notification.objects.exists()
    assert not Subscription.objects.exists()


# Without sign-in the text waits


def test_the_text_waits_behind_the_code_and_is_not_published_by_itself(client, citizen, goal):
    door = post(client, goal, **WHO)
    assert door.url.startswith(reverse("publish_with_code"))

    client.force_login(citizen)
    page = client.get(goal.get_absolute_url()).content.decode()
    assert escape(TEXT) in page
    assert not Comment.objects.exists()

    assert post(client, goal).status_code == 302
    assert not Draft.objects.exists()


def test_what_was_written_last_stands_in_the_form(client, citizen, goal):
    place = {"strategy": goal.strategy, "goal": goal}
    Draft.objects.create(person=citizen, text="Old words.", saved_at=days(-1), **place)
    post(client, goal, **WHO)

    client.force_login(citizen)

    assert client.get(goal.get_absolute_url()).context["form"]["text"].value() == TEXT


def test_nobody_else_sees_the_text_that_waits(client, signed_in, citizen, goal):
    post(client, goal, **WHO)

    for reader in (signed_in(citizen), signed_in(UserFactory())):
        assert escape(TEXT) not in reader.get(goal.get_absolute_url()).content.decode()


def test_the_text_waits_only_where_it_was_written(client, citizen, goal):
    post(client, goal, **WHO)
    client.force_login(citizen)

    other = GoalFactory(strategy=goal.strategy)
    assert escape(TEXT) not in client.get(other.get_absolute_url()).content.decode()


def test_an_answer_waits_as_an_answer(client, citizen, goal, open_phase):
    comment = CommentFactory(goal=goal, phase=open_phase)

    door = post(client, goal, parent=comment.pk, **WHO)
    client.force_login(citizen)
    page = client.get(goal.get_absolute_url(), {"antwort": comment.pk}).content.decode()

    assert f"antwort%3D{comment.pk}" in door.url
    assert escape(TEXT) in page


def test_without_a_name_the_text_waits_until_one_is_chosen(signed_in, goal):
    nameless = UserFactory(public_name="")

    response = post(signed_in(nameless), goal)

    assert response.url.startswith(reverse("choose_name"))
    assert Draft.objects.get().text == TEXT
    assert not Comment.objects.exists()


@pytest.mark.parametrize("number", ["9" * 25, "9" * 5000, "²"])
def test_numbers_that_no_comment_has_break_nothing(client, signed_in, citizen, goal, number):
    page, reader = goal.get_absolute_url(), signed_in(citizen)
    comment = CommentFactory(goal=goal, phase=goal.strategy.phases.get())
    vote = reverse("vote", args=[comment.pk])

    assert client.get(page, {"antwort": number}).status_code == 200
    assert reader.get(page, {"antwort": number}).status_code == 200
    assert reader.post(page, {"text": TEXT, "parent": number}).status_code == 200
    assert reader.post(f"{vote}?fassung={number}", {"stimme": "ja"}).status_code == 400


def test_an_expired_session_loses_nothing(client, goal):
    """The form says that somebody was signed in when it was opened."""
    response = client.post(goal.get_absolute_url(), {"text": TEXT, "signed_in": "1"}, follow=True)

    assert "Sie sind nicht mehr angemeldet. Ihr Text ist noch da." in response.content.decode()
    assert Draft.objects.get().text == TEXT


def test_news_are_promised_only_to_those_who_want_some(client, signed_in, citizen, goal):
    promise = "Nach Ihrem ersten Kommentar halten wir Sie"
    page = goal.get_absolute_url()
    reader = signed_in(citizen)
    assert promise in client.get(page).text
    assert promise in reader.get(page).text

    citizen.news_rhythm = citizen.Rhythm.NEVER
    citizen.save()

    assert promise not in reader.get(page).text
