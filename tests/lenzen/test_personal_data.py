"""Taking one's data along, and being forgotten: what is kept, told and erased, model by model."""

import json
import re
import zipfile
from io import BytesIO, StringIO
from urllib.parse import quote

import factory
import pytest
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import models, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import Bounce, Notification, User
from accounts.tasks import send_notifications
from accounts.town import PageVersion, Statement, Town
from comments.actions import post_comment
from comments.drafts import let_wait
from comments.models import Comment, CommentVersion, Decision, Draft, Report, Vote
from comments.reports import report_comment
from comments.rulebook import Rule
from lenzen.barriers import report_barrier
from lenzen.personal_data import SECTIONS, WORDS, ErasureRefused, as_zip, erase, export, refusal
from strategies.models import (
    GoalVersion,
    Milestone,
    Participation,
    PhaseEvent,
    Strategy,
    Subscription,
)
from tests.accounts.door import CODE, HOST, code_sent, enter, knock, signed_in_as
from tests.factories import (
    CommentFactory,
    DecisionFactory,
    GoalFactory,
    NotificationFactory,
    ParticipationFactory,
    PhaseEventFactory,
    ReplyFactory,
    SubscriptionFactory,
    TownFactory,
    UserFactory,
    VersionFactory,
    VoteFactory,
    hidden,
    withdrawn,
)
from tests.pages import form_values
from tests.stored import places_of

pytestmark = pytest.mark.django_db

# The list of erased accounts is written once it is certain.
committed = pytest.mark.django_db(transaction=True)

ADDRESS, NAME, PASSWORD = "elbe@example.org", "Elbfischerin", "vierzehn Birnen am Deich"
DATA, DOWNLOAD, DELETE = "/konto/daten/", "/konto/daten/herunterladen/", "/konto/daten/loeschen/"


@pytest.fixture(autouse=True)
def erased_file(settings, tmp_path):
    settings.ERASED_ACCOUNTS_FILE = tmp_path / "erased-accounts.txt"
    return settings.ERASED_ACCOUNTS_FILE


@pytest.fixture
def person():
    return UserFactory(email=ADDRESS, public_name=NAME)


# Every model that knows people, with a row about somebody, and the section of the export.


def log_entry(user, **about):
    return LogEntry.objects.create(user=user, action_flag=2, object_repr=f"{NAME}", **about)


def own_session(person):
    browser = Client()
    browser.force_login(person)
    return UserSession.objects.get_or_create(
        session_key=browser.session.session_key, defaults={"user": person, "ip": "::"}
    )


def own_draft(person):
    return Draft.objects.create(person=person, strategy=GoalFactory().strategy, text="Perhaps")


def text_with_address(person):
    """A text that waits for the code that was sent to this person."""
    who = {"name": NAME, "address": person.email.title(), "version": None}
    place = {"strategy": GoalFactory().strategy, "goal": None, "parent": None}
    return let_wait(**who, **place, text="Perhaps not")


