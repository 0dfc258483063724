"""The rules of conduct: cited by number, changed by the town, agreed to once."""

import pytest
from django.conf import settings
from django.utils.translation import override

from accounts.models import User
from accounts.town import forget, frame, numbered_rules, remember, starter_text
from comments.actions import CommentRefused, edit_comment, hide_comment, post_comment
from comments.models import Comment
from comments.reports import report_comment
from comments.rulebook import HouseRule, Rule, rules_in_force
from comments.rules import refusal
from tests.accounts.door import enter, knock
from tests.factories import CommentFactory, PageVersionFactory

pytestmark = pytest.mark.django_db

CHANGED = "<ol><li>Bleiben Sie respektvoll</li><li>Kein Streit über Hunde.</li></ol>"


def change_rules(**fields):
    version = PageVersionFactory(page="rules", text=CHANGED, **fields)
    forget()
    return version


# Cited


def test_the_page_of_the_start_and_the_code_say_the_same():
    with override(settings.LANGUAGE_CODE):
        labels = [str(rule.label) for rule in Rule if rule != Rule.LAW]

    assert numbered_rules(starter_text("rules")) == labels


def test_what_can_be_cited_are_the_rules_on_the_page_and_the_law():
    assert [rule.number for rule in rules_in_force()] == ["1", "2", "3", "4", "5", "6", "law"]

    change_rules()

    assert rules_in_force() == [
        HouseRule("1"),
        HouseRule("2", "Kein Streit über Hunde."),
        HouseRule("law"),
    ]


def test_a_changed_rule_is_cited_in_the_words_of_the_town(client, moderator):
    change_rules()
    comment = CommentFactory()

    hide_comment(comment=comment, rule="2", explanation="Kein Hund.", by=moderator)

    html = client.get(comment.get_absolute_url(), follow=True).content.decode()
    assert "Grund: Regel 2 (Kein Streit über Hunde)." in html


def test_what_was_decided_keeps_the_words_it_cited(moderator):
    before, after = CommentFactory.create_batch(2)
    old = hide_comment(comment=before, rule="2", explanation="Thema.", by=moderator)
    change_rules()
    new = hide_comment(comment=after, rule="2", explanation="Hund.", by=moderator)
    PageVersionFactory(page="rules", text="<ol><li>Neu</li><li>Auch neu</li></ol>", number=999)

    assert old.reason == "Regel 2 (nicht zum Thema)"
    assert new.reason == "Regel 2 (Kein Streit über Hunde)"


def test_reports_offer_the_rules_in_force_and_keep_their_words(client):
    comment = CommentFactory()
    change_rules()
    address = f"/kommentare/{comment.pk}/melden/"

    choices = client.get(address).context["form"].fields["rule"].choices
    assert [label for _value, label in choices] == [
        "Regel 1 (Beleidigung)",
        "Regel 2 (Kein Streit über Hunde)",
        "Rechtswidrig",
    ]
    report = report_comment(comment=comment, rule="2")
    assert report.reason == "Regel 2 (Kein Streit über Hunde)"
    assert client.post(address, {"rule": "3"}).context["form"].errors


def test_moderators_are_offered_a_sentence_for_each_rule(signed_in, moderator):
    comment = CommentFactory()
    change_rules()

    page = signed_in(moderator).get(f"/admin/comments/comment/hide/?ids={comment.pk}")

    assert "Ihr Kommentar verstößt gegen Regel 2: Kein Streit über Hunde." in page.content.decode()


# Agreed to


def test_who_wrote_before_agrees_once(goal, citizen, signed_in):
    changed = change_rules(is_to_be_accepted=True)
    client, address = signed_in(citizen), goal.get_absolute_url()
    assert 'name="agrees_to"' in client.get(address).content.decode()

    refused = client.post(address, {"text": "Mehr Bäume."})
    assert refused.status_code == 409
    html = refused.content.decode()
    assert "Die Nutzungsregeln wurden am" in html
    assert "Mehr Bäume." in html
    assert not Comment.objects.exists()

    client.post(address, {"text": "Mehr Bäume.", "agrees_to": changed.pk})
    client.post(address, {"text": "Mehr Bänke."})
    assert Comment.objects.count() == 2
    citizen.refresh_from_db()
    assert citizen.accepted_rules == changed
    assert citizen.accepted_rules_at
    assert 'name="agrees_to"' not in client.get(address).content.decode()


