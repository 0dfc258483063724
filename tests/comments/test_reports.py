"""Anybody may report a comment; a person decides, and who reported hears of it."""

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from accounts.models import Notification, User
from comments.actions import (
    ModerationRefused,
    dismiss_reports,
    hide_comment,
    restore_comment,
    take_back_decision,
)
from comments.models import Decision, Report
from comments.reports import ReportRefused, report_comment
from comments.rulebook import Rule
from comments.rules import MOST_REPORTS
from strategies.models import TAKE_BACK
from tests.factories import (
    CommentFactory,
    DecisionFactory,
    ReplyFactory,
    ReportFactory,
    UserFactory,
    days,
    hidden,
    withdrawn,
)

pytestmark = pytest.mark.django_db

WORDS = "Das ist die Adresse meiner Nachbarin."
WHY = "Der Kommentar nennt keine Adresse."
SENT = {"rule": Rule.PRIVACY, "words": WORDS}


@pytest.fixture
def comment(goal, open_phase):
    return CommentFactory(goal=goal, phase=open_phase)


def page_of(comment):
    return reverse("report", args=[comment.pk])


def report(client, comment, **said):
    return client.post(page_of(comment), SENT | said)


def hide(comment, by):
    return hide_comment(comment=comment, rule=Rule.PRIVACY, explanation="Eine Adresse.", by=by)


def dismiss(comment, by, explanation=WHY):
    return dismiss_reports(comment=comment, explanation=explanation, by=by)


def told_about(decision):
    rows = Notification.objects.filter(about=decision.about, key__endswith=":reports")
    return [message.to for message in rows]


# Reporting


def test_a_visitor_reports_without_name_session_or_cookie(comment, client):
    response = report(client, comment)

    saved = Report.objects.get()
    assert (saved.comment, saved.rule, saved.words) == (comment, Rule.PRIVACY, WORDS)
    assert (saved.reporter, saved.name, saved.email) == (None, "", "")
    assert not Notification.objects.exists()
    assert "Ihre Meldung ist angekommen" in client.get(response.url).content.decode()
    assert not client.cookies


def test_a_browser_that_sends_its_origin_needs_no_token(comment, settings):
    browser = Client(enforce_csrf_checks=True)

    foreign = browser.post(page_of(comment), SENT, HTTP_ORIGIN="https://elsewhere.example")
    own = browser.post(page_of(comment), SENT, HTTP_ORIGIN="http://testserver")

    assert foreign.status_code == 403
    assert own.status_code == 302


def test_who_leaves_an_address_gets_a_receipt(comment, client):
    report(client, comment, name="Erna Elbe", email="Erna@Example.org")

    receipt = Notification.objects.get()
    assert receipt.to == "erna@example.org"
    assert receipt.subject == f"Ihre Meldung zu Kommentar Nr. {comment.pk} ist angekommen"
    assert "Regel 3" in receipt.body


def test_nobody_can_have_their_words_sent_to_somebody_else(comment, client):
    report(client, comment, name="Kauf mich", email="victim@example.org")

    receipt = Notification.objects.get()
    assert WORDS not in receipt.body
    assert "Kauf mich" not in receipt.body
    assert comment.text not in receipt.body


def test_who_is_signed_in_is_asked_for_nothing_else(comment, citizen, signed_in):
    client = signed_in(citizen)

    assert list(client.get(page_of(comment)).context["form"].fields) == ["rule", "words"]
    report(client, comment, name="Somebody else", email="else@example.org")

    saved = Report.objects.get()
    assert (saved.reporter, saved.name, saved.email) == (citizen, "", "")
    assert citizen.notifications.get().about == saved.about


def test_whose_session_has_ended_is_asked_where_the_answer_goes(comment, citizen, signed_in):
    client = signed_in(citizen)
    opened = client.get(page_of(comment)).content.decode()
    client.logout()

    response = report(client, comment, signed_in="1")

    assert '<input type="hidden" name="signed_in" value="1">' in opened
    assert response.status_code == 409
    page = response.content.decode()
    assert "Sie sind nicht mehr angemeldet. Ihre Meldung ist noch da." in page
    assert WORDS in page
    assert response.context["form"]["rule"].value() == Rule.PRIVACY
    assert list(response.context["form"].fields) == ["rule", "words", "name", "email"]
    assert 'name="signed_in"' not in page
    assert not Report.objects.exists()