ROWS = {
    User: (lambda person: person, "account"),
    EmailAddress: (lambda person: EmailAddress.objects.get(user=person), "addresses"),
    Authenticator: (
        lambda person: Authenticator.objects.create(user=person, type="totp", data={}),
        "second_steps",
    ),
    UserSession: (own_session, "sessions"),
    Notification: (lambda person: NotificationFactory(recipient=person), "messages"),
    Bounce: (lambda person: Bounce.objects.create(address=person.email), "bounces"),
    LogEntry: (log_entry, "log"),
    Comment: (lambda person: CommentFactory(author=person), "comments"),
    CommentVersion: (
        lambda person: CommentVersion.objects.create(
            comment=CommentFactory(author=person), number=1, text="Fewer trees."
        ),
        "earlier_versions",
    ),
    Vote: (lambda person: VoteFactory(person=person), "votes"),
    Report: (
        lambda person: [
            Report.objects.create(comment=CommentFactory(), rule="1", **who)
            for who in ({"name": NAME, "email": person.email.title()}, {"reporter": person})
        ],
        "reports",
    ),
    Draft: (lambda person: [own_draft(person), text_with_address(person)], "drafts"),
    Decision: (
        lambda person: DecisionFactory(comment=CommentFactory(author=person)),
        "decisions",
    ),
    Participation: (lambda person: ParticipationFactory(person=person), "participations"),
    Subscription: (lambda person: SubscriptionFactory(person=person), "subscriptions"),
}
# Written only about staff, whose accounts are not erased.
STAFF_ONLY = {
    PhaseEvent: (lambda person: PhaseEventFactory(by=person, reason="Holidays."), "deeds"),
    Decision: (lambda person: DecisionFactory(decided_by=person), "decided"),
    GoalVersion: (
        lambda person: GoalFactory().versions.create(
            title="Trees", reason="Clearer.", replaced_by=person
        ),
        "wordings",
    ),
    Town: (lambda person: TownFactory(saved_by=person), "saved"),
    Statement: (lambda person: Statement.objects.create(saved_by=person), "saved"),
    PageVersion: (
        lambda person: PageVersion.objects.create(page="rules", saved_by=person),
        "saved",
    ),
}
# The site has no sign-in through others; a code takes the place of a confirmation link.
NEVER_WRITTEN = {SocialAccount, EmailConfirmation}
# These columns are called like this and name no people.
NOT_ABOUT_PEOPLE = {Group, Permission}
OF_PERMISSIONS = {User.groups.through, User.user_permissions.through}
TELLING = re.compile(r"name|mail|address|agent|\bip\b|phone")


def knows_people(model) -> bool:
    related = any(
        field.is_relation and field.related_model is User and not field.auto_created
        for field in model._meta.get_fields()
    )
    texts = (models.CharField, models.TextField, models.GenericIPAddressField)
    return related or any(
        isinstance(field, models.EmailField | models.GenericIPAddressField)
        or (isinstance(field, texts) and TELLING.search(field.name))
        for field in model._meta.concrete_fields
    )


def test_a_milestone_belongs_to_nobody():
    assert not knows_people(Milestone)


def test_every_model_that_knows_people_is_exported_or_erased():
    """A new one goes into the export and the erasure of its app, and into ROWS here."""
    looked_at = ROWS.keys() | STAFF_ONLY.keys() | NEVER_WRITTEN | NOT_ABOUT_PEOPLE
    known = {model for model in apps.get_models() if knows_people(model)}

    assert {model._meta.label for model in known - looked_at} - {"socialaccount.SocialApp"} == set()


@pytest.mark.parametrize("model", ROWS, ids=lambda model: model.__name__)
def test_every_row_about_somebody_is_in_their_export_and_in_no_other(model, person):
    make, section = ROWS[model]
    make(person)

    assert export(person)[section]
    others = export(UserFactory())
    assert ADDRESS not in str(others)
    assert NAME not in str(others)


def test_a_text_that_waits_for_their_code_is_theirs(person):
    own_draft(person), text_with_address(person), text_with_address(UserFactory())

    assert {row["text"] for row in export(person)["drafts"]} == {"Perhaps", "Perhaps not"}

    erase(person)

    assert Draft.objects.get().address != ADDRESS


@pytest.mark.parametrize(("make", "section"), ROWS.values(), ids=lambda each: str(each)[:20])
def test_of_what_others_have_nothing_is_in_an_export(make, section, person):
    before = export(person)[section]

    make(UserFactory())

    assert export(person)[section] == before


def test_what_the_address_asked_for_is_theirs(person):
    SubscriptionFactory(person=None, address=ADDRESS, confirmed_at=timezone.now())

    assert export(person)["subscriptions"]


@pytest.mark.parametrize("withdraw", [True, False])
@pytest.mark.parametrize("model", ROWS, ids=lambda model: model.__name__)
def test_no_row_names_an_erased_person(model, withdraw, person):
    make, _section = ROWS[model]
    make(person)

    erase(person, withdraw=withdraw)

    assert places_of(ADDRESS, NAME) == []
    for field in model._meta.concrete_fields:
        if field.is_relation and field.related_model is User:
            assert model.objects.filter(**{field.name: person.pk}).count() == 0