def test_who_agrees_agrees_to_what_they_have_read(citizen, goal, monkeypatch):
    """And not to rules that are saved while they publish."""
    read = change_rules(is_to_be_accepted=True)

    def ask_and_change(*args, **options):
        answer = refusal(*args, **options)
        change_rules(is_to_be_accepted=True)
        return answer

    monkeypatch.setattr("comments.actions.comments.refusal", ask_and_change)

    post_comment(author=citizen, strategy=goal.strategy, goal=goal, text="Trees", agrees_to=read.pk)

    citizen.refresh_from_db()
    assert citizen.accepted_rules == read


def test_who_agrees_is_heard_by_a_process_that_knows_the_old_rules(citizen, goal):
    """For ten seconds each process remembers the rules as they were."""
    post_comment(author=citizen, strategy=goal.strategy, goal=goal, text="Trees")
    before = frame()
    changed = change_rules(is_to_be_accepted=True)
    remember(before)

    post_comment(
        author=citizen, strategy=goal.strategy, goal=goal, text="More", agrees_to=changed.pk
    )

    citizen.refresh_from_db()
    assert citizen.accepted_rules == changed


def test_nobody_agrees_to_what_asks_for_no_consent(citizen, goal):
    correction, page = change_rules(), PageVersionFactory(page="privacy", is_to_be_accepted=True)

    for number in (correction.pk, page.pk, 10_000):
        said = {"text": f"Trees {number}", "agrees_to": number}
        post_comment(author=citizen, strategy=goal.strategy, goal=goal, **said)

    citizen.refresh_from_db()
    assert citizen.accepted_rules is None


def test_a_code_alone_agrees_to_nothing_for_who_has_an_account(client, citizen):
    change_rules(is_to_be_accepted=True)

    knock(client, citizen.email)
    enter(client)

    citizen.refresh_from_db()
    assert citizen.accepted_rules is None


def test_agreeing_to_an_earlier_change_is_not_enough(goal, citizen):
    earlier = change_rules(is_to_be_accepted=True)
    change_rules(is_to_be_accepted=True)

    with pytest.raises(CommentRefused) as refused:
        post_comment(
            author=citizen, strategy=goal.strategy, goal=goal, text="Trees", agrees_to=earlier.pk
        )

    assert refused.value.refusal.code == "rules"


def test_a_correction_asks_nobody_to_agree(goal, citizen):
    change_rules()

    assert post_comment(author=citizen, strategy=goal.strategy, goal=goal, text="Trees")


def test_editing_asks_for_it_too(goal, citizen, signed_in):
    comment = post_comment(author=citizen, strategy=goal.strategy, goal=goal, text="Trees")
    changed = change_rules(is_to_be_accepted=True)
    page = signed_in(citizen).get(f"/kommentare/{comment.pk}/bearbeiten/")
    assert 'name="agrees_to"' in page.content.decode()
    assert page.context["refusal"] is None

    with pytest.raises(CommentRefused):
        edit_comment(comment=comment, by=citizen, text="More trees")
    edit_comment(comment=comment, by=citizen, text="More trees", agrees_to=changed.pk)

    comment.refresh_from_db()
    assert comment.text == "More trees"


def test_who_is_new_has_agreed_to_the_rules_that_stood_at_the_form(client):
    changed = change_rules(is_to_be_accepted=True)

    knock(client, "neu@example.org", "Deichgängerin")
    enter(client)

    assert User.objects.get(email="neu@example.org").accepted_rules == changed


def test_a_draft_can_be_kept_without_agreeing(goal, citizen, signed_in):
    change_rules(is_to_be_accepted=True)

    signed_in(citizen).post(goal.get_absolute_url(), {"text": "Later", "save": "1"})

    assert citizen.drafts.get().text == "Later"