@pytest.mark.parametrize("said", [{"rule": ""}, {"rule": "7"}, {"rule": Rule.LAW, "words": ""}])
def test_a_report_says_what_is_broken(said, comment, client):
    response = report(client, comment, **said)

    assert response.context["form"].errors
    assert not Report.objects.exists()


@pytest.mark.parametrize("rule", [Rule.PRIVACY, Rule.LAW])
def test_words_that_are_too_long_come_back_whole(rule, comment, client):
    opened = client.get(page_of(comment)).context["form"]["words"]
    long = "a\r\n" * 500 + "a"

    response = report(client, comment, rule=rule, words=long)

    assert "maxlength" not in opened.as_widget()
    assert "Höchstens 1.000 Zeichen." in opened.help_text
    assert response.context["form"].errors == {
        "words": ["Ihr Text ist 1 Zeichen zu lang. Erlaubt sind 1.000. Bitte kürzen Sie ihn."]
    }
    assert response.context["form"]["words"].value() == long
    assert not Report.objects.exists()


def test_a_rule_is_enough(comment, client):
    report(client, comment, words="")

    assert Report.objects.get().words == ""


@pytest.mark.parametrize("gone", [hidden, withdrawn])
def test_what_cannot_be_read_cannot_be_reported(gone, comment, client):
    gone(comment)

    page = client.get(page_of(comment))
    refused = report(client, comment)

    assert comment.text not in page.content.decode()
    assert "nicht mehr zu lesen" in page.content.decode()
    assert refused.status_code == 409
    assert not Report.objects.exists()


def test_nobody_reports_themselves(comment, signed_in):
    client = signed_in(comment.author)

    page = client.get(page_of(comment)).content.decode()

    assert reverse("withdraw", args=[comment.pk]) in page
    assert report(client, comment).status_code == 409


def test_who_may_not_comment_may_report(comment, signed_in):
    suspended = UserFactory(suspended_until=days(5))

    assert report(signed_in(suspended), comment).status_code == 302


def test_each_comment_has_a_link_of_its_own_but_not_ones_own(comment, citizen, signed_in, goal):
    reply = ReplyFactory(parent=comment, author=citizen)
    gone = hidden(ReplyFactory(parent=comment))

    page = signed_in(citizen).get(goal.get_absolute_url()).content.decode()

    assert f'href="{page_of(comment)}" rel="nofollow"' in page
    assert page_of(reply) not in page
    assert page_of(gone) not in page


# Those who decide


def told_to_decide():
    return Notification.objects.filter(key__endswith=":moderators")


def test_all_who_moderate_hear_of_a_report(comment, client, moderator, editor):
    colleague = UserFactory(is_staff=True, is_superuser=True)
    UserFactory(is_staff=False, role="Moderation")

    report(client, comment, name="Erna Elbe", email="erna@example.org")

    assert {message.recipient for message in told_to_decide()} == {moderator, colleague}
    message = told_to_decide().first()
    assert message.subject == f"Kommentar Nr. {comment.pk} wurde gemeldet"
    assert comment.place in message.body
    assert "Regel 3" in message.body
    link = reverse("admin:comments_comment_change", args=[comment.pk])
    assert message.body.count("http") == 1
    assert f"{settings.SITE_URL}{link}\n" in message.body
    for secret in (WORDS, "Erna Elbe", "erna@example.org", comment.text):
        assert secret not in message.body


def test_what_may_be_against_the_law_says_so_at_once(comment, moderator):
    report_comment(comment=comment, rule=Rule.LAW, words="§ 185 StGB")

    message = moderator.notifications.get()
    assert message.subject == f"Kommentar Nr. {comment.pk} wurde als rechtswidrig gemeldet"


def test_further_reports_write_no_further_mail_until_it_is_decided(comment, moderator):
    report_comment(comment=comment, rule=Rule.PRIVACY)
    report_comment(comment=comment, rule=Rule.LAW, words="§ 185 StGB")
    assert told_to_decide().count() == 1

    dismiss(comment, moderator)
    report_comment(comment=comment, rule=Rule.RESPECT)
    assert told_to_decide().count() == 2