@pytest.mark.parametrize("model", STAFF_ONLY, ids=lambda model: model.__name__)
def test_what_staff_did_is_in_their_export_and_in_no_other(model, moderator):
    make, section = STAFF_ONLY[model]
    make(moderator)

    assert export(moderator)[section]
    assert not export(UserFactory())[section]


def test_every_relation_to_a_person_is_looked_at(moderator):
    """Rows of a model could name people twice, and only one of them be looked at."""
    relations = [
        (field.related_model, field.field.name)
        for field in User._meta.get_fields(include_hidden=True)
        if field.auto_created and not field.concrete and not field.many_to_many
    ]
    ours = [each for each in relations if each[0] not in {*NEVER_WRITTEN, *OF_PERMISSIONS}]
    assert len(ours) >= 17

    made = ROWS | STAFF_ONLY
    unseen = []
    for model, name in ours:
        make, _section = made[model]
        make(moderator)
        if not model.objects.filter(**{name: moderator}).exists():
            unseen.append((model.__name__, name))
    assert unseen == []


def test_every_section_and_word_of_the_export_can_be_read(person):
    for make, _section in (ROWS | STAFF_ONLY).values():
        make(person)

    known = export(person)

    assert known.keys() == SECTIONS.keys()
    assert {key for rows in known.values() for row in rows for key in row} - WORDS.keys() == set()


# A whole journey


def came_in(address=ADDRESS, name=NAME):
    """A browser in which somebody has just signed in with a code."""
    reader = Client()
    knock(reader, address, name)
    enter(reader)
    return reader


def whole_journey(goal) -> Client:
    """Somebody signs in, writes, is answered, reported back to, and knocks elsewhere, too."""
    reader = came_in()
    here = reverse("goal", args=[goal.strategy.slug, goal.number])
    reader.post(here, {"text": "More trees, please."})
    comment = Comment.objects.get()
    post_comment(
        author=UserFactory(), strategy=goal.strategy, goal=goal, text="Which?", parent=comment
    )
    other = CommentFactory(goal=goal, phase=comment.phase, text="Fewer cars.")
    SubscriptionFactory(strategy=goal.strategy, person=other.author)
    reader.post(here, {"text": "Yes.", "parent": other.pk})
    hidden(Comment.objects.get(text="Yes."))
    knock(Client(), ADDRESS.upper(), NAME)
    Client().post(reverse("follow_all"), {"email": ADDRESS}, headers=HOST)
    Client().post("/barriere-melden/", {"text": "Small.", "email": ADDRESS.title()})
    Bounce.objects.create(address=ADDRESS)
    of_people = ContentType.objects.get_for_model(User)
    number = str(User.objects.get(email=ADDRESS).pk)
    log_entry(UserFactory(is_staff=True), content_type=of_people, object_id=number)
    Client().post("/konto/anmelden/passwort/", {"login": ADDRESS, "password": "wrong"})
    return reader


@pytest.mark.parametrize("choice", ["keep", "withdraw"])
def test_after_erasing_the_address_stands_in_no_table_session_or_cache(goal, choice):
    reader = whole_journey(goal)
    assert {"accounts_user.email", "what sessions hold"} <= set(places_of(ADDRESS))

    answer = reader.post(DELETE, {"comments": choice})

    assert answer["Location"] == "/konto/geloescht/"
    assert places_of(ADDRESS, NAME) == []
    assert signed_in_as(reader) is None
    assert "Ihr Konto ist gelöscht" in reader.get("/konto/geloescht/").text


