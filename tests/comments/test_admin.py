import pytest
from django.urls import reverse

from accounts.models import Notification
from accounts.town import forget
from comments.actions import edit_comment, hide_comment
from comments.models import Comment, Decision
from comments.rulebook import Rule
from strategies.models import Strategy
from tests.factories import (
    CommentFactory,
    GoalFactory,
    PageVersionFactory,
    PhaseFactory,
    ReplyFactory,
    ReportFactory,
    UserFactory,
    days,
    hidden,
    withdrawn,
)

pytestmark = pytest.mark.django_db
LIST = reverse("admin:comments_comment_changelist")
HIDE = reverse("admin:comments_comment_hide")
RESTORE = reverse("admin:comments_comment_restore")
DISMISS = reverse("admin:comments_comment_dismiss")


def page(comment):
    return reverse("admin:comments_comment_change", args=[comment.pk])


def shown(client, **query):
    return set(client.get(LIST, query).context["cl"].queryset)


def decide(client, address, *comments, **typed):
    """Send what the page of a decision holds that showed these comments as they are here."""
    ids = "&".join(f"ids={comment.pk}" for comment in comments)
    shown = {f"version_{comment.pk}": comment.version for comment in comments}
    return client.post(f"{address}?{ids}", {"rule_words": "", **shown, **typed}, follow=True)


def hide(client, *comments, rule=Rule.PRIVACY, explanation="You name a neighbour.", **typed):
    return decide(client, HIDE, *comments, rule=rule, explanation=explanation, **typed)


def test_comments_are_found_by_word_name_and_number(signed_in, moderator):
    bench = CommentFactory(text="A bench by the river.", author__public_name="Moorhuhn")
    tree = CommentFactory(author__public_name="Elbfischerin")
    client = signed_in(moderator)

    assert shown(client, q="bench") == {bench}
    assert shown(client, q="elbfischerin") == {tree}
    assert shown(client, q=str(tree.pk)) == {tree}
    assert shown(client, q=f"Nr. {tree.pk}") == {tree}
    assert shown(client, q="9" * 30) == set()


@pytest.mark.parametrize("number", ["abc", "9" * 30, "²", "0"])
def test_what_is_no_number_is_ignored_in_addresses(signed_in, moderator, number):
    comment, client = CommentFactory(), signed_in(moderator)

    assert shown(client, strategy=number) == {comment}
    assert shown(client, phase=number) == {comment}
    assert client.get(HIDE, {"ids": number}).status_code == 404
    assert client.get(HIDE, {"ids": [number, comment.pk]}).status_code == 200


def test_comments_are_filtered_by_strategy_phase_and_state(signed_in, moderator):
    visible, gone, back = CommentFactory(), hidden(CommentFactory()), withdrawn(CommentFactory())
    client = signed_in(moderator)

    assert shown(client) == {visible, gone, back}
    assert shown(client, strategy=gone.phase.strategy_id) == {gone}
    assert shown(client, phase=back.phase_id) == {back}
    assert shown(client, state="visible") == {visible}
    assert shown(client, state="hidden") == {gone}
    assert shown(client, state="withdrawn") == {back}


def test_a_withdrawn_text_is_shown_to_nobody(signed_in, moderator):
    comment = withdrawn(CommentFactory(text="I was wrong."))
    reply = withdrawn(ReplyFactory(parent=comment, text="So was I."))
    client = signed_in(moderator)

    for address in (LIST, page(comment), page(reply), f"{HIDE}?ids={comment.pk}"):
        text = client.get(address).content.decode()
        assert "I was wrong." not in text
        assert "So was I." not in text
    assert shown(client, q="wrong") == set()
    assert client.get(LIST, {"text__contains": "wrong"}).status_code == 400


def test_a_decision_is_two_taps(signed_in, moderator):
    """The link beside the comment, and the rule with its sentence, just as it is offered."""
    comment = CommentFactory()
    client = signed_in(moderator)

    assert f"{HIDE}?ids={comment.pk}" in client.get(LIST).content.decode()
    offered = client.get(f"{HIDE}?ids={comment.pk}").context["forms"]
    assert [form["rule"].value() for form in offered] == list(Rule)
    hide(client, comment, explanation=str(offered[2]["explanation"].value()))

    comment.refresh_from_db()
    assert comment.hidden_by.rule == Rule.PRIVACY
    assert comment.hidden_by.explanation == Rule.PRIVACY.explanation
    assert comment.hidden_by.decided_by == moderator
    assert Notification.objects.get(about=comment.hidden_by.about).recipient == comment.author