def test_who_reports_and_moderates_is_told_nothing_new(comment, moderator):
    report_comment(comment=comment, rule=Rule.PRIVACY, reporter=moderator)

    assert not told_to_decide().exists()


# Limits


def test_the_same_person_reports_a_comment_once_until_it_is_decided(comment, citizen, moderator):
    report_comment(comment=comment, rule=Rule.TOPIC, reporter=citizen)

    with pytest.raises(ReportRefused) as refused:
        report_comment(comment=comment, rule=Rule.LAW, reporter=citizen)
    assert refused.value.refusal.code == "repeated"

    dismiss(comment, moderator)
    report_comment(comment=comment, rule=Rule.LAW, reporter=citizen)


def test_a_person_reports_only_so_many_within_an_hour(citizen, signed_in, comment):
    ReportFactory.create_batch(MOST_REPORTS, reporter=citizen, reported_at=days(-0.9 / 24))

    refused = report(signed_in(citizen), comment)
    assert refused.status_code == 409
    assert WORDS in refused.content.decode()
    assert comment.phase.strategy.contact in refused.content.decode()

    Report.objects.update(reported_at=days(-1.1 / 24))
    assert report(signed_in(citizen), comment).status_code == 302


def test_many_report_from_one_network_but_not_without_end(comment, client, settings):
    for _ in range(60):
        assert report(client, comment).status_code == 302

    refused = report(client, comment)
    assert refused.status_code == 409
    assert WORDS in refused.content.decode()
    assert Report.objects.count() == 60
    assert report(client, comment, REMOTE_ADDR="10.0.0.9").status_code == 409
    elsewhere = Client(REMOTE_ADDR="203.0.113.7")
    assert report(elsewhere, comment).status_code == 302


def test_an_address_gets_only_so_many_receipts(comment, client):
    for _ in range(5):
        report(client, comment, email="victim@example.org")

    assert report(client, comment, email="VICTIM@example.org").status_code == 409
    assert Notification.objects.filter(address="victim@example.org").count() == 5


def test_an_address_gets_ten_receipts_a_day_at_most(comment, client, settings):
    limits = settings.ACCOUNT_RATE_LIMITS
    of_a_day = limits["receipt_of_report"].partition(",")[2]
    settings.ACCOUNT_RATE_LIMITS = limits | {"receipt_of_report": of_a_day}

    said = {"email": "victim@example.org"}
    answers = [report(client, comment, **said).status_code for _ in range(11)]

    assert answers == [302] * 10 + [409]


# What comes of it


def test_hiding_answers_the_reports_and_tells_who_reported(comment, citizen, moderator):
    by_person = report_comment(comment=comment, rule=Rule.PRIVACY, reporter=citizen)
    report_comment(comment=comment, rule=Rule.LAW, words="§ 1", email="erna@example.org")
    report_comment(comment=comment, rule=Rule.LAW, words="§ 2", email="erna@example.org")
    report_comment(comment=comment, rule=Rule.RESPECT)

    decision = hide(comment, moderator)

    assert not Report.objects.open().exists()
    by_person.refresh_from_db()
    assert by_person.decision == decision
    assert sorted(told_about(decision)) == sorted([citizen.email, "erna@example.org"])
    message = citizen.notifications.get(about=decision.about)
    decision.refresh_from_db()
    assert abs(message.send_at - decision.decided_at - TAKE_BACK).total_seconds() < 2
    assert "ausgeblendet" in message.body
    assert "Regel 3" in message.body
    assert "Eine Adresse." not in message.body
    assert comment.author.notifications.filter(about=decision.about).exists()


def test_dismissing_tells_them_and_the_author_why(comment, citizen, moderator, client):
    report_comment(comment=comment, rule=Rule.PRIVACY, words=WORDS, reporter=citizen)

    decision = dismiss(comment, moderator)

    assert told_about(decision) == [citizen.email]
    assert WHY in citizen.notifications.get(about=decision.about).body
    message = comment.author.notifications.get()
    decision.refresh_from_db()
    assert abs(message.send_at - decision.decided_at - TAKE_BACK).total_seconds() < 2
    assert message.subject == f"Ihr Kommentar Nr. {comment.pk} wurde gemeldet und bleibt stehen"
    assert WHY in message.body
    for secret in (citizen.public_name, citizen.email, WORDS):
        assert secret not in message.body
    assert comment.text in client.get(comment.goal.get_absolute_url()).content.decode()


