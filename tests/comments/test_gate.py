"""Who may write what, where and when: every write address of the site, in one table."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse

from accounts.models import User
from accounts.town import forget
from comments.drafts import let_wait
from comments.models import Comment, CommentVersion, Draft, Report, Vote
from comments.rulebook import rule_in_force
from strategies.actions import close_phase, unpublish_strategy
from strategies.admin import DEEDS
from strategies.messages import confirm_url, unsubscribe_url
from strategies.models import Phase, PhaseEvent, Subscription
from tests.accounts.door import DOOR, code_sent, knock
from tests.addresses import public_addresses
from tests.factories import (
    CommentFactory,
    GoalFactory,
    PageVersionFactory,
    PhaseFactory,
    SubscriptionFactory,
    UserFactory,
    VersionFactory,
    days,
    hidden,
    withdrawn,
)

pytestmark = pytest.mark.django_db

RULES = "<ol><li>Be kind to each other</li></ol>"
DOORS = (DOOR, "/kommentare/code/", "/admin/login/")

# done: it was written.  refused: it was not, and a page says why.
# door: the way leads to the sign-in.  nowhere: there is no such page.
PEOPLE = "anonymous       citizen  author   moderator editor"
TABLE = {
    "comment on a goal": {
        "before": "refused refused  refused  refused  refused",
        "open": "door    done     done     done     done",
        "a second after": "refused refused  refused  refused  refused",
        "extended": "door    done     done     done     done",
        "closed early": "refused refused  refused  refused  refused",
        "unpublished": "nowhere nowhere  nowhere  nowhere  nowhere",
        "open, worker stopped": "door    done     done     done     done",
        "open, rules changed": "door    refused  refused  refused  refused",
        "closed, worker stopped": "refused refused  refused  refused  refused",
    },
    "comment on the whole": {
        "before": "refused refused  refused  refused  refused",
        "open": "door    done     done     done     done",
        "a second after": "refused refused  refused  refused  refused",
        "extended": "door    done     done     done     done",
        "closed early": "refused refused  refused  refused  refused",
        "unpublished": "nowhere nowhere  nowhere  nowhere  nowhere",
        "open, worker stopped": "door    done     done     done     done",
        "open, rules changed": "door    refused  refused  refused  refused",
        "closed, worker stopped": "refused refused  refused  refused  refused",
    },
    "reply": {
        "before": "refused refused  refused  refused  refused",
        "open": "door    done     done     done     done",
        "a second after": "refused refused  refused  refused  refused",
        "extended": "door    done     done     done     done",
        "closed early": "refused refused  refused  refused  refused",
        "unpublished": "nowhere nowhere  nowhere  nowhere  nowhere",
        "open, worker stopped": "door    done     done     done     done",
        "open, rules changed": "door    refused  refused  refused  refused",
        "closed, worker stopped": "refused refused  refused  refused  refused",
    },
    # The link of a text that waits. Who is signed in is led to the form, with the text in it.
    "take a waiting text": {
        "before": "refused refused  refused  refused  refused",
        "open": "door    refused  refused  refused  refused",
        "a second after": "refused refused  refused  refused  refused",
        "extended": "door    refused  refused  refused  refused",
        "closed early": "refused refused  refused  refused  refused",
        "unpublished": "refused refused  refused  refused  refused",
        "open, worker stopped": "door    refused  refused  refused  refused",
        "open, rules changed": "door    refused  refused  refused  refused",
        "closed, worker stopped": "refused refused  refused  refused  refused",
    },
    # With the right code, and a text that waits for it.
    "publish with a code": {
        "before": "refused refused  refused  refused  refused",
        "open": "done    refused  refused  refused  refused",
        "a second after": "refused refused  refused  refused  refused",
        "extended": "done    refused  refused  refused  refused",
        "closed early": "refused refused  refused  refused  refused",
        "unpublished": "refused refused  refused  refused  refused",
        "open, worker stopped": "done    refused  refused  refused  refused",
        "open, rules changed": "done    refused  refused  refused  refused",
        "closed, worker stopped": "refused refused  refused  refused  refused",
    },
    # Who came with a code and has no name yet. Those who are not signed in have to be, first.
    "publish with a name": {
        "before": "door    refused  refused  refused  refused",
        "open": "door    done     done     done     done",
        "a second after": "door    refused  refused  refused  refused",
        "extended": "door    done     done     done     done",
        "closed early": "door    refused  refused  refused  refused",
        "unpublished": "door    refused  refused  refused  refused",
        "open, worker stopped": "door    done     done     done     done",
        "open, rules changed": "door    refused  refused  refused  refused",
        "closed, worker stopped": "door    refused  refused  refused  refused",
    },
    "edit": {
        "before": "door    nowhere  refused  nowhere  nowhere",
        "open": "door    nowhere  done     nowhere  nowhere",
        "a second after": "door    nowhere  refused  nowhere  nowhere",
        "extended": "door    nowhere  done     nowhere  nowhere",
        "closed early": "door    nowhere  refused  nowhere  nowhere",
        "unpublished": "nowhere nowhere  nowhere  nowhere  nowhere",
        "open, worker stopped": "door    nowhere  done     nowhere  nowhere",
        "open, rules changed": "door    nowhere  refused  nowhere  nowhere",
        "closed, worker stopped": "door    nowhere  refused  nowhere  nowhere",
    },
    "remove a version": {
        "before": "door    nowhere  done     nowhere  nowhere",
        "open": "door    nowhere  done     nowhere  nowhere",
        "a second after": "door    nowhere  done     nowhere  nowhere",
        "extended": "door    nowhere  done     nowhere  nowhere",
        "closed early": "door    nowhere  done     nowhere  nowhere",
        "unpublished": "door    nowhere  nowhere  nowhere  nowhere",
        "open, worker stopped": "door    nowhere  done     nowhere  nowhere",
        "open, rules changed": "door    nowhere  done     nowhere  nowhere",
        "closed, worker stopped": "door    nowhere  done     nowhere  nowhere",
    },
    # Staff answer; they do not count among those who agree.
    "vote": {
        "before": "refused refused  refused  refused  refused",
        "open": "door    done     refused  refused  refused",
        "a second after": "refused refused  refused  refused  refused",
        "extended": "door    done     refused  refused  refused",
        "closed early": "refused refused  refused  refused  refused",
        "unpublished": "nowhere nowhere  nowhere  nowhere  nowhere",
        "open, worker stopped": "door    done     refused  refused  refused",
        "open, rules changed": "door    done     refused  refused  refused",
        "closed, worker stopped": "refused refused  refused  refused  refused",
    },
    # Nobody reports what they wrote themselves.
    "report": {
        "before": "done    done     refused  done     done",
        "open": "done    done     refused  done     done",
        "a second after": "done    done     refused  done     done",
        "extended": "done    done     refused  done     done",
        "closed early": "done    done     refused  done     done",
        "unpublished": "nowhere nowhere  nowhere  nowhere  nowhere",
        "open, worker stopped": "done    done     refused  done     done",
        "open, rules changed": "done    done     refused  done     done",
        "closed, worker stopped": "done    done     refused  done     done",
    },
    "withdraw": {
        "before": "door    nowhere  done     nowhere  nowhere",
        "open": "door    nowhere  done     nowhere  nowhere",
        "a second after": "door    nowhere  done     nowhere  nowhere",
        "extended": "door    nowhere  done     nowhere  nowhere",
        "closed early": "door    nowhere  done     nowhere  nowhere",
        "unpublished": "door    nowhere  done     nowhere  nowhere",
        "open, worker stopped": "door    nowhere  done     nowhere  nowhere",
        "open, rules changed": "door    nowhere  done     nowhere  nowhere",
        "closed, worker stopped": "door    nowhere  done     nowhere  nowhere",
    },
    "show again": {
        "before": "door    nowhere  refused  nowhere  nowhere",
        "open": "door    nowhere  done     nowhere  nowhere",
        "a second after": "door    nowhere  refused  nowhere  nowhere",
        "extended": "door    nowhere  done     nowhere  nowhere",
        "closed early": "door    nowhere  refused  nowhere  nowhere",
        "unpublished": "door    nowhere  nowhere  nowhere  nowhere",
        "open, worker stopped": "door    nowhere  done     nowhere  nowhere",
        "open, rules changed": "door    nowhere  done     nowhere  nowhere",
        "closed, worker stopped": "door    nowhere  refused  nowhere  nowhere",
    },
    # Without account: a link goes to the address.
    "follow": {
        "before": "done    done     done     done     done",
        "open": "done    done     done     done     done",
        "a second after": "done    done     done     done     done",
        "extended": "done    done     done     done     done",
        "closed early": "done    done     done     done     done",
        "unpublished": "nowhere nowhere  nowhere  nowhere  nowhere",
        "open, worker stopped": "done    done     done     done     done",
        "open, rules changed": "done    done     done     done     done",
        "closed, worker stopped": "done    done     done     done     done",
    },
    "follow all": {
        "before": "done    done     done     done     done",
        "open": "done    done     done     done     done",
        "a second after": "done    done     done     done     done",
        "extended": "done    done     done     done     done",
        "closed early": "done    done     done     done     done",
        "unpublished": "done    done     done     done     done",
        "open, worker stopped": "done    done     done     done     done",
        "open, rules changed": "done    done     done     done     done",
        "closed, worker stopped": "done    done     done     done     done",
    },
    # The signed link is the proof, whoever holds it.
    "confirm": {
        "before": "done    done     done     done     done",
        "open": "done    done     done     done     done",
        "a second after": "done    done     done     done     done",
        "extended": "done    done     done     done     done",
        "closed early": "done    done     done     done     done",
        "unpublished": "nowhere nowhere  nowhere  nowhere  nowhere",
        "open, worker stopped": "done    done     done     done     done",
        "open, rules changed": "done    done     done     done     done",
        "closed, worker stopped": "done    done     done     done     done",
    },
    "unsubscribe": {
        "before": "done    done     done     done     done",
        "open": "done    done     done     done     done",
        "a second after": "done    done     done     done     done",
        "extended": "done    done     done     done     done",
        "closed early": "done    done     done     done     done",
        "unpublished": "done    done     done     done     done",
        "open, worker stopped": "done    done     done     done     done",
        "open, rules changed": "done    done     done     done     done",
        "closed, worker stopped": "done    done     done     done     done",
    },
    # Without account nothing is kept as a draft: the text takes the way of every other.
    "save a draft": {
        "before": "refused done     done     done     done",
        "open": "door    done     done     done     done",
        "a second after": "refused done     done     done     done",
        "extended": "door    done     done     done     done",
        "closed early": "refused done     done     done     done",
        "unpublished": "nowhere nowhere  nowhere  nowhere  nowhere",
        "open, worker stopped": "door    done     done     done     done",
        "open, rules changed": "door    done     done     done     done",
        "closed, worker stopped": "refused done     done     done     done",
    },
    "discard a draft": {
        "before": "door    done     done     done     done",
        "open": "door    done     done     done     done",
        "a second after": "door    done     done     done     done",
        "extended": "door    done     done     done     done",
        "closed early": "door    done     done     done     done",
        "unpublished": "door    done     done     done     done",
        "open, worker stopped": "door    done     done     done     done",
        "open, rules changed": "door    done     done     done     done",
        "closed, worker stopped": "door    done     done     done     done",
    },
    # In the admin: its door lets only staff in, and each only to what their role may do.
    "hide": {
        "before": "door    door     door     done     refused",
        "open": "door    door     door     done     refused",
        "a second after": "door    door     door     done     refused",
        "extended": "door    door     door     done     refused",
        "closed early": "door    door     door     done     refused",
        "unpublished": "door    door     door     done     refused",
        "open, worker stopped": "door    door     door     done     refused",
        "open, rules changed": "door    door     door     done     refused",
        "closed, worker stopped": "door    door     door     done     refused",
    },
    "open": {
        "before": "door    door     door     refused  done",
        "open": "door    door     door     refused  refused",
        "a second after": "door    door     door     refused  refused",
        "extended": "door    door     door     refused  refused",
        "closed early": "door    door     door     refused  refused",
        "unpublished": "door    door     door     refused  refused",
        "open, worker stopped": "door    door     door     refused  refused",
        "open, rules changed": "door    door     door     refused  refused",
        "closed, worker stopped": "door    door     door     refused  refused",
    },
    "extend": {
        "before": "door    door     door     refused  refused",
        "open": "door    door     door     refused  done",
        "a second after": "door    door     door     refused  refused",
        "extended": "door    door     door     refused  done",
        "closed early": "door    door     door     refused  refused",
        "unpublished": "door    door     door     refused  done",
        "open, worker stopped": "door    door     door     refused  done",
        "open, rules changed": "door    door     door     refused  done",
        "closed, worker stopped": "door    door     door     refused  refused",
    },
    "reopen": {
        "before": "door    door     door     refused  refused",
        "open": "door    door     door     refused  refused",
        "a second after": "door    door     door     refused  done",
        "extended": "door    door     door     refused  refused",
        "closed early": "door    door     door     refused  done",
        "unpublished": "door    door     door     refused  refused",
        "open, worker stopped": "door    door     door     refused  refused",
        "open, rules changed": "door    door     door     refused  refused",
        "closed, worker stopped": "door    door     door     refused  done",
    },
    "answer": {
        "before": "door    door     door     refused  refused",
        "open": "door    door     door     refused  refused",
        "a second after": "door    door     door     refused  done",
        "extended": "door    door     door     refused  refused",
        "closed early": "door    door     door     refused  done",
        "unpublished": "door    door     door     refused  refused",
        "open, worker stopped": "door    door     door     refused  refused",
        "open, rules changed": "door    door     door     refused  refused",
        "closed, worker stopped": "door    door     door     refused  done",
    },
}
TABLE["show a hidden one"] = TABLE["dismiss reports"] = TABLE["hide"]
TABLE["close"] = TABLE["extend"]
URL_NAMES = {
    "comment on a goal": "goal",
    "comment on the whole": "discussion",
    "reply": "goal",
    "take a waiting text": "take_waiting_text",
    "publish with a code": "publish_with_code",
    "publish with a name": "publish_with_name",
    "edit": "edit",
    "remove a version": "remove_version",
    "vote": "vote",
    "report": "report",
    "withdraw": "withdraw",
    "show again": "show_again",
    "follow": "follow",
    "follow all": "follow_all",
    "confirm": "confirm_following",
    "unsubscribe": "unsubscribe",
}


def recorded(**dates):
    phase = PhaseFactory(**dates)
    PhaseEvent.objects.create(phase=phase, kind=PhaseEvent.Kind.OPENED, moment=phase.opens_at)
    return phase


def phase_that_is(state, editor):
    if state == "before":
        return PhaseFactory(opens_in=1, closes_in=2)
    if state == "a second after":
        return recorded(closes_at=days(0) - timedelta(seconds=1))
    if state == "open, worker stopped":
        return PhaseFactory(opens_in=-5)
    if state == "open, rules changed":
        PageVersionFactory(page="rules", text=RULES, is_to_be_accepted=True)
        forget()
    if state == "closed, worker stopped":
        return PhaseFactory(opens_in=-5, closes_in=-3)
    phase = recorded()
    if state == "extended":
        # The first end has passed.
        PhaseEvent.objects.create(
            phase=phase,
            kind=PhaseEvent.Kind.EXTENDED,
            moment=days(-0.5),
            date_before=days(-0.25),
            date_after=phase.closes_at,
            by=editor,
            reason="Holidays.",
        )
    if state == "closed early":
        close_phase(phase=phase, by=editor, reason="Wrong text.")
    if state == "unpublished":
        unpublish_strategy(strategy=phase.strategy)
    return phase


class Place:
    """A goal in a phase that is in this state, with a comment of ``author`` on it."""

    def __init__(self, state, author, editor):
        phase = phase_that_is(state, editor)
        self.strategy = phase.strategy
        self.goal = GoalFactory(strategy=self.strategy)
        said_in = phase
        if state == "before":
            said_in = PhaseFactory(strategy=self.strategy, opens_in=-3, closes_in=-2)
        self.comment = CommentFactory(phase=said_in, goal=self.goal, author=author)
        self.subscriber = SubscriptionFactory(strategy=self.strategy).person
        self.request = SubscriptionFactory(
            strategy=self.strategy, person=None, address="asked@example.org"
        )

    def form(self, address):
        """Where this form is sent, and what it says."""
        goal = reverse("goal", args=[self.strategy.slug, self.goal.number])
        text = {"text": "Benches, too.", "email": "newcomer@example.org"}
        newcomer = {"email": "newcomer@example.org"}
        return {
            "comment on a goal": (goal, text),
            "comment on the whole": (reverse("discussion", args=[self.strategy.slug]), text),
            "reply": (goal, text | {"parent": self.comment.pk}),
            "take a waiting text": (reverse("take_waiting_text"), {}),
            "publish with a code": (reverse("publish_with_code"), {}),
            "publish with a name": (reverse("publish_with_name"), {}),
            "edit": (reverse("edit", args=[self.comment.pk]), text),
            "remove a version": (reverse("remove_version", args=[self.comment.pk, 1]), {}),
            "vote": (reverse("vote", args=[self.comment.pk]), {"stimme": "ja"}),
            "report": (reverse("report", args=[self.comment.pk]), {"rule": "1"}),
            "withdraw": (reverse("withdraw", args=[self.comment.pk]), {}),
            "show again": (reverse("show_again", args=[self.comment.pk]), {}),
            "follow": (reverse("follow", args=[self.strategy.slug]), newcomer),
            "follow all": (reverse("follow_all"), newcomer),
            "confirm": (path_of(confirm_url(self.request)), {}),
            "unsubscribe": (self.unsubscribe_path(), {"List-Unsubscribe": "One-Click"}),
            "save a draft": (goal, text | {"save": "1"}),
            "discard a draft": (reverse("discard_draft", args=[1]), {}),
            "hide": self.decide("hide", rule="1", explanation="Not here."),
            "show a hidden one": self.decide("restore"),
            "dismiss reports": self.decide("dismiss", explanation="It may stay."),
            "open": self.deed("open"),
            "extend": self.deed("extend"),
            "close": self.deed("close"),
            "reopen": self.deed("reopen"),
            "answer": self.deed("answer"),
        }[address]

    def decide(self, name, **typed):
        path = reverse(f"admin:comments_comment_{name}") + f"?ids={self.comment.pk}"
        shown = {f"version_{self.comment.pk}": 1, "rule_words": rule_in_force("1").words}
        return path, shown | typed

    def deed(self, name):
        phase = self.strategy.phases.latest("opens_at")
        said = {"reason": "The river is high.", "closes_at_0": "2036-05-31"}
        return reverse("admin:strategies_strategy_phase", args=[phase.pk, name]), said

    def unsubscribe_path(self):
        return path_of(unsubscribe_url(self.strategy)(self.subscriber))


def path_of(link: str) -> str:
    return link.removeprefix(settings.SITE_URL)


def written() -> set:
    """Everything that one of the addresses could have changed."""
    said = Comment.objects.values_list("pk", "parent", "text", "withdrawn_at", "hidden_by")
    follows = Subscription.objects.values_list("pk", "person", "confirmed_at", "ended_at")
    versions = CommentVersion.objects.values_list("comment", "number", "text")
    votes = Vote.objects.values_list("comment", "person", "opinion")
    tables = {"comment": said, "follows": follows, "version": versions, "vote": votes}
    tables["report"] = Report.objects.values_list("comment", "reporter", "decision")
    tables["draft"] = Draft.objects.exclude(person=None).values_list("pk", "text")
    tables["phase"] = Phase.objects.values_list("pk", "opens_at", "closes_at", "answered_at")
    return {(name, *row) for name, rows in tables.items() for row in rows}


def waiting_text(place):
    who = {"name": "Deichgängerin", "address": "newcomer@example.org", "version": None}
    here = {"strategy": place.strategy, "goal": place.goal, "parent": None}
    return let_wait(**who, **here, text="Benches, too.")


def let_wait_for(place, client):
    session = client.session
    session["draft"] = waiting_text(place).token
    session.save()


def waiting_for_code(place, client):
    knock(client, "newcomer@example.org", "Deichgängerin")
    let_wait_for(place, client)
    # Those who are signed in are sent none.
    return "000000" if "_auth_user_id" in client.session else code_sent()


def own_draft(place, client) -> int:
    """The number of a draft of whoever is signed in; of somebody else's when nobody is."""
    person_id = client.session.get("_auth_user_id") or place.subscriber.pk
    return Draft.objects.create(person_id=person_id, strategy=place.strategy, text="Benches.").pk


