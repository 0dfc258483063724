"""What is kept how long: the table, what runs it, and that nothing else goes."""

from datetime import timedelta
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.conf import settings as site
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Bounce, Notification, TaskRun, User
from comments.models import Comment, CommentVersion, Decision, Draft, Report
from lenzen.retention import TERMS, as_markdown, keep_terms
from lenzen.tasks import keep_terms as task
from strategies.models import Participation, Subscription
from strategies.wording import day
from tests.accounts.door import enter, knock
from tests.factories import (
    CommentFactory,
    DecisionFactory,
    GoalFactory,
    NotificationFactory,
    ParticipationFactory,
    ReplyFactory,
    SubscriptionFactory,
    UserFactory,
    days,
    withdrawn,
)

pytestmark = pytest.mark.django_db


def texts():
    return set(Comment.objects.values_list("text", flat=True))


def test_the_plan_of_deletion_shows_the_table():
    """To write it anew: ``manage.py retention_plan``, between its two marks."""
    plan = Path(site.BASE_DIR, "docs/datenschutz/loeschkonzept.md").read_text()

    assert f"<!-- fristen -->\n{as_markdown()}\n<!-- /fristen -->" in plan


def test_every_term_is_worded():
    rows = as_markdown().splitlines()[2:]

    assert len(rows) == len(TERMS)
    assert not [row for row in rows if "| |" in row]


def ended(age, **fields):
    return NotificationFactory(outcome="sent", ended_at=days(-age), **fields)


def test_messages_go_when_they_have_ended_long_ago():
    ended(31), ended(2, is_private=True, subject="", body="")
    stay = [ended(29), ended(0.9, is_private=True, subject="", body=""), NotificationFactory()]

    keep_terms()

    assert set(Notification.objects.all()) == set(stay)


def draft(age, **owner):
    return Draft.objects.create(
        strategy=GoalFactory().strategy, text="Perhaps", saved_at=days(-age), **owner
    )


def test_drafts_wait_a_day_for_visitors_and_a_month_for_people(citizen):
    draft(1.1, token="a"), draft(31, person=citizen)
    stay = {draft(0.9, token="b"), draft(29, person=citizen)}

    keep_terms()

    assert set(Draft.objects.all()) == stay


def withdrawn_for(age, **fields):
    comment = withdrawn(CommentFactory(**fields))
    Comment.objects.filter(pk=comment.pk).update(withdrawn_at=days(-age))
    return comment


def test_withdrawn_words_are_emptied_after_a_month():
    old = withdrawn_for(31, text="Old words.")
    CommentVersion.objects.create(comment=old, number=1, text="Older words.")
    ReplyFactory(parent=old, text="A reply.")
    withdrawn_for(29, text="Fresh words.")
    rows = Comment.objects.count()

    keep_terms()

    assert texts() == {"", "A reply.", "Fresh words."}
    assert Comment.objects.count() == rows
    assert CommentVersion.objects.get().text == ""


def test_nobody_can_show_emptied_words_again(signed_in, open_phase):
    comment = withdrawn_for(31, phase=open_phase)
    keep_terms()

    signed_in(comment.author).post(f"/kommentare/{comment.pk}/wieder-zeigen/")

    comment.refresh_from_db()
    assert comment.withdrawn_at


def report(**fields):
    return Report.objects.create(
        comment=CommentFactory(), rule="1", words="Look.", email="reader@example.org", **fields
    )


def decision(age):
    made = DecisionFactory()
    Decision.objects.filter(pk=made.pk).update(decided_at=days(-age))
    return made


def test_who_reported_is_forgotten_a_month_after_the_decision():
    gone = report(decision=decision(31))
    stay = {report(decision=decision(29)), report(reported_at=days(-90))}

    keep_terms()

    assert set(Report.objects.exclude(email="")) == stay
    gone.refresh_from_db()
    assert gone.words == "Look."


def session(expires_in):
    store = SessionStore()
    store.set_expiry(timezone.now() + timedelta(days=expires_in))
    store.create()
    return store.session_key


def test_ended_sessions_go_also_from_the_list_people_see(citizen):
    gone, lives = session(-1), session(1)
    for key in (gone, lives):
        UserSession.objects.create(user=citizen, session_key=key, ip="::")

    keep_terms()

    assert [each.session_key for each in Session.objects.all()] == [lives]
    assert [each.session_key for each in UserSession.objects.all()] == [lives]


def test_who_knocks_and_does_not_come_in_is_known_for_a_day():
    reader = Client()

    knock(reader, "visitor@example.org")

    assert Session.objects.get().expire_date < days(1.01)
    enter(reader)
    assert Session.objects.get().expire_date > days(29)


def test_who_writes_and_does_not_come_in_is_known_for_a_day(goal):
    said = {"text": "Trees.", "email": "elbe@example.org"}
    Client().post(goal.get_absolute_url(), said, headers={"origin": site.SITE_URL})

    assert Session.objects.get().expire_date < days(1.01)