def test_dismissing_taken_back_tells_nobody(comment, citizen, moderator):
    ReportFactory(comment=comment, reporter=citizen)
    decision = dismiss(comment, moderator)
    about = decision.about
    assert Notification.objects.filter(about=about).count() == 2

    take_back_decision(decision=decision, by=moderator)

    assert not Notification.objects.filter(about=about).exists()


def test_nobody_is_told_that_withdrawn_words_stay(comment, moderator):
    ReportFactory(comment=withdrawn(comment))

    dismiss(comment, moderator)

    assert not comment.author.notifications.exists()


def test_who_reported_withdrawn_words_hears_that_they_are_withdrawn(comment, citizen, moderator):
    report_comment(comment=comment, rule=Rule.PRIVACY, reporter=citizen)

    decision = dismiss(withdrawn(comment), moderator)

    answer = Notification.objects.get(about=decision.about).body
    assert "hat ihn zurückgezogen" in answer
    assert "lässt ihn" not in answer


@pytest.mark.parametrize("decide", [hide, dismiss])
def test_nobody_is_told_of_their_own_decision(decide, goal, open_phase, moderator):
    own = CommentFactory(goal=goal, phase=open_phase, author=moderator)
    ReportFactory(comment=own, reporter=moderator)

    decision = decide(own, moderator)

    assert not Notification.objects.filter(about=decision.about).exists()


def test_dismissing_needs_a_reason_and_something_to_dismiss(comment, moderator):
    with pytest.raises(ModerationRefused):
        dismiss(comment, moderator)
    ReportFactory(comment=comment)
    with pytest.raises(ModerationRefused):
        dismiss(comment, moderator, explanation=" ")
    with pytest.raises(IntegrityError), transaction.atomic():
        DecisionFactory(verdict=Decision.Verdict.DISMISSED, rule="", explanation="")

    assert Report.objects.open().exists()


@pytest.mark.parametrize("who", [{}, {"is_staff": True}, {"is_staff": True, "role": "Redaktion"}])
def test_only_moderators_dismiss(who, comment):
    ReportFactory(comment=comment)

    with pytest.raises(ModerationRefused):
        dismiss(comment, UserFactory(**who))


@pytest.mark.parametrize("decide", [hide, dismiss])
def test_a_decision_that_is_taken_back_opens_them_again(decide, comment, moderator):
    ReportFactory(comment=comment)
    decision = decide(comment, moderator)

    take_back_decision(decision=decision, by=moderator)

    assert Report.objects.open().count() == 1
    assert not Notification.objects.exists()
    comment.refresh_from_db()
    assert not comment.is_gone


def test_restoring_leaves_reports_that_were_answered(comment, moderator):
    ReportFactory(comment=comment)
    decision = hide(comment, moderator)
    Notification.objects.update(outcome="sent", ended_at=days(0))

    restore_comment(comment=comment, by=moderator)

    assert Report.objects.get().decision == decision


def test_who_heard_that_it_was_hidden_hears_that_it_is_back(comment, citizen, moderator):
    report_comment(comment=comment, rule=Rule.PRIVACY, reporter=citizen)
    report_comment(comment=comment, rule=Rule.PRIVACY, email="erna@example.org")
    hide(comment, moderator)
    Notification.objects.update(outcome="sent", ended_at=days(0))

    restoring = restore_comment(comment=comment, by=moderator)

    told = Notification.objects.filter(about=restoring.about, send_at__gt=Now())
    subject = f"Kommentar Nr. {comment.pk}, den Sie gemeldet haben, wird wieder gezeigt"
    heard = told.filter(subject=subject)
    assert {heard.recipient or heard.address for heard in heard} == {citizen, "erna@example.org"}
    assert told.exclude(subject=subject).get().recipient == comment.author

    take_back_decision(decision=restoring, by=moderator)
    assert not told.exists()