@pytest.mark.parametrize("is_confirmed", [True, False])
def test_after_erasing_no_address_stands_there_that_was_left_or_wanted(goal, is_confirmed):
    SubscriptionFactory(person=None, address=ADDRESS, confirmed_at=timezone.now(), strategy=None)
    report_comment(
        comment=CommentFactory(goal=goal), rule=Rule.PRIVACY, name=NAME, email=ADDRESS.upper()
    )
    report_barrier(text="Small.", email=ADDRESS.upper())
    reader = came_in()
    reader.post("/konto/e-mail/", {"email": "new@example.org", "action_add": ""})
    assert "accounts_notification.address" in places_of("new@example.org")
    if is_confirmed:
        reader.post("/konto/e-mail/code/", {"code": code_sent()})
        assert Subscription.objects.current().get().person.email == "new@example.org"

    reader.post(DELETE, {"comments": "keep"})

    assert places_of(ADDRESS, "new@example.org") == []


@pytest.mark.parametrize("choice", ["keep", "withdraw"])
def test_the_discussion_stays_and_no_tally_changes(goal, choice, open_phase):
    reader = whole_journey(goal)
    comment = Comment.objects.get(text="More trees, please.")
    VoteFactory(comment=comment, person=comment.author)
    before = open_phase.tally(), Comment.objects.count(), Vote.objects.count()

    reader.post(DELETE, {"comments": choice})

    assert (open_phase.tally(), Comment.objects.count(), Vote.objects.count()) == before
    page = Client().get(goal.get_absolute_url()).text
    assert "Which?" in page
    assert ("More trees, please." in page) == (choice == "keep")
    assert ("Gelöschtes Konto" in page) == (choice == "keep")


def test_withdrawn_words_are_gone_and_so_are_their_earlier_versions(person):
    comment = CommentFactory(author=person, version=2)
    CommentVersion.objects.create(comment=comment, number=1, text="Fewer trees.")
    before = withdrawn(CommentFactory(author=person, text="Never mind."))
    moment = before.withdrawn_at

    erase(person, withdraw=True)

    assert places_of("More trees, please.", "Fewer trees.", "Never mind.") == []
    before.refresh_from_db()
    assert abs(before.withdrawn_at - moment).total_seconds() < 0.01


def test_who_deletes_the_account_reads_that_earlier_words_stay(goal):
    reader = came_in()
    me = signed_in_as(reader)
    edited, removed = CommentFactory.create_batch(2, author=me, goal=goal)
    VersionFactory.create_batch(2, comment=edited, number=factory.Sequence(int))
    VersionFactory(comment=removed, text="", removed_at=timezone.now())
    VersionFactory(comment=CommentFactory(goal=goal))

    page = reader.get(DELETE).text

    assert "Entfernen können das nur Sie" in page
    links = re.findall(r'href="/kommentare/(\d+)/fassungen/"', page)
    assert links == [str(edited.pk)]
    CommentVersion.objects.all().delete()
    assert "Entfernen können das nur Sie" not in reader.get(DELETE).text


def test_words_that_had_been_withdrawn_do_not_come_back_with_the_account(person):
    withdrawn(CommentFactory(author=person, text="Never mind."))

    erase(person, withdraw=False)

    assert places_of("Never mind.") == []


def test_others_lose_nothing(person, open_phase):
    other = UserFactory()
    mine = CommentFactory(author=other, phase=open_phase, text="Mine.")
    ReplyFactory(parent=mine, author=person)
    NotificationFactory(recipient=other, body="Yours.")
    browser = Client()
    browser.force_login(other)

    erase(person)

    assert signed_in_as(browser) == other
    assert Comment.objects.filter(author=other, text="Mine.").exists()
    assert Notification.objects.get().body == "Yours."


def test_the_log_of_staff_loses_only_what_is_about_the_person(moderator, goal):
    person = UserFactory(public_name="St")
    of_strategies = ContentType.objects.get_for_model(Strategy)
    entry = log_entry(moderator, content_type=of_strategies, object_id=str(person.pk))
    LogEntry.objects.filter(pk=entry.pk).update(object_repr=str(goal.strategy))

    erase(person)

    assert LogEntry.objects.get().object_repr == str(goal.strategy)


# Who is not erased


