"""Nothing is taken away without a reason, and nothing is taken away for good."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import Notification
from comments.actions import (
    EditedMeanwhile,
    ModerationRefused,
    hide_comment,
    post_comment,
    restore_comment,
    take_back_decision,
)
from comments.models import Comment, Decision
from comments.rulebook import Rule
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

TEXT = "Herr Muster wohnt am Markt 3."
WHY = "Ihr Kommentar nennt eine Adresse."


@pytest.fixture
def comment(citizen, goal, open_phase):
    return CommentFactory(author=citizen, goal=goal, phase=open_phase, text=TEXT)


def hide(comment, by):
    return hide_comment(comment=comment, rule=Rule.PRIVACY, explanation=WHY, by=by)


def aged(decision):
    """The decision when its messages have left."""
    Decision.objects.filter(pk=decision.pk).update(decided_at=days(0) - TAKE_BACK)
    Notification.objects.filter(about=decision.about).update(outcome="sent", ended_at=days(0))
    decision.refresh_from_db()
    return decision


def page_of(client, comment) -> str:
    response = client.get(comment.goal.get_absolute_url())
    return response.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def test_a_hidden_comment_leaves_a_placeholder_with_day_and_rule(comment, moderator, client):
    reply = ReplyFactory(parent=comment, text="Bitte nicht.")

    hide(comment, moderator)

    page = page_of(client, comment)
    paper = client.get(reverse("print", args=[comment.phase.strategy.slug])).text
    for shown in (page, paper.replace("\N{NO-BREAK SPACE}", " ")):
        assert TEXT not in shown
        assert "Dieser Kommentar wurde am " in shown
        assert "Grund: Regel 3 (persönliche Angaben über andere)." in shown
    assert reply.text in page


def test_a_moderator_gets_from_a_comment_to_its_decision(
    comment, moderator, editor, citizen, signed_in, client
):
    decide = f'href="{reverse("admin:comments_comment_change", args=[comment.pk])}"'

    assert decide in page_of(signed_in(moderator), comment)
    hide(comment, moderator)
    assert decide in page_of(signed_in(moderator), comment)
    for reader in (signed_in(editor), signed_in(citizen), client):
        assert decide not in page_of(reader, comment)


def test_the_author_reads_rule_and_explanation_ten_minutes_later(comment, citizen, moderator):
    decision = hide(comment, moderator)

    message = citizen.notifications.get()
    decision.refresh_from_db()
    assert abs(message.send_at - decision.decided_at - TAKE_BACK).total_seconds() < 2
    assert message.subject == f"Ihr Kommentar Nr. {comment.pk} wurde ausgeblendet"
    assert TEXT in message.body
    assert f"Grund: Regel 3 (persönliche Angaben über andere). {WHY}" in message.body
    assert "Das hat ein Mensch entschieden." in message.body
    assert comment.phase.strategy.contact in message.body


def test_messages_that_quote_it_and_have_not_left_are_taken_back(citizen, moderator, goal):
    author = UserFactory()
    comment = post_comment(author=author, strategy=goal.strategy, goal=goal, text="Hallo.")
    reply = post_comment(
        author=citizen, strategy=goal.strategy, goal=goal, text=TEXT, parent=comment
    )

    hiding = hide(reply, moderator)
    news = author.notifications.filter(body__contains=TEXT)
    assert not news.exists()

    take_back_decision(decision=hiding, by=moderator)
    assert news.count() == 1
    aged(hide(reply, moderator))
    restoring = restore_comment(comment=reply, by=moderator)
    assert news.count() == 1
    take_back_decision(decision=restoring, by=moderator)
    assert not news.exists()


def test_what_left_while_it_was_shown_again_quotes_nothing_any_more(citizen, moderator, goal):
    author = UserFactory()
    comment = post_comment(author=author, strategy=goal.strategy, goal=goal, text="Hallo.")
    reply = post_comment(
        author=citizen, strategy=goal.strategy, goal=goal, text=TEXT, parent=comment
    )
    aged(hide(reply, moderator))
    restoring = restore_comment(comment=reply, by=moderator)
    author.notifications.update(outcome="sent", ended_at=days(0))

    take_back_decision(decision=restoring, by=moderator)

    assert not author.notifications.filter(body__contains=TEXT).exists()
    assert not author.notifications.filter(subject__contains=citizen.public_name).exists()


@pytest.mark.parametrize(
    ("rule", "explanation"), [("", WHY), ("99", WHY), (Rule.PRIVACY, ""), (Rule.PRIVACY, "  ")]
)
def test_hiding_needs_rule_and_explanation(rule, explanation, comment, moderator):
    with pytest.raises(ModerationRefused):
        hide_comment(comment=comment, rule=rule, explanation=explanation, by=moderator)

    assert Comment.objects.visible().get() == comment


def test_against_the_law_needs_words_that_name_the_law(comment, moderator):
    prepared = str(Rule.LAW.explanation)

    with pytest.raises(ModerationRefused) as refused:
        hide_comment(comment=comment, rule=Rule.LAW, explanation=f" {prepared} ", by=moderator)
    assert "Artikel 17 der Verordnung (EU) 2022/2065" in refused.value.reason

    said = f"{prepared} § 185 StGB (Beleidigung)."
    decision = hide_comment(comment=comment, rule=Rule.LAW, explanation=said, by=moderator)
    assert decision.explanation == said


@pytest.mark.parametrize("reason", [{"rule": ""}, {"explanation": ""}])
def test_the_database_refuses_hiding_without_them(reason):
    with pytest.raises(IntegrityError), transaction.atomic():
        DecisionFactory(**reason)


def test_the_database_refuses_a_decision_that_hides_two_comments(comment):
    decision = hidden(comment).hidden_by
    other = CommentFactory(goal=comment.goal, phase=comment.phase)

    with pytest.raises(IntegrityError), transaction.atomic():
        Comment.objects.filter(pk=other.pk).update(hidden_by=decision)


@pytest.mark.parametrize("deed", ["hide", "restore", "take back"])
@pytest.mark.parametrize(
    "who",
    [
        {},
        {"is_staff": True},
        {"is_staff": True, "role": "Redaktion"},
        {"is_staff": False, "role": "Moderation"},
        {"is_staff": True, "role": "Moderation", "is_active": False},
    ],
    ids=["citizen", "staff without role", "editor", "role without staff", "deactivated"],
)
def test_only_moderators_decide(who, deed, comment):
    person = UserFactory(**who)
    if deed != "hide":
        hidden(comment)
    deeds = {
        "hide": lambda: hide(comment, person),
        "restore": lambda: restore_comment(comment=comment, by=person),
        "take back": lambda: take_back_decision(decision=comment.hidden_by, by=person),
    }

    with pytest.raises(ModerationRefused):
        deeds[deed]()

    assert Comment.objects.visible().exists() == (deed == "hide")


def test_a_rule_that_says_something_else_by_now_is_not_cited(comment, moderator):
    with pytest.raises(EditedMeanwhile):
        hide_comment(
            comment=comment, rule=Rule.LAW, rule_words="No dogs.", explanation=WHY, by=moderator
        )

    assert not Decision.objects.exists()


def test_the_second_moderator_learns_who_was_faster(comment, moderator):
    hide(comment, moderator)

    with pytest.raises(ModerationRefused) as refused:
        hide(comment, UserFactory(is_staff=True, role="Moderation"))

    assert refused.value.reason.startswith(f"{moderator} hat diesen Kommentar am ")
    assert refused.value.reason.endswith(
        " schon ausgeblendet. Ihre Entscheidung wurde nicht gespeichert."
    )
    assert Decision.objects.count() == 1


def test_withdrawn_words_are_not_hidden(comment, citizen, moderator):
    with pytest.raises(ModerationRefused) as refused:
        hide(withdrawn(comment), moderator)

    assert refused.value.reason == (
        "Dieser Kommentar wurde zurückgezogen. Es gibt nichts auszublenden."
    )
    assert not Decision.objects.exists()
    assert not citizen.notifications.exists()


# Showing it again


def test_a_restored_comment_is_back_and_its_history_stays(comment, moderator, client):
    hide(comment, moderator)

    restore_comment(comment=comment, by=moderator)

    assert TEXT in page_of(client, comment)
    verdicts = comment.decisions.values_list("verdict", flat=True)
    assert list(verdicts) == [Decision.Verdict.RESTORED, Decision.Verdict.HIDDEN]


def test_the_author_who_was_told_hears_that_it_is_back(comment, citizen, moderator):
    aged(hide(comment, moderator))

    restore_comment(comment=comment, by=moderator)

    newest = citizen.notifications.latest("pk")
    assert newest.subject == f"Ihr Kommentar Nr. {comment.pk} ist wieder zu sehen"


def test_the_author_who_was_not_told_hears_nothing(comment, citizen, moderator):
    hide(comment, moderator)

    restore_comment(comment=comment, by=moderator)

    assert not citizen.notifications.exists()


def test_what_is_not_hidden_cannot_be_restored(comment, moderator):
    with pytest.raises(ModerationRefused):
        restore_comment(comment=comment, by=moderator)


def test_nobody_hears_that_withdrawn_words_are_back(comment, moderator):
    ReportFactory(comment=comment)
    aged(hide(comment, moderator))
    comment.refresh_from_db()

    restore_comment(comment=withdrawn(comment), by=moderator)

    assert not Notification.objects.waiting().exists()


# Taking a decision back


def test_a_decision_is_taken_back_with_its_messages(comment, citizen, moderator, client):
    take_back_decision(decision=hide(comment, moderator), by=moderator)

    assert TEXT in page_of(client, comment)
    assert not Decision.objects.exists()
    assert not citizen.notifications.exists()


def test_restoring_is_taken_back_as_well(comment, moderator, client):
    aged(hide(comment, moderator))
    decision = restore_comment(comment=comment, by=moderator)

    take_back_decision(decision=decision, by=moderator)

    assert TEXT not in page_of(client, comment)


def test_the_author_hears_of_the_hiding_when_the_restoring_is_taken_back(
    comment, citizen, moderator
):
    hiding = hide(comment, moderator)
    restoring = restore_comment(comment=comment, by=moderator)
    assert not citizen.notifications.exists()

    take_back_decision(decision=restoring, by=moderator)

    assert citizen.notifications.get().about == hiding.about


def test_withdrawn_words_are_not_quoted_when_the_restoring_is_taken_back(
    comment, citizen, moderator
):
    hide(comment, moderator)
    restoring = restore_comment(comment=comment, by=moderator)

    withdrawn(comment)
    take_back_decision(decision=restoring, by=moderator)

    assert not citizen.notifications.exists()


def test_not_when_the_messages_have_left(comment, moderator):
    decision = aged(hide(comment, moderator))

    with pytest.raises(ModerationRefused):
        take_back_decision(decision=decision, by=moderator)


def test_not_when_something_has_happened_since(comment, moderator):
    decision = hide(comment, moderator)
    restore_comment(comment=comment, by=moderator)

    with pytest.raises(ModerationRefused):
        take_back_decision(decision=decision, by=moderator)