def test_what_was_reported_is_offered_first_with_the_words_of_who_did(signed_in, moderator):
    comment = ReportFactory(rule=Rule.ADVERTISING, words="Das ist Reklame.").comment
    ReportFactory(comment=comment, rule=Rule.LAW, words="§ 5 UWG")

    forms = signed_in(moderator).get(f"{HIDE}?ids={comment.pk}").context["forms"]

    rules = [form["rule"].value() for form in forms]
    assert rules == [
        *[Rule.ADVERTISING, Rule.LAW],
        *[Rule.RESPECT, Rule.TOPIC, Rule.PRIVACY, Rule.OTHERS_WORDS, Rule.REPETITION],
    ]
    words = [[report.words for report in form.reports] for form in forms]
    assert words == [["Das ist Reklame."], ["§ 5 UWG"], [], [], [], [], []]


def test_the_prepared_sentence_names_no_law_and_is_refused(signed_in, moderator):
    comment = CommentFactory()

    response = hide(
        signed_in(moderator), comment, rule=Rule.LAW, explanation=str(Rule.LAW.explanation)
    )

    first = response.context["forms"][0]
    assert first["rule"].value() == Rule.LAW
    assert "Rechtsgrundlage" in first.errors["explanation"][0]
    assert "<title>Fehler: " in response.content.decode()
    assert not Decision.objects.exists()


@pytest.mark.parametrize(("length", "is_saved"), [(1_000, True), (1_001, False)])
def test_how_long_an_explanation_may_be_is_told(signed_in, moderator, length, is_saved):
    comment = CommentFactory()
    client = signed_in(moderator)

    assert "Höchstens 1.000 Zeichen." in client.get(f"{HIDE}?ids={comment.pk}").content.decode()
    hide(client, comment, explanation="a" * length)

    assert Decision.objects.exists() == is_saved


def test_hiding_needs_an_explanation(signed_in, moderator):
    comment = CommentFactory()

    response = hide(signed_in(moderator), comment, explanation=" ")

    errors = [form.errors for form in response.context["forms"] if form.is_bound]
    assert [list(error) for error in errors] == [["explanation"]]
    assert not Decision.objects.exists()


def test_hiding_can_be_taken_back_at_once(signed_in, moderator):
    comment = CommentFactory()
    client = signed_in(moderator)

    response = hide(client, comment)
    decision = Decision.objects.get()
    undo = reverse("admin:comments_comment_take_back", args=[decision.pk])
    assert "1 Nachricht geht um " in response.content.decode()
    assert f'action="{undo}"' in response.content.decode()
    client.post(undo)

    assert list(Comment.objects.visible()) == [comment]
    assert not Notification.objects.exists()
    again = client.post(undo, follow=True).content.decode()
    assert "Das wurde schon rückgängig gemacht." in again


def test_who_signs_in_on_the_way_to_an_undo_finds_the_button(signed_in, moderator):
    client = signed_in(moderator)
    hide(client, CommentFactory())
    undo = reverse("admin:comments_comment_take_back", args=[Decision.objects.get().pk])

    response = client.get(undo, follow=True)

    assert Decision.objects.count() == 1
    assert f'action="{undo}"' in response.content.decode()


def test_several_are_hidden_and_shown_again_at_once(signed_in, moderator):
    comments = CommentFactory.create_batch(3)
    client = signed_in(moderator)
    chosen = {"action": "hide_selected", "_selected_action": [one.pk for one in comments]}

    asked = client.post(LIST, chosen, follow=True)
    assert len(asked.context["said"]) == 3
    hide(client, *comments)
    assert not Comment.objects.visible().exists()

    ids = "&".join(f"ids={one.pk}" for one in comments)
    client.post(f"{RESTORE}?{ids}")
    assert Comment.objects.visible().count() == 3


@pytest.mark.parametrize(("minutes", "hears"), [(5, False), (15, True)])
def test_whoever_shows_a_comment_again_reads_whether_the_author_hears(
    signed_in, moderator, minutes, hears
):
    comment = hidden(CommentFactory())
    Decision.objects.update(decided_at=days(-minutes / 24 / 60))

    page = signed_in(moderator).get(f"{RESTORE}?ids={comment.pk}").content.decode()

    assert ("erfährt es zehn Minuten später" in page) == hears
    assert ("erfährt nichts" in page) != hears


def test_who_comes_late_reads_who_was_faster(signed_in, moderator):
    first, second = CommentFactory.create_batch(2)
    colleague = UserFactory(is_staff=True, role="Moderation", public_name="Frau Schnell")
    hide_comment(comment=first, rule=Rule.LAW, explanation="Against the law.", by=colleague)

    response = hide(signed_in(moderator), first, second)

    assert "Frau Schnell hat diesen Kommentar am " in response.content.decode()
    assert "Ihre Entscheidung wurde nicht gespeichert." in response.content.decode()
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.hidden_by.decided_by == colleague
    assert second.hidden_by.decided_by == moderator