def test_staff_are_not_deleted_and_read_why(signed_in):
    moderator = UserFactory(is_staff=True, role="Moderation", password=PASSWORD)
    reader = came_in(moderator.email)

    pages = [reader.get(DELETE), reader.post(DELETE, {"comments": "keep"})]

    assert [page.status_code for page in pages] == [200, 409]
    assert all("wird Ihr Konto nicht gelöscht" in page.text for page in pages)
    assert User.objects.filter(pk=moderator.pk).exists()


def test_who_once_decided_here_is_not_deleted_either(person):
    DecisionFactory(decided_by=person)

    assert refusal(person)
    with pytest.raises(ErasureRefused):
        erase(person)


# The way there


@pytest.mark.parametrize("path", [DATA, DOWNLOAD, DELETE])
def test_an_open_session_is_not_enough(path, person, signed_in):
    reader = signed_in(person)

    for answer in [reader.get(path), reader.post(path, {"comments": "keep"})]:
        assert answer["Location"].startswith("/konto/bestaetigen/mail/?next=")
    assert User.objects.filter(pk=person.pk).exists()


def test_a_fresh_code_opens_the_way(person, signed_in):
    reader = signed_in(person)
    prove = reader.get(DATA)["Location"]
    before = Notification.objects.count()
    page = reader.get(prove)
    assert Notification.objects.count() == before, "looking sends nothing"

    way = reader.post(prove, {"send": "1", "next": DATA})["Location"]
    wrong = reader.post(way, {"code": "000000", "next": DATA})
    answer = reader.post(way, {"code": code_sent(), "next": DATA})

    assert "Sind Sie es?" in page.text
    assert "Dieser Code stimmt nicht" in wrong.text
    assert answer["Location"] == DATA
    assert "Meine Daten" in reader.get(DATA).text


def test_who_has_a_password_gives_it(signed_in):
    person = UserFactory(password=PASSWORD)
    reader = signed_in(person)

    way = reader.get(DELETE)["Location"]
    page = reader.get(way)
    answer = reader.post(way, {"password": PASSWORD, "next": DELETE})

    assert "Bitte geben Sie Ihr Passwort ein, dann geht es weiter." in page.text
    assert way.startswith("/konto/bestaetigen/?next=")
    assert answer["Location"] == DELETE
    assert reader.get(DELETE).status_code == 200


def test_who_has_forgotten_the_password_takes_a_code(signed_in):
    reader = signed_in(UserFactory(password=PASSWORD))
    page = reader.get(reader.get(DELETE)["Location"])
    code = f"/konto/bestaetigen/mail/?next={quote(DELETE, safe='')}"
    assert f'href="{code}"' in page.text

    reader.post(code, {"send": "1", "next": DELETE})
    answer = reader.post(code, {"code": code_sent(), "next": DELETE})

    assert answer["Location"] == DELETE
    assert reader.get(DELETE).status_code == 200


@pytest.mark.parametrize("password", [PASSWORD, ""])
def test_a_code_does_not_stand_in_for_a_second_step(signed_in, password):
    person = UserFactory(password=password) if password else UserFactory()
    TOTP.activate(person, generate_totp_secret())
    reader = signed_in(person)
    way = reader.get(DELETE)["Location"]
    before = Notification.objects.count()

    answer = reader.post("/konto/bestaetigen/mail/", {"send": "1", "next": DELETE})

    assert answer["Location"] == way
    assert "/konto/bestaetigen/mail/" not in reader.get(way).text
    assert Notification.objects.count() == before


def test_strangers_are_led_to_the_door():
    for path in [DATA, DOWNLOAD, DELETE, "/konto/bestaetigen/mail/"]:
        assert Client().get(path)["Location"].startswith("/konto/anmelden/?next=")


# The file


def test_the_file_holds_everything_for_people_and_for_machines(goal):
    reader = whole_journey(goal)

    answer = reader.get(DOWNLOAD)

    day = timezone.localdate().isoformat()
    assert answer["Content-Disposition"] == f'attachment; filename="meine-daten-{day}.zip"'
    archive = zipfile.ZipFile(BytesIO(answer.content))
    assert archive.namelist() == ["meine-daten.json", "meine-daten.html"]
    known = json.loads(archive.read("meine-daten.json"))
    assert known["account"][0]["email"] == ADDRESS
    assert [row["text"] for row in known["comments"]] == ["Yes.", "More trees, please."]
    page = archive.read("meine-daten.html").decode()
    assert "More trees, please." in page
    assert "<h2>Kommentare</h2>" in page


