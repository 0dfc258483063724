"""Whoever wants to hear of strategies does, with or without an account, and ends it at will."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.core import signing
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.actions import choose_rhythm, record_bounce
from accounts.models import Bounce, Notification, User
from comments.actions import post_comment
from strategies.actions import close_phase, record_due_events, take_back_event
from strategies.messages import confirm_url, unsubscribe_url
from strategies.models import WORTH_CONFIRMING, Strategy, Subscription
from strategies.subscriptions import (
    ask_to_follow,
    confirm_following,
    subscribe,
    subscribe_by_commenting,
    unsubscribe,
)
from tests.factories import (
    PhaseFactory,
    StrategyFactory,
    SubscriptionFactory,
    UserFactory,
    days,
)

pytestmark = pytest.mark.django_db

ALL = "/auf-dem-laufenden/"
SOMEONE = "someone@example.org"
MINUTE = 1 / (24 * 60)
HOST = {"origin": "http://testserver"}


@pytest.fixture
def strategy():
    return StrategyFactory()


def page_of(strategy) -> str:
    return f"/strategien/{strategy.slug}/auf-dem-laufenden/"


def ask(client, address=SOMEONE, path=ALL):
    return client.post(path, {"email": address}, headers=HOST)


def link_in_mail() -> str:
    body = Notification.objects.latest("pk").body
    return re.search(rf"{settings.SITE_URL}(\S+)", body)[1]


def address_follows(strategy=None, address=SOMEONE) -> Subscription:
    return SubscriptionFactory(
        person=None, address=address, strategy=strategy, confirmed_at=days(-1)
    )


def begin(strategy, **dates):
    """Something that those who follow hear of."""
    phase = PhaseFactory(strategy=strategy, **({"opens_in": -MINUTE} | dates))
    record_due_events()
    return phase


def told() -> list[str]:
    return sorted(message.to for message in Notification.objects.filter(is_private=False))


# Without account


@pytest.mark.parametrize("which", ["one", "all"])
def test_an_address_hears_after_it_has_confirmed(client, strategy, which):
    path = ALL if which == "all" else page_of(strategy)
    assert ask(client, "Someone@Example.org", path).status_code == 302
    begin(strategy)
    assert told() == []

    link = link_in_mail()
    assert client.get(link).status_code == 200
    assert not Subscription.objects.current().exists()

    assert "Eingeschaltet" in client.post(link, headers=HOST).text
    begin(StrategyFactory())
    begin(strategy, opens_in=2, closes_in=3)
    close_phase(phase=strategy.phases.first(), by=UserFactory(is_staff=True), reason="Fertig.")

    events = {"one": 1, "all": 2}[which]
    assert Notification.objects.filter(address=SOMEONE, is_private=False).count() == events
    assert not client.cookies


def test_nobody_learns_whether_an_address_follows(client, strategy):
    address_follows(strategy)
    UserFactory(email="member@example.org")

    def answers(address):
        answer = ask(client, address, page_of(strategy))
        return answer.status_code, answer["Location"], client.get(answer["Location"]).text

    first = answers("unknown@example.org")
    assert answers(SOMEONE) == first
    assert answers("member@example.org") == first
    assert Notification.objects.filter(is_private=True).count() == 3


def test_an_address_that_follows_already_reads_so_in_the_mail(client, strategy):
    row = address_follows(strategy)

    ask(client, SOMEONE, page_of(strategy))

    assert "/abbestellen/" in link_in_mail()
    row.refresh_from_db()
    assert row.confirmed_at


@pytest.mark.parametrize("everything", [False, True])
def test_an_address_whose_account_follows_already_reads_so_in_the_mail(
    client, citizen, strategy, everything
):
    subscribe(person=citizen, strategy=None if everything else strategy)

    ask(client, citizen.email, page_of(strategy))

    client.post(link_in_mail())
    assert not Subscription.objects.reaching(strategy).exists()
    assert Subscription.objects.filter(person=None).count() == 0


@pytest.mark.parametrize("off", ["the strategy", "all news"])
def test_an_address_whose_account_hears_nothing_is_asked_to_confirm(client, citizen, strategy, off):
    subscribe(person=citizen, strategy=strategy)
    if off == "all news":
        choose_rhythm(person=citizen, rhythm=User.Rhythm.NEVER)
    else:
        unsubscribe(person_id=citizen.pk, strategy_id=strategy.pk)

    ask(client, citizen.email, page_of(strategy))

    client.post(link_in_mail(), headers=HOST)
    begin(strategy)
    assert told() == [citizen.email]


def test_a_request_is_forgotten_after_seven_days(client, strategy):
    ask_to_follow(address=SOMEONE, strategy=strategy)
    row, link = Subscription.objects.get(), link_in_mail()
    assert not Subscription.objects.abandoned().exists()
    Subscription.objects.update(started_at=days(-1) - WORTH_CONFIRMING)

    assert "gilt nicht mehr" in client.get(link).text
    assert client.post(link, headers=HOST).status_code == 404
    assert list(Subscription.objects.abandoned()) == [row]

    # Who asks again has seven days again.
    ask_to_follow(address=SOMEONE, strategy=strategy)
    assert not Subscription.objects.abandoned().exists()


def test_the_mail_with_the_link_is_worth_sending_as_long_as_the_link_works(strategy):
    ask_to_follow(address=SOMEONE, strategy=strategy)

    message = Notification.objects.get()
    assert message.expires_at - message.send_at == timedelta(days=7)


def test_confirmed_addresses_and_people_are_never_forgotten_as_requests(strategy):
    address_follows(strategy)
    SubscriptionFactory()
    Subscription.objects.update(started_at=days(-900))

    assert not Subscription.objects.abandoned().exists()


def test_a_link_works_once_and_only_if_it_is_ours(client, strategy):
    ask_to_follow(address=SOMEONE, strategy=strategy)
    link = link_in_mail()
    client.post(link, headers=HOST)

    assert client.post(link, headers=HOST).status_code == 404
    forged = signing.Signer(salt="unsubscribe").sign(Subscription.objects.get().pk)
    assert client.get(f"{ALL}{forged}/").status_code == 404


def test_a_draft_is_not_shown_by_a_link(client, strategy):
    ask_to_follow(address=SOMEONE, strategy=strategy)
    strategy.published_at = None
    strategy.save()

    assert strategy.title not in client.get(link_in_mail()).text


def test_requests_are_limited_for_an_address_and_generous_for_a_network(client):
    answers = [ask(client).status_code for _ in range(4)]
    assert answers == [302, 302, 302, 429]

    others = [ask(client, f"someone{number}@example.org").status_code for number in range(57)]
    assert others == [302] * 56 + [429]
    assert ask(client, "last@example.org").status_code == 429


def test_an_address_gets_five_links_a_day_at_most(client, settings):
    limits = settings.ACCOUNT_RATE_LIMITS
    network, _of_an_hour, of_a_day = limits["follow"].split(",")
    settings.ACCOUNT_RATE_LIMITS = limits | {"follow": f"{network},{of_a_day}"}

    assert [ask(client).status_code for _ in range(6)] == [302] * 5 + [429]


@pytest.mark.parametrize("address", ["", "nonsense", "a b@example.org"])
def test_an_address_that_is_none_is_named(client, address):
    answer = ask(client, address)

    assert answer.status_code == 200
    assert answer.context["form"].errors.keys() == {"email"}
    assert not Notification.objects.exists()


def test_confirming_makes_an_address_that_bounced_good_again(client):
    record_bounce(address=SOMEONE)
    ask_to_follow(address=SOMEONE, strategy=None)

    client.post(link_in_mail(), headers=HOST)

    assert not Bounce.objects.exists()


# One click


@pytest.mark.parametrize("follows_all", [False, True])
def test_an_address_is_forgotten_with_one_click(client, strategy, follows_all):
    address_follows(None if follows_all else strategy)
    record_bounce(address=SOMEONE)
    begin(strategy)
    url = Notification.objects.get(address=SOMEONE).unsubscribe_url
    path = url.removeprefix(settings.SITE_URL)

    assert client.get(path).status_code == 200
    assert Subscription.objects.count() == 1
    assert Notification.objects.count() == 1
    # As a mail program sends it: without Origin and cookie.
    client.post(path, {"List-Unsubscribe": "One-Click"})

    assert not Subscription.objects.exists()
    assert not Notification.objects.exists(), "what waited does not leave"
    assert not Bounce.objects.exists()
    assert "Abgestellt" in client.get(path).text
    assert SOMEONE not in url


def test_that_mails_to_an_account_come_back_is_not_forgotten_with_a_click(client, strategy):
    row = address_follows(strategy)
    UserFactory(email=SOMEONE)
    record_bounce(address=SOMEONE)

    client.post(unsubscribe_url(strategy, {SOMEONE: row.pk})(SOMEONE))

    assert not Subscription.objects.exists()
    assert Bounce.objects.exists()


def test_the_click_of_one_address_leaves_others_alone(client, strategy):
    mine, other = address_follows(strategy), address_follows(strategy, "other@example.org")
    url = unsubscribe_url(strategy, {SOMEONE: mine.pk})(SOMEONE)

    client.post(url.removeprefix(settings.SITE_URL))

    assert list(Subscription.objects.all()) == [other]


@pytest.mark.parametrize("everything", [False, True])
def test_a_person_ends_one_strategy_or_all(client, citizen, strategy, everything):
    for followed in (strategy, StrategyFactory()):
        subscribe(person=citizen, strategy=followed)
    path = unsubscribe_url(strategy)(citizen).removeprefix(settings.SITE_URL)

    client.post(path, {"everything": "1"} if everything else {})

    assert Subscription.objects.current().count() == (0 if everything else 1)
    assert "<h1>Abgestellt</h1>" in client.get(path).text


@pytest.mark.parametrize("has_account", [False, True])
def test_the_page_behind_the_link_does_not_tell_the_title_of_a_draft(
    client, citizen, strategy, has_account
):
    if has_account:
        subscribe(person=citizen, strategy=strategy)
    row = address_follows(strategy)
    follower = citizen if has_account else SOMEONE
    path = unsubscribe_url(strategy, {SOMEONE: row.pk})(follower)
    path = path.removeprefix(settings.SITE_URL)
    Strategy.objects.update(published_at=None, title="Secret")

    pages = [client.get(path).text, client.post(path).text]

    assert "Sie bekommen dann keine E-Mails mehr zu dieser Strategie." in pages[0]
    assert "Sie bekommen keine E-Mails mehr zu dieser Strategie." in pages[1]
    assert [page for page in pages if "Secret" in page] == []
    assert [page for page in pages if f'href="{strategy.get_absolute_url()}"' in page] == []


def test_one_click_of_somebody_who_follows_all_ends_all(client, citizen, strategy):
    subscribe(person=citizen, strategy=None)
    subscribe_by_commenting(person=citizen, strategy=strategy)
    begin(strategy)
    url = Notification.objects.get().unsubscribe_url

    client.post(url.removeprefix(settings.SITE_URL), {"List-Unsubscribe": "One-Click"})

    assert not Subscription.objects.current().exists()


def test_what_was_gathered_does_not_leave_after_switching_off(citizen, strategy):
    citizen.news_rhythm = User.Rhythm.WEEKLY
    citizen.save()
    subscribe(person=citizen, strategy=None)
    other = StrategyFactory()
    for followed in (strategy, other):
        begin(followed, closes_in=30)
    assert Notification.objects.filter(is_gathered=True).count() == 2

    unsubscribe(person_id=citizen.pk, strategy_id=strategy.pk)

    assert other.title in Notification.objects.get().subject


def test_the_link_of_an_erased_account_does_no_harm(client, citizen, strategy):
    path = unsubscribe_url(strategy)(citizen).removeprefix(settings.SITE_URL)
    citizen.delete()

    assert client.post(path).status_code == 200
    assert not Subscription.objects.exists()


# All strategies


def test_who_follows_all_hears_of_each_and_can_leave_one_out(citizen, strategy):
    subscribe(person=citizen, strategy=None)
    left_out = StrategyFactory()
    unsubscribe(person_id=citizen.pk, strategy_id=left_out.pk)

    begin(strategy)
    begin(left_out)

    assert strategy.title in Notification.objects.get().subject

    subscribe(person=citizen, strategy=None)
    begin(left_out, opens_in=-MINUTE * 20, closes_in=-MINUTE * 10)
    assert left_out.title in Notification.objects.latest("pk").subject


def test_who_follows_twice_is_told_once(citizen, strategy):
    subscribe(person=citizen, strategy=None)
    subscribe(person=citizen, strategy=strategy)
    address_follows(strategy)
    address_follows(None)

    begin(strategy)

    assert told() == sorted([citizen.email, SOMEONE])


def test_an_answer_is_told_to_who_follows_all(citizen, goal):
    subscribe(person=citizen, strategy=None)
    comment = post_comment(author=citizen, strategy=goal.strategy, goal=goal, text="Bäume.")
    Subscription.objects.filter(person=citizen, strategy=goal.strategy).delete()
    Notification.objects.all().delete()

    post_comment(
        author=UserFactory(), strategy=goal.strategy, goal=goal, text="Ja.", parent=comment
    )

    assert Notification.objects.filter(recipient=citizen).count() == 1


@pytest.mark.parametrize("strategy_is_given", [False, True])
def test_the_database_knows_everybody_once(strategy, strategy_is_given):
    followed = strategy if strategy_is_given else None
    person = SubscriptionFactory(strategy=followed).person
    address_follows(followed)

    with pytest.raises(IntegrityError), transaction.atomic():
        SubscriptionFactory(strategy=followed, person=person)
    with pytest.raises(IntegrityError), transaction.atomic():
        address_follows(followed)
    with pytest.raises(IntegrityError), transaction.atomic():
        SubscriptionFactory(strategy=followed, address=SOMEONE)


# An address and its account


def test_an_address_with_an_account_is_told_once(strategy):
    person = UserFactory(email=SOMEONE)
    address_follows(None)
    subscribe_by_commenting(person=person, strategy=strategy)

    begin(strategy)

    message = Notification.objects.get()
    assert message.recipient == person


def test_confirming_an_address_with_an_account_lets_the_account_follow(client, strategy):
    person = UserFactory(email=SOMEONE)
    ask_to_follow(address=SOMEONE, strategy=strategy)

    client.post(link_in_mail(), headers=HOST)

    row = Subscription.objects.get()
    assert (row.person, row.strategy, row.address) == (person, strategy, "")


def test_an_account_takes_over_what_its_address_asked_for(strategy):
    address_follows(strategy)
    address_follows(None)
    person = UserFactory(email=SOMEONE)

    unsubscribe(person_id=person.pk, strategy_id=strategy.pk)

    begin(strategy)
    assert told() == []
    begin(StrategyFactory())
    assert [message.recipient for message in Notification.objects.all()] == [person]


@pytest.mark.parametrize("follows_all", [True, False])
def test_a_link_in_a_mail_to_the_address_ends_what_the_account_took_over(
    client, strategy, follows_all
):
    row = address_follows(None if follows_all else strategy)
    link = unsubscribe_url(strategy, {SOMEONE: row.pk})(SOMEONE)
    person = UserFactory(email=SOMEONE)
    subscribe(person=person, strategy=StrategyFactory())
    assert Subscription.objects.reaching(strategy).filter(person=person).exists()

    page = client.post(link.removeprefix(settings.SITE_URL))

    assert "<h1>Abgestellt</h1>" in page.text
    assert not Subscription.objects.reaching(strategy).exists()


def test_the_account_switches_strategies_on_and_off(signed_in, citizen, strategy):
    reader, settings_page = signed_in(citizen), "/konto/benachrichtigungen/einstellungen/"

    for path, form, followed in [
        (page_of(strategy), {}, True),
        (page_of(strategy), {"end": "1"}, False),
        (ALL, {}, True),
        (ALL, {"end": "1"}, False),
    ]:
        answer = reader.post(path, form | {"from_settings": "1"}, follow=True)
        assert answer.request["PATH_INFO"] == settings_page
        assert (f'href="/strategien/{strategy.slug}/">{strategy.title}</a>: an' in answer.text) == (
            followed
        )
        page = reader.get(strategy.get_absolute_url()).text
        assert ("Sie bleiben per E-Mail auf dem Laufenden" in page) == followed


def test_who_switches_a_strategy_on_hears_again_after_switching_all_news_off(citizen, strategy):
    citizen.news_rhythm = User.Rhythm.NEVER
    citizen.save()

    subscribe(person=citizen, strategy=strategy)
    begin(strategy)

    assert told() == [citizen.email]


def test_who_has_switched_all_news_off_reads_so_and_what_switching_on_does(
    signed_in, citizen, strategy
):
    subscribe(person=citizen, strategy=strategy)
    choose_rhythm(person=citizen, rhythm=User.Rhythm.NEVER)
    reader = signed_in(citizen)
    assert "Sie bleiben per E-Mail auf dem" not in reader.get(strategy.get_absolute_url()).text

    page = reader.get(page_of(strategy)).text
    after = reader.post(page_of(strategy), follow=True).text

    assert "Sie bekommen E-Mails zu" not in page
    assert "sind in Ihrem Konto abgestellt" in page
    again = "kommen wieder sofort, auch zu allem, was in Ihren Einstellungen sonst auf „an“ steht."
    assert f"Wenn Sie dies einschalten, kommen Nachrichten {again.removeprefix('kommen ')}" in page
    assert f"Nachrichten {again}" in after
    assert "Sie bekommen E-Mails zu" in reader.get(page_of(strategy)).text


# Deeds, and how much it costs


def test_who_did_it_is_not_told_and_taking_it_back_takes_all_messages_back(editor):
    phase = PhaseFactory(opens_in=-1)
    gatherer = UserFactory(news_rhythm=User.Rhythm.WEEKLY)
    colleague = UserFactory(is_staff=True)
    for person in (gatherer, editor):
        subscribe(person=person, strategy=phase.strategy)
    address_follows(phase.strategy)

    event = close_phase(phase=phase, by=editor, reason="Der Text war falsch.")
    assert told() == sorted([gatherer.email, colleague.email, SOMEONE])
    assert (
        Notification.objects.get(recipient=gatherer).send_at
        > Notification.objects.get(recipient=colleague).send_at
    )

    take_back_event(event=event)
    assert told() == []


def test_work_mails_come_to_staff_whatever_they_chose_and_no_click_ends_them(editor):
    editor.news_rhythm = User.Rhythm.NEVER
    editor.save()

    begin(StrategyFactory())

    message = Notification.objects.get()
    assert (message.recipient, message.is_gathered, message.unsubscribe_url) == (editor, False, "")


def test_addresses_cost_no_statement_each():
    def statements(number):
        strategy = StrategyFactory()
        for each in range(number):
            address_follows(strategy, f"someone{each}@example.org")
            SubscriptionFactory(strategy=strategy)
        PhaseFactory(strategy=strategy, opens_in=-MINUTE)
        with CaptureQueriesContext(connection) as captured:
            record_due_events()
        return len(captured)

    assert statements(1) == statements(20)


@pytest.mark.parametrize("number", [1, 3])
def test_queries_do_not_grow_with_strategies(signed_in, citizen, number, django_assert_num_queries):
    for strategy in StrategyFactory.create_batch(number):
        subscribe(person=citizen, strategy=strategy)
    reader = signed_in(citizen)

    with django_assert_num_queries(4):
        page = reader.get("/konto/benachrichtigungen/einstellungen/").text

    assert page.count("Strategy title") == 2 * number


def test_two_links_for_one_address_start_different_things(strategy):
    ask_to_follow(address=SOMEONE, strategy=strategy)
    ask_to_follow(address=SOMEONE, strategy=None)
    one, every = Subscription.objects.order_by("pk")

    assert confirm_url(one) != confirm_url(every)
    for _time in range(2):
        confirm_following(subscription_id=one.pk)
    assert Subscription.objects.current().get().strategy == strategy
