"""Workers that gather at once: one mail for each person, with all that was gathered."""

from collections import Counter

import pytest

from accounts.models import Notification
from tests.factories import NotificationFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_four_senders_make_one_mail_of_what_was_gathered_for_somebody(processes, mail_server):
    people = UserFactory.create_batch(20)
    for _ in range(4):
        for person in people:
            NotificationFactory(recipient=person, is_gathered=True)
    senders = processes("accounts.sending.send_due_notifications", 4, EMAIL_URL=mail_server.url)

    for sender in senders:
        sender.go()
    claimed = [int(sender.result()) for sender in senders]

    assert sum(claimed) == 80
    assert Counter(mail_server.addresses) == {person.email: 1 for person in people}
    for mail in mail_server.received:
        assert mail.get_body(["plain"]).get_content().count("Something happened.") == 4
    assert not Notification.objects.waiting().exists()