def test_whose_session_ended_while_editing_is_known_for_a_day():
    Client().post(reverse("edit", args=[CommentFactory().pk]), {"text": "Trees."})

    assert Session.objects.get().expire_date < days(1.01)


def test_who_looks_for_a_passkey_and_does_not_come_in_is_known_for_a_day():
    ajax = {"x-requested-with": "XMLHttpRequest"}

    assert Client().get("/konto/anmelden/passkey/", headers=ajax).status_code == 200
    assert Session.objects.get().expire_date < days(1.01)


def test_counters_against_misuse_do_not_outlive_their_hour():
    cache.set("short", 1, timeout=-60)
    cache.set("long", 1, timeout=60)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cache (cache_key, value, expires) VALUES ('old', '', %s)",
            [connection.ops.adapt_datetimefield_value(days(-0.01))],
        )

    keep_terms()

    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM cache")
        assert [key for (key,) in cursor.fetchall()] == [cache.make_key("long")]


def test_requests_that_nobody_confirmed_go_after_a_week():
    for age, address in [(8, "a@example.org"), (6, "b@example.org")]:
        row = SubscriptionFactory(person=None, address=address)
        Subscription.objects.filter(pk=row.pk).update(started_at=days(-age))
    SubscriptionFactory(person=None, address="c@example.org", confirmed_at=days(-100))

    keep_terms()

    left = Subscription.objects.values_list("address", flat=True)
    assert set(left) == {"b@example.org", "c@example.org"}


def test_addresses_that_take_no_mails_are_known_as_long_as_somebody_has_them(citizen):
    SubscriptionFactory(person=None, address="a@example.org", confirmed_at=days(-1))
    Report.objects.create(comment=CommentFactory(), rule="1", email="R@example.org")
    NotificationFactory(recipient=None, address="m@example.org")
    EmailAddress.objects.create(user=citizen, email="Second@example.org")
    known = {citizen.email, "a@example.org", "r@example.org", "m@example.org"}
    known |= {"second@example.org"}
    for address in [*known, "nobody@example.org"]:
        Bounce.objects.create(address=address)

    keep_terms()

    assert set(Bounce.objects.values_list("address", flat=True)) == known


# Accounts


def person(joined, *, confirmed=True, **fields):
    someone = UserFactory(**fields)
    User.objects.filter(pk=someone.pk).update(joined_at=days(-joined))
    EmailAddress.objects.filter(user=someone).update(verified=confirmed)
    return someone


@pytest.fixture(autouse=True)
def _list_of_erased(settings, tmp_path):
    settings.ERASED_ACCOUNTS_FILE = tmp_path / "erased-accounts.txt"


def test_accounts_that_nobody_confirmed_go_after_a_month():
    person(31, confirmed=False)
    stay = {
        person(29, confirmed=False),
        person(31),
        person(31, confirmed=False, last_login=days(-30)),
        person(31, confirmed=False, is_staff=True),
        ParticipationFactory(person=person(31, confirmed=False)).person,
    }

    keep_terms()

    assert set(User.objects.all()) == stay


def last_there(age, **fields):
    return person(800, last_login=days(-age), **fields)


def test_who_has_not_come_for_two_years_is_asked_once():
    unused = last_there(731)
    last_there(729)
    last_there(1000, is_staff=True)
    ParticipationFactory(person=last_there(1000), last_at=days(-700))

    keep_terms()
    keep_terms()

    message = Notification.objects.get()
    assert message.recipient == unused
    assert message.subject.startswith("Brauchen Sie Ihr Konto noch?")
    assert f"{site.SITE_URL}/konto/" in message.body
    assert day(timezone.localdate() + timedelta(days=62)) in message.body


def warned(person, age):
    User.objects.filter(pk=person.pk).update(warned_at=days(-age))
    return person


def test_who_was_asked_and_does_not_come_is_forgotten_after_two_months():
    comment = CommentFactory(author=warned(last_there(800), 63))
    back = warned(last_there(731), 800)
    stay = {warned(last_there(800), 61), warned(last_there(30), 63), back}

    keep_terms()

    assert set(User.objects.all()) == stay
    comment.refresh_from_db()
    assert (comment.author, comment.text) == (None, "More trees, please.")
    assert Notification.objects.get().recipient == back, "came back since, and is asked again"


def test_who_once_decided_here_is_not_forgotten():
    former = warned(last_there(800), 63)
    DecisionFactory(decided_by=former)

    keep_terms()

    assert User.objects.filter(pk=former.pk).exists()


def test_the_task_leaves_a_trace_and_does_no_harm_twice(citizen):
    CommentFactory(author=citizen)
    Participation.objects.all().delete()

    task()
    task()

    assert TaskRun.objects.get().task == "keep_terms"
    assert texts() == {"More trees, please."}
    assert User.objects.filter(pk=citizen.pk).exists()