def attempt(address, place, client) -> str:
    if address == "show again":
        withdrawn(place.comment)
    if address == "remove a version":
        VersionFactory(comment=place.comment)
    path, said = place.form(address)
    if address == "take a waiting text":
        said = {"token": waiting_text(place).token}
    if address == "publish with a code":
        said = {"code": waiting_for_code(place, client)}
    if address == "publish with a name":
        let_wait_for(place, client)
        person = client.session.get("_auth_user_id")
        User.objects.filter(pk=person).update(public_name="", name_skeleton=None)
        said = {"name": f"Dike walker {person}"}
    if address == "discard a draft":
        path = reverse("discard_draft", args=[own_draft(place, client)])
    if address == "show a hidden one":
        hidden(place.comment)
    if address == "dismiss reports":
        Report.objects.create(comment=place.comment, rule="1")
    before = written()
    response = client.post(path, said)
    if written() != before:
        return "done"
    if response.status_code == 404:
        return "nowhere"
    if response.status_code == 302 and response["Location"].startswith(DOORS):
        return "door"
    return "refused"


@pytest.mark.parametrize("state", TABLE["reply"])
@pytest.mark.parametrize("address", TABLE)
def test_who_may_write_here_now(address, state, signed_in, client, citizen, moderator, editor):
    author = UserFactory()
    people = [None, citizen, author, moderator, editor]

    outcomes = [
        attempt(address, Place(state, author, editor), signed_in(person) if person else client)
        for person in people
    ]

    assert outcomes == TABLE[address][state].split()


def test_the_table_has_every_address_that_takes_a_form(client):
    """Of the public pages, and what staff do to phases; what else stands under /konto/ and
    /admin/ has tests of its own."""
    taking = {name for name, path in public_addresses() if client.post(path).status_code != 405}

    # A barrier may be reported by anybody at any time: tests/lenzen/test_barriers.py.
    assert taking == {*URL_NAMES.values(), "barrier"}
    assert DEEDS.keys() <= TABLE.keys()