def test_where_only_some_heard_that_it_was_hidden_all_hear_that_it_is_back(comment, moderator):
    """The mail server has taken the author's message and not yet that of who reported."""
    report_comment(comment=comment, rule=Rule.PRIVACY, email="erna@example.org")
    hiding = hide(comment, moderator)
    comment.author.notifications.update(outcome="sent", ended_at=days(0))

    restoring = restore_comment(comment=comment, by=moderator)

    told = Notification.objects.filter(about=restoring.about)
    assert {one.recipient or one.address for one in told} == {comment.author, "erna@example.org"}
    assert Report.objects.get().decision == hiding
    assert not Notification.objects.waiting().filter(about=hiding.about).exists()


def test_restoring_before_anybody_was_told_leaves_them_to_be_decided(comment, moderator):
    ReportFactory(comment=comment)
    hiding = hide(comment, moderator)

    restoring = restore_comment(comment=comment, by=moderator)
    assert Report.objects.open().exists()
    assert not Notification.objects.exists()

    take_back_decision(decision=restoring, by=moderator)
    assert Report.objects.get().decision == hiding
    assert len(told_about(hiding)) == 1


def test_a_report_outlives_the_account(comment, citizen, moderator):
    report_comment(comment=comment, rule=Rule.PRIVACY, reporter=citizen)
    User.objects.get(pk=citizen.pk).delete()

    decision = hide(comment, moderator)

    assert Report.objects.get().decision == decision
    assert told_about(decision) == []


# For the moderation

LIST = reverse("admin:comments_comment_changelist")
DISMISS = reverse("admin:comments_comment_dismiss")


def test_reports_stand_beside_their_comment(comment, signed_in, moderator, client):
    report(client, comment, name="Erna Elbe", email="erna@example.org")
    CommentFactory()
    browser = signed_in(moderator)
    page = reverse("admin:comments_comment_change", args=[comment.pk])
    hiding = reverse("admin:comments_comment_hide")

    assert list(browser.get(LIST, {"state": "reported"}).context["cl"].queryset) == [comment]
    for address in (page, f"{hiding}?ids={comment.pk}", f"{DISMISS}?ids={comment.pk}"):
        text = browser.get(address).content.decode()
        assert WORDS in text
        assert "Erna Elbe" in text
        assert "erna@example.org" not in text
    assert f"{DISMISS}?ids={comment.pk}" in browser.get(LIST).content.decode()


def test_reported_comments_are_work_until_they_are_decided(comment, signed_in, moderator, editor):
    later = ReportFactory().comment
    ReportFactory(comment=comment, reported_at=days(-2))
    ReportFactory(comment=comment, reported_at=days(-1))
    browser, index = signed_in(moderator), reverse("admin:index")

    found = browser.get(index)
    assert found.context["reported_comments"] == [comment, later]
    assert f"{DISMISS}?ids={comment.pk}" in found.content.decode()
    assert "reported_comments" not in signed_in(editor).get(index).context

    shown = {f"version_{one.pk}": one.version for one in (comment, later)}
    browser.post(f"{DISMISS}?ids={comment.pk}&ids={later.pk}", {"explanation": WHY, **shown})
    assert browser.get(index).context["reported_comments"] == []


def test_dismissing_can_be_taken_back_at_once(comment, signed_in, moderator):
    ReportFactory(comment=comment)
    browser = signed_in(moderator)

    offered = browser.get(f"{DISMISS}?ids={comment.pk}").context["form"]["explanation"].value()
    sent = {"explanation": str(offered), f"version_{comment.pk}": 1}
    response = browser.post(f"{DISMISS}?ids={comment.pk}", sent, follow=True)
    decision = Decision.objects.get()
    undo = reverse("admin:comments_comment_take_back", args=[decision.pk])
    assert f'action="{undo}"' in response.content.decode()
    browser.post(undo)

    assert Report.objects.open().exists()


def test_others_dismiss_nothing(comment, signed_in, editor):
    ReportFactory(comment=comment)
    address = f"{DISMISS}?ids={comment.pk}"

    assert signed_in(editor).get(address).status_code == 403
    assert signed_in(editor).post(address, {"explanation": WHY}).status_code == 403


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_asks_as_often_for_three_as_for_one(
    number, comment, client, django_assert_num_queries
):
    for _ in range(number):
        ReplyFactory(parent=comment)
        ReportFactory(comment=comment)
    client.get("/")

    with django_assert_num_queries(3):
        client.get(page_of(comment))
