import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.actions import record_bounce
from accounts.models import Bounce, Notification, User
from accounts.sending import send_due_notifications
from tests.factories import NotificationFactory, UserFactory, days
from tests.pages import form_values

pytestmark = pytest.mark.django_db
OUTBOX = reverse("admin:accounts_notification_changelist")
PEOPLE = reverse("admin:accounts_user_changelist")


@pytest.fixture
def administrator():
    return UserFactory(is_staff=True, is_superuser=True, public_name="Administrator")


def message_page(notification):
    return reverse("admin:accounts_notification_change", args=[notification.pk])


def given_up(**fields):
    return NotificationFactory(
        outcome=Notification.Outcome.GIVEN_UP,
        ended_at=days(-1),
        last_error="550 <somebody@example.org> unknown",
        **fields,
    )


def test_outbox_tells_what_became_of_each_message(signed_in, editor):
    NotificationFactory(subject="On its way")
    NotificationFactory(subject="Arrived", outcome="sent", ended_at=days(-1))
    NotificationFactory(subject="Too late", outcome="expired", ended_at=days(-1))
    given_up(subject="Came back")
    client = signed_in(editor)

    def subjects(state):
        found = client.get(OUTBOX, {"state": state}).context["cl"].queryset
        return [notification.subject for notification in found]

    assert subjects("waiting") == ["On its way"]
    assert subjects("sent") == ["Arrived"]
    assert subjects("expired") == ["Too late"]
    assert subjects("given_up") == ["Came back"]
    assert "550 … unknown" in client.get(OUTBOX).content.decode()


def test_outbox_shows_neither_addresses_nor_codes_nor_what_citizens_wrote(signed_in, administrator):
    private = NotificationFactory(subject="482915 is your code", body="482915", is_private=True)
    reply = NotificationFactory(about="comment:17", body="> I take it all back")
    stranger = NotificationFactory(recipient=None, address="stranger@example.org")
    news = NotificationFactory(about="event:3", body="Commenting has ended.")
    client = signed_in(administrator)

    pages = {
        notification: client.get(message_page(notification)).content.decode()
        for notification in (private, reply, stranger, news)
    }
    everything = "".join(pages.values()) + client.get(OUTBOX).content.decode()

    assert "482915" not in everything
    assert "take it all back" not in everything
    assert "stranger@example.org" not in everything
    assert private.recipient.email not in everything
    assert "Commenting has ended." in pages[news]


def test_only_the_moderation_sees_whom_a_message_about_a_comment_is_for(
    signed_in, editor, moderator
):
    author = UserFactory(public_name="Erna Elbe")
    hiding = NotificationFactory(recipient=author, about="decision:4")
    NotificationFactory(recipient=UserFactory(public_name="Otto Ufer"), about="event:3")

    def shown(person, address, search=""):
        return signed_in(person).get(address, {"q": search}).content.decode()

    assert "Erna Elbe" in shown(moderator, OUTBOX)
    assert "Erna Elbe" in shown(moderator, message_page(hiding))
    assert "Erna Elbe" not in shown(editor, OUTBOX) + shown(editor, message_page(hiding))
    assert "Otto Ufer" in shown(editor, OUTBOX)
    assert message_page(hiding) in shown(moderator, OUTBOX, "Erna")
    assert message_page(hiding) not in shown(editor, OUTBOX, "Erna")


def test_nobody_finds_out_by_an_address_what_a_list_does_not_show(signed_in, editor):
    NotificationFactory(subject="482915", body="482915", is_private=True)
    client = signed_in(editor)

    for column in ("body__contains", "subject__contains", "recipient__email__startswith", "key"):
        assert client.get(OUTBOX, {column: "4"}).status_code == 400, column
    assert client.get(OUTBOX, {"send_at__gte": "2026-01-01 00:00:00+01:00"}).status_code == 200


def test_a_message_that_was_given_up_can_be_tried_again(signed_in, editor):
    notification = given_up()

    signed_in(editor).post(OUTBOX, {"action": "retry", "_selected_action": [notification.pk]})

    assert list(Notification.objects.due()) == [notification]


def test_trying_again_forgets_that_mails_came_back(signed_in, editor):
    notification = given_up()
    record_bounce(address=notification.recipient.email)
    record_bounce(address="somebody-else@example.org")

    signed_in(editor).post(OUTBOX, {"action": "retry", "_selected_action": [notification.pk]})
    send_due_notifications()

    notification.refresh_from_db()
    assert notification.outcome == Notification.Outcome.SENT
    assert Bounce.objects.get().address == "somebody-else@example.org"


def test_who_may_only_look_at_the_outbox_tries_nothing_again(signed_in, moderator):
    notification = given_up()

    signed_in(moderator).post(OUTBOX, {"action": "retry", "_selected_action": [notification.pk]})

    assert not Notification.objects.waiting().exists()


def test_nobody_writes_or_deletes_messages_by_hand(signed_in, administrator):
    client, page = signed_in(administrator), message_page(NotificationFactory())

    assert client.get(reverse("admin:accounts_notification_add")).status_code == 403
    assert client.post(page, {"subject": "Mine"}).status_code == 403
    assert client.post(page.replace("change", "delete"), {"post": "yes"}).status_code == 403