def test_the_file_says_nothing_about_others(goal):
    reader = whole_journey(goal)
    others = User.objects.exclude(email=ADDRESS)

    archive = zipfile.ZipFile(BytesIO(reader.get(DOWNLOAD).content))

    words = " ".join(archive.read(name).decode() for name in archive.namelist())
    theirs = [each for other in others for each in (other.email, other.public_name)]
    assert [each for each in [*theirs, "Which?"] if each in words] == []


def test_the_file_has_the_words_of_messages_that_were_sent_and_no_code(goal):
    reader = whole_journey(goal)
    codes = Notification.objects.filter(subject__regex=r"^\d{3} \d{3}")
    code = codes.latest("pk").subject[:7]

    send_notifications()
    archive = zipfile.ZipFile(BytesIO(reader.get(DOWNLOAD).content))

    known = json.loads(archive.read("meine-daten.json"))
    shown = reader.get(reverse("notifications")).context["page"].object_list
    assert shown
    assert {(m.subject, m.body) for m in shown} == {
        (row["subject"], row["text"]) for row in known["messages"] if "text" in row
    }
    assert code not in archive.read("meine-daten.json").decode()


def test_the_page_to_read_is_german_throughout(person):
    for make, _section in ROWS.values():
        make(person)
    Comment.objects.update(label="suggestion")

    archive = zipfile.ZipFile(BytesIO(as_zip(person)))

    page = archive.read("meine-daten.html").decode()
    codes = "suggestion|at_once|hidden|agree|totp|comment:|None|True|False"
    assert re.findall(rf"<dd>({codes})", page) == []
    assert "<dd>Anregung</dd>" in page


def test_the_english_page_names_the_language_of_what_was_written(person):
    CommentFactory(author=person, text="Mehr Bäume.\nUnd <Bänke>.", label="suggestion")

    with translation.override("en"):
        archive = zipfile.ZipFile(BytesIO(as_zip(person)))

    page = archive.read("my-data.html").decode()
    assert '<dd><span lang="de">Mehr Bäume.<br>Und &lt;Bänke&gt;.</span></dd>' in page
    assert "<dd>Suggestion</dd>" in page


def test_words_in_the_file_are_no_markup(person):
    CommentFactory(author=person, text="<script>alert(1)</script>")
    reader = came_in()

    archive = zipfile.ZipFile(BytesIO(reader.get(DOWNLOAD).content))

    assert "<script>" not in archive.read("meine-daten.html").decode()


# After a restore


@committed
def test_accounts_that_came_back_are_erased_again(person, erased_file):
    comment = CommentFactory(author=person)
    number, joined_at = person.pk, person.joined_at
    erase(person, withdraw=True)
    Comment.objects.update(text=comment.text, withdrawn_at=None)
    back = User.objects.create(pk=number, email=ADDRESS, joined_at=joined_at)
    Comment.objects.update(author=back)

    call_command("reapply_erasures", str(erased_file), stdout=StringIO())
    call_command("reapply_erasures", str(erased_file), stdout=StringIO())

    assert places_of(ADDRESS, NAME, comment.text) == []


@committed
def test_an_account_is_known_by_the_moment_that_the_database_wrote(person, erased_file):
    erased_file.write_text(f"{person.pk} {person.joined_at.isoformat()} keep\n")

    call_command("reapply_erasures", str(erased_file), stdout=StringIO())

    assert not User.objects.exists()


