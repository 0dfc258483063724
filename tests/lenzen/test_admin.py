import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils.html import strip_tags

from accounts.models import TaskRun
from comments.actions import hide_comment
from comments.models import Comment, Decision
from comments.rulebook import Rule
from lenzen.admin import TASKS
from strategies.actions import close_phase, extend_phase
from strategies.models import TAKE_BACK, Phase, PhaseEvent
from tests.factories import (
    CommentFactory,
    NotificationFactory,
    PhaseFactory,
    ReportFactory,
    StrategyFactory,
    SubscriptionFactory,
    UserFactory,
    days,
)

pytestmark = pytest.mark.django_db
INDEX = reverse("admin:index")
OUTBOX = reverse("admin:accounts_notification_changelist")


def worker_ran(days_ago):
    for task in TASKS:
        TaskRun.objects.update_or_create(task=task, defaults={"finished_at": days(-days_ago)})


def test_the_admin_is_entered_through_our_own_door_only(client, signed_in, citizen, editor):
    login = reverse("admin:login")
    ours = f"{reverse('account_login')}?next=%2Fadmin%2F"

    assert client.get(INDEX, follow=True).redirect_chain[-1][0].startswith(ours)
    assert client.post(login, {"username": "x", "password": "y"}).url.startswith(
        reverse("account_login")
    )
    assert signed_in(citizen).get(login).status_code == 403
    assert signed_in(citizen).get(INDEX, follow=True).status_code == 403
    assert signed_in(editor).get(login).url == INDEX


def test_only_our_own_models_are_there():
    registered = {model._meta.label_lower for model in admin.site._registry}

    assert registered == {
        "strategies.strategy",
        "comments.comment",
        "accounts.user",
        "accounts.bounce",
        "accounts.notification",
        "accounts.town",
        "accounts.statement",
        "accounts.pageversion",
    }


def test_crumbs_lead_to_no_empty_page(signed_in, moderator):
    client = signed_in(moderator)
    crumb = reverse("admin:app_list", args=["comments"])

    assert crumb in client.get(reverse("admin:comments_comment_changelist")).content.decode()
    assert client.get(crumb).url == INDEX


def test_an_editor_finds_what_is_open_what_is_promised_and_what_is_a_draft(signed_in, editor):
    phase = PhaseFactory(strategy__title="Open paths")
    over = PhaseFactory(
        strategy__title="Promised answer", opens_in=-9, closes_in=-5, answer_by=days(-1).date()
    )
    StrategyFactory(title="Unfinished draft", published_at=None)

    response = signed_in(editor).get(INDEX)

    found = response.context
    assert [work["phase"].strategy.title for work in found["open_phases"]] == ["Open paths"]
    for number, name in ((phase.pk, "extend"), (phase.pk, "close"), (over.pk, "answer")):
        deed = reverse("admin:strategies_strategy_phase", args=[number, name])
        assert f'<a class="deed" href="{deed}">' in response.content.decode()
    assert [phase.strategy.title for phase in found["late_answers"]] == ["Promised answer"]
    assert [strategy.title for strategy in found["drafts"]] == ["Unfinished draft"]
    assert "newest_comments" not in found


def test_a_moderator_finds_the_newest_comments(signed_in, moderator):
    comment = CommentFactory()

    found = signed_in(moderator).get(INDEX)

    assert list(found.context["newest_comments"]) == [comment]
    assert f"{reverse('admin:comments_comment_hide')}?ids={comment.pk}" in found.content.decode()
    assert comment.place in found.content.decode()
    assert "open_phases" not in found.context


def test_a_reported_comment_stands_there_once_with_all_that_decides(signed_in, moderator):
    comment = CommentFactory(text="Mein Nachbar ist ein Dieb. " * 30)
    report = ReportFactory(comment=comment, words="Das stimmt nicht.", rule=Rule.PRIVACY)

    found = signed_in(moderator).get(INDEX)

    assert found.context["newest_comments"] == []
    page = found.content.decode()
    for words in (comment.author_name, comment.place, comment.text.strip()):
        assert words in page
    assert report.reason in page
    assert report.words in page


def test_what_may_be_against_the_law_is_decided_first(signed_in, moderator):
    longest = ReportFactory(reported_at=days(-3)).comment
    latest = ReportFactory(rule=Rule.LAW, words="§ 185 StGB").comment
    ReportFactory(comment=latest)

    found = signed_in(moderator).get(INDEX)

    assert found.context["reported_comments"] == [latest, longest]


def test_who_decides_from_the_first_page_comes_back_to_it(signed_in, moderator):
    reported = ReportFactory().comment
    client = signed_in(moderator)
    links = [
        f"{reverse(f'admin:comments_comment_{deed}')}?ids={reported.pk}&from=index"
        for deed in ("hide", "dismiss")
    ]

    page = client.get(INDEX).content.decode()
    for link in links:
        assert link.replace("&", "&amp;") in page
        assert client.get(link).context["back"] == INDEX
    said = {"explanation": "It breaks no rule.", f"version_{reported.pk}": 1}
    assert client.post(links[1], said).url == INDEX
    undo = reverse("admin:comments_comment_take_back", args=[Decision.objects.get().pk])
    assert client.post(undo).url == INDEX