def test_only_administrators_see_people_and_their_addresses(
    signed_in, administrator, editor, moderator, citizen
):
    for person in (editor, moderator):
        assert signed_in(person).get(PEOPLE).status_code == 403
    assert citizen.email in signed_in(administrator).get(PEOPLE).content.decode()


def test_people_are_not_deleted_in_the_admin(signed_in, administrator, citizen):
    page = reverse("admin:accounts_user_delete", args=[citizen.pk])

    assert signed_in(administrator).post(page, {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=citizen.pk).exists()


def test_an_administrator_adds_an_editor_who_signs_in_by_code(signed_in, administrator):
    client, page = signed_in(administrator), reverse("admin:accounts_user_add")
    values = form_values(client.get(page), "user_form")
    role = administrator.groups.model.objects.get(name="Redaktion")

    client.post(
        page,
        values
        | {
            "email": "Bauamt@Example.org",
            "public_name": "Bauamt",
            "is_staff": "on",
            "groups": [role.pk],
        },
    )

    editor = User.objects.get(email="bauamt@example.org")
    assert editor.name_skeleton == "bauamt"
    assert not editor.has_usable_password()
    assert editor.has_perm("strategies.change_strategy")


def test_an_address_with_a_letter_that_looks_like_another_is_refused(signed_in, administrator):
    client, page = signed_in(administrator), reverse("admin:accounts_user_add")
    values = form_values(client.get(page), "user_form")

    response = client.post(page, values | {"email": "erna@elbmaıl.example"})

    assert list(response.context["adminform"].form.errors) == ["email"]


def test_of_somebody_who_is_not_there_yet_nothing_is_said(signed_in, administrator):
    page = signed_in(administrator).get(reverse("admin:accounts_user_add")).content.decode()

    assert "Dabei seit" not in page
    assert "kommen an" not in page
    assert "Moderation entscheidet über Kommentare." in page


def test_a_role_is_not_given_without_effect(signed_in, administrator):
    client, page = signed_in(administrator), reverse("admin:accounts_user_add")
    role = administrator.groups.model.objects.get(name="Redaktion")

    response = client.post(page, {"email": "amt@example.org", "groups": [role.pk]})

    assert list(response.context["adminform"].form.errors) == ["is_staff"]
    assert not User.objects.filter(email="amt@example.org").exists()


@pytest.mark.parametrize("field", ["is_staff", "is_superuser", "is_active"])
def test_nobody_locks_themselves_out(signed_in, administrator, field):
    client = signed_in(administrator)
    colleague = UserFactory(is_staff=True, is_superuser=True)

    def without(person):
        page = reverse("admin:accounts_user_change", args=[person.pk])
        values = form_values(client.get(page), "user_form")
        del values[field]
        return client.post(page, values)

    assert list(without(administrator).context["adminform"].form.errors) == [field]
    assert without(colleague).status_code == 302


def test_a_second_account_with_an_address_is_refused_on_the_command_line(citizen):
    with pytest.raises(CommandError) as refused:
        call_command("createsuperuser", email=citizen.email.upper(), interactive=False)

    assert str(refused.value) == "Mit dieser E-Mail-Adresse gibt es schon ein Konto."


def test_a_name_too_close_to_another_is_refused_with_a_sentence(signed_in, administrator, citizen):
    client = signed_in(administrator)
    page = reverse("admin:accounts_user_change", args=[administrator.pk])
    values = form_values(client.get(page), "user_form")

    response = client.post(page, values | {"public_name": citizen.public_name.upper()})

    assert list(response.context["adminform"].form.errors) == ["public_name"]


@pytest.mark.parametrize("number", [1, 3])
def test_lists_ask_as_often_for_three_as_for_one(
    signed_in, administrator, number, django_assert_num_queries
):
    NotificationFactory.create_batch(number)
    client = signed_in(administrator)

    for address, queries in ((OUTBOX, 4), (PEOPLE, 6)):
        with django_assert_num_queries(queries):
            client.get(address)


@pytest.mark.parametrize(
    "asked", [{"state": "\0"}, {"send_at__year": "99999999999999999999"}, {"e": "1"}]
)
def test_outbox_comes_whatever_it_is_asked_for(signed_in, editor, asked):
    message = NotificationFactory()

    page = signed_in(editor).get(OUTBOX, asked, follow=True)

    # SQLite takes any text: nothing has that state.
    assert page.status_code == 200
    assert {*page.context["cl"].queryset} <= {message}


@pytest.mark.parametrize("together", [True, False])
def test_the_log_keeps_no_address_that_was_deleted(signed_in, administrator, together):
    record_bounce(address="stranger@example.org")
    bounce = Bounce.objects.get()
    address = reverse("admin:accounts_bounce_delete", args=[bounce.pk])
    sent = {"post": "yes"}
    if together:
        address = reverse("admin:accounts_bounce_changelist")
        sent |= {"action": "delete_selected", "_selected_action": bounce.pk}

    signed_in(administrator).post(address, sent)

    assert not Bounce.objects.exists()
    assert LogEntry.objects.get().object_repr == "–"