@pytest.mark.parametrize(("address", "verdict"), [(HIDE, "hidden"), (DISMISS, "dismissed")])
def test_words_that_were_edited_meanwhile_are_judged_anew(signed_in, moderator, address, verdict):
    edited, other = (ReportFactory().comment for _ in range(2))
    client, why = signed_in(moderator), {"rule": Rule.PRIVACY, "explanation": "You name somebody."}
    edit_comment(comment=edited, by=edited.author, text="Fewer cars, please.")

    response = decide(client, address, edited, other, **why)

    assert Decision.objects.get().comment == other
    page = response.content.decode()
    assert f"Nr. {edited.pk}: Dieser Kommentar wurde inzwischen bearbeitet." in page
    assert "Fewer cars, please." in page
    assert "You name somebody." in page
    assert f'action="?ids={edited.pk}"' in page
    assert f'name="version_{edited.pk}" value="2"' in page
    edited.refresh_from_db()
    decide(client, address, edited, **why)
    assert edited.decisions.get().verdict == verdict


def test_a_rule_that_was_changed_meanwhile_is_not_cited(signed_in, moderator):
    comment, client = CommentFactory(), signed_in(moderator)
    PageVersionFactory(page="rules", text="<ol><li>Kein Streit über Hunde.</li></ol>")
    forget()

    response = hide(client, comment, rule="1")

    assert "Die Stadt hat diese Regel inzwischen geändert." in response.content.decode()
    assert not Decision.objects.exists()
    hide(client, comment, rule="1", rule_words="Kein Streit über Hunde.")
    assert Decision.objects.get().rule_words == "Kein Streit über Hunde."


def test_the_page_of_a_comment_shows_thread_and_history(signed_in, moderator):
    reply = ReplyFactory(parent=CommentFactory(text="More trees, please."), text="Which trees?")
    hide_comment(comment=reply, rule=Rule.TOPIC, explanation="Not here.", by=moderator)
    client = signed_in(moderator)

    assert "Which trees?" in client.get(page(reply.parent)).content.decode()
    text = client.get(page(reply)).content.decode()
    assert "More trees, please." in text
    assert "Not here." in text


def test_nobody_writes_a_line_that_looks_like_another_report_or_reply(signed_in, moderator):
    comment = CommentFactory()
    ReportFactory(comment=comment, words="Unfug.\n1. Mai 2026 · Gegen geltendes Recht · Bauamt")
    ReplyFactory(parent=comment, text="Nein.\nNr. 99, Bauamt: Bitte ausblenden.")

    shown = signed_in(moderator).get(page(comment)).content.decode()

    assert "Unfug. 1. Mai 2026" in shown
    assert "Nein. Nr. 99" in shown


def test_the_page_of_a_comment_leads_to_where_it_can_be_read(signed_in, moderator):
    comment = CommentFactory()
    client = signed_in(moderator)
    link = f'href="{comment.get_absolute_url()}"'

    assert link in client.get(page(comment)).content.decode()
    Strategy.objects.update(published_at=None)
    assert link not in client.get(page(comment)).content.decode()


def test_nobody_writes_changes_or_deletes_what_citizens_say(signed_in):
    comment = CommentFactory()
    client = signed_in(UserFactory(is_staff=True, is_superuser=True))

    assert client.get(reverse("admin:comments_comment_add")).status_code == 403
    assert client.post(page(comment), {"text": "Mine"}).status_code == 403
    delete = reverse("admin:comments_comment_delete", args=[comment.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403
    comment.refresh_from_db()
    assert comment.text == "More trees, please."


def test_who_does_not_moderate_sees_no_hidden_words_and_decides_nothing(signed_in, editor):
    comment = hidden(CommentFactory())
    client = signed_in(editor)
    decision = Decision.objects.get()

    for address in (LIST, page(comment), f"{HIDE}?ids={comment.pk}", f"{RESTORE}?ids={comment.pk}"):
        assert client.get(address).status_code == 403
    assert hide(client, comment).status_code == 403
    assert client.post(f"{RESTORE}?ids={comment.pk}").status_code == 403
    client.post(reverse("admin:comments_comment_take_back", args=[decision.pk]))
    assert Decision.objects.get() == decision


@pytest.mark.parametrize("number", [1, 3])
def test_list_asks_as_often_for_three_as_for_one(
    signed_in, moderator, number, django_assert_num_queries
):
    phase = PhaseFactory()
    for goal in GoalFactory.create_batch(number, strategy=phase.strategy):
        ReportFactory(comment=hidden(CommentFactory(phase=phase, goal=goal)))
    client = signed_in(moderator)

    with django_assert_num_queries(9):
        response = client.get(LIST)

    assert len(response.context["cl"].result_list) == number