@committed
def test_one_of_staff_does_not_keep_the_others_from_being_erased(person, moderator, tmp_path):
    file = tmp_path / "list"
    lines = [f"{who.pk} {who.joined_at.isoformat()} keep\n" for who in (moderator, person)]
    file.write_text("".join(lines))

    said = StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("reapply_erasures", str(file), stdout=said)

    assert said.getvalue() == "1 accounts erased again.\n"
    assert f"No. {moderator.pk}. Take away in the admin" in str(refused.value)
    assert User.objects.get() == moderator

    User.objects.update(is_staff=False)
    call_command("reapply_erasures", str(file), stdout=StringIO())
    assert not User.objects.exists()


@committed
def test_a_list_that_an_editor_has_saved_is_read(person, tmp_path):
    file = tmp_path / "list"
    file.write_text(f"{person.pk} {person.joined_at.isoformat()} keep\n", encoding="utf-8-sig")

    call_command("reapply_erasures", str(file), stdout=StringIO())

    assert not User.objects.exists()


@committed
def test_an_account_that_has_the_number_of_an_erased_one_lives_on(person, erased_file):
    number = person.pk
    erase(person)
    newcomer = User.objects.create(pk=number, email="new@example.org")

    said = StringIO()
    call_command("reapply_erasures", str(erased_file), stdout=said)

    assert said.getvalue() == "0 accounts erased again.\n"
    assert User.objects.get() == newcomer


@committed
def test_the_list_of_erased_accounts_names_nobody(person, erased_file):
    erase(person)

    number, joined_at, choice = erased_file.read_text().split()
    assert (int(number), joined_at, choice) == (person.pk, person.joined_at.isoformat(), "keep")


@committed
def test_an_account_is_erased_even_when_the_list_cannot_be_written(person, erased_file, caplog):
    erased_file.mkdir()

    erase(person)

    assert "Could not write down" in caplog.text
    assert places_of(ADDRESS) == []


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CommandError):
        call_command("reapply_erasures", str(tmp_path / "list"))


@committed
@pytest.mark.parametrize("line", ["no list", "1 yesterday keep", "1 2026-05-01 erase", "Straße"])
def test_of_a_file_that_is_no_list_the_line_is_named(person, erased_file, line, tmp_path):
    known = f"{person.pk} {person.joined_at.isoformat()} keep"
    file = tmp_path / "list"
    file.write_text(f"{known}\n\n{line}\n")

    with pytest.raises(CommandError) as refused:
        call_command("reapply_erasures", str(file))

    assert "line 3" in str(refused.value)
    assert User.objects.get() == person


@committed
def test_nothing_is_written_down_when_the_erasure_is_not_committed(person, erased_file):
    with transaction.atomic():
        erase(person)
        transaction.set_rollback(True)

    assert User.objects.filter(pk=person.pk).exists()
    assert not erased_file.exists()


def test_nothing_is_written_down_when_the_erasure_fails(moderator, erased_file):
    with pytest.raises(ErasureRefused):
        erase(moderator)

    assert not erased_file.exists()


# What a code is for


def test_a_code_for_the_door_does_not_prove_and_the_other_way_round(person, signed_in):
    reader = signed_in(person)
    reader.post("/konto/bestaetigen/mail/", {"send": "1"})
    proof = code_sent()
    stranger = Client()
    knock(stranger, ADDRESS)

    assert stranger.post(CODE, {"code": proof}).status_code == 200
    assert signed_in_as(stranger) is None


def test_an_address_that_is_changed_in_the_admin_leaves_nothing(person, signed_in):
    administrator = signed_in(UserFactory(is_staff=True, is_superuser=True))
    SubscriptionFactory(person=None, address=ADDRESS, confirmed_at=timezone.now(), strategy=None)
    report_comment(comment=CommentFactory(), rule=Rule.TOPIC, words="", email=ADDRESS)
    Bounce.objects.create(address=ADDRESS)
    page = reverse("admin:accounts_user_change", args=[person.pk])

    said = form_values(administrator.get(page), "user_form") | {"email": "Deich@example.org"}
    answer = administrator.post(page, said)

    assert answer.status_code == 302
    person.refresh_from_db()
    assert person.email == "deich@example.org"
    assert person.subscriptions.exists()
    assert places_of(ADDRESS) == []