def test_deeds_can_be_taken_back_from_the_first_page(signed_in, editor, moderator, open_phase):
    SubscriptionFactory.create_batch(2, strategy=open_phase.strategy)
    comment = CommentFactory(phase=open_phase)
    hide_comment(comment=comment, rule=Rule.PRIVACY, explanation="A name.", by=moderator)
    close_phase(phase=open_phase, by=editor, reason="The hall is flooded.")
    administrator = UserFactory(is_staff=True, is_superuser=True)
    client = signed_in(administrator)

    deeds = client.get(INDEX).context["deeds"]
    for deed in deeds:
        client.post(deed["url"])

    # A colleague and two subscribers hear of the closing, the author of the hiding.
    assert [deed["messages"] for deed in deeds] == [3, 1]
    assert Phase.objects.open().exists()
    assert Comment.objects.visible().exists()
    assert client.get(INDEX).context["deeds"] == []


def test_the_newest_deed_comes_first_and_is_undone_first(signed_in, editor, open_phase):
    for days_more in (5, 6):
        extend_phase(phase=open_phase, closes_at=days(days_more), by=editor, reason="Holidays.")
    client = signed_in(editor)
    newest, oldest = client.get(INDEX).context["deeds"]

    refused = client.post(oldest["url"], follow=True).content.decode()
    assert "Bitte machen Sie zuerst rückgängig, was danach geschehen ist." in refused
    client.post(newest["url"])
    client.post(oldest["url"])

    assert Phase.objects.get().closes_at == open_phase.closes_at
    assert not PhaseEvent.objects.exists()


def test_what_was_done_and_when_its_messages_leave_are_two_sentences(signed_in, moderator):
    comment = CommentFactory()
    hide_comment(comment=comment, rule=Rule.PRIVACY, explanation="A name.", by=moderator)

    text = strip_tags(signed_in(moderator).get(INDEX).content.decode())

    said = f"ausgeblendet: Nr. {comment.pk}. 1 Nachricht geht um "
    assert said in " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())


def test_a_deed_is_offered_as_long_as_it_can_be_taken_back(signed_in, editor, open_phase):
    close_phase(phase=open_phase, by=editor, reason="The hall is flooded.")
    PhaseEvent.objects.update(moment=days(0) - TAKE_BACK)

    assert signed_in(editor).get(INDEX).context["deeds"] == []


def test_nothing_to_do_is_said_with_the_time_of_the_last_check(signed_in, moderator):
    worker_ran(days_ago=0)
    CommentFactory()

    assert "Nichts zu tun. Letzte Prüfung: " in signed_in(moderator).get(INDEX).content.decode()


def test_messages_that_did_not_arrive_are_counted_by_what_became_of_them(signed_in, editor):
    for outcome, number, days_ago in [("given_up", 1, 1), ("expired", 2, 6), ("expired", 4, 8)]:
        ended = {"outcome": outcome, "ended_at": days(-days_ago)}
        NotificationFactory.create_batch(number, **ended)
    NotificationFactory(outcome="sent", ended_at=days(-1))

    page = signed_in(editor).get(INDEX)

    assert (page.context["given_up"], page.context["expired"]) == (1, 2)
    assert f"{OUTBOX}?state=given_up" in page.text
    assert f"{OUTBOX}?state=expired" in page.text
    assert not page.context["is_nothing_to_do"]


@pytest.mark.parametrize(
    ("minutes", "stands_still"), [(1, False), (4, False), (6, True), (600, True)]
)
def test_a_worker_that_stands_still_is_told(signed_in, editor, minutes, stands_still):
    worker_ran(days_ago=minutes / 24 / 60)

    found = signed_in(editor).get(INDEX)

    assert found.context["worker"]["stands_still"] == stands_still
    assert "Worker zuletzt vor " in found.content.decode()


def test_a_worker_in_its_first_minute_does_not_stand_still(signed_in, editor):
    TaskRun.objects.create(task="send_notifications")

    assert not signed_in(editor).get(INDEX).context["worker"]["stands_still"]


def test_a_worker_that_never_ran_is_told(signed_in, editor):
    assert signed_in(editor).get(INDEX).context["worker"]["stands_still"]


@pytest.mark.parametrize("number", [1, 3])
def test_first_page_asks_as_often_for_three_as_for_one(
    signed_in, number, django_assert_num_queries
):
    for phase in PhaseFactory.create_batch(number):
        comment = CommentFactory(phase=phase)
        staff = UserFactory(is_staff=True, is_superuser=True)
        hide_comment(comment=comment, rule=Rule.LAW, explanation="No.", by=staff)
        ReportFactory(comment=CommentFactory(phase=phase))
    client = signed_in(UserFactory(is_staff=True, is_superuser=True))

    with django_assert_num_queries(16):
        response = client.get(INDEX)

    assert len(response.context["open_phases"]) == number
    assert len(response.context["deeds"]) == number
