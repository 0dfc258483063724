import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Value
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime

from accounts.models import Notification
from comments.actions import post_comment
from strategies.actions import open_phase as open_now
from strategies.admin_forms import fingerprint, rows_on_page
from strategies.models import Goal, GoalVersion, Phase, PhaseEvent, Strategy
from tests.factories import (
    CommentFactory,
    GoalFactory,
    MilestoneFactory,
    ParticipationFactory,
    PhaseEventFactory,
    PhaseFactory,
    StrategyFactory,
    SubscriptionFactory,
    days,
)
from tests.pages import form_values

pytestmark = pytest.mark.django_db
LIST = reverse("admin:strategies_strategy_changelist")
ADD = reverse("admin:strategies_strategy_add")
BERLIN = ZoneInfo("Europe/Berlin")
UNSAFE_STYLE = "style-src 'self' 'unsafe-inline'"
TWO_GOALS = "Zwei Leitziele haben die Nummer 2. Bitte geben Sie jedem eine eigene."
FASTER = "Jemand anderes hat das inzwischen gespeichert."


def page(strategy):
    return reverse("admin:strategies_strategy_change", args=[strategy.pk])


def address(name, *args):
    return reverse(f"admin:strategies_strategy_{name}", args=args)


@pytest.fixture
def client(signed_in, editor):
    return signed_in(editor)


@pytest.fixture
def save(client):
    """Send the page of a strategy as it is, with some values changed."""

    def save(strategy, **changes):
        values = form_values(client.get(page(strategy)), "strategy_form")
        return client.post(page(strategy), values | changes)

    return save


def deed_values(response):
    """What the page of a deed would send if nobody touched it."""
    return form_values(response, "deed_form")


def errors(response):
    """All sentences that the page refuses with."""
    return " ".join(str(error) for error in response.context["errors"])


def commented_goal(**fields):
    comment = CommentFactory(**fields)
    Goal.objects.update(commented_at=comment.posted_at)
    ParticipationFactory(phase=comment.phase, person=comment.author)
    comment.goal.refresh_from_db()
    return comment.goal


# Writing


def test_an_editor_writes_a_strategy_with_goals_and_phases(client):
    values = form_values(client.get(ADD), "strategy_form")
    response = client.post(
        ADD,
        values
        | {
            "number": "7",
            "title": "Grün für große Städte",
            "slug": "",
            "introduction": "<p>Elbe<script>x()</script></p>",
            "goals-TOTAL_FORMS": "1",
            "goals-0-number": "1",
            "goals-0-title": "Ufer",
            "goals-0-text": '<p onclick="x()">Bänke</p>',
            "phases-TOTAL_FORMS": "1",
            "phases-0-title": "Kommentierphase",
            "phases-0-opens_at_0": "2036-05-01",
            "phases-0-closes_at_0": "2036-05-31",
        },
    )

    strategy = Strategy.objects.get()
    assert response.url == LIST
    assert strategy.slug == "gruen-fuer-grosse-staedte"
    assert strategy.introduction == "<p>Elbe</p>"
    assert strategy.published_at is None
    assert strategy.goals.get().text == "<p>Bänke</p>"
    assert strategy.phases.get().opens_at == datetime(2036, 5, 1, tzinfo=BERLIN)
    assert strategy.phases.get().closes_at == datetime(2036, 6, 1, tzinfo=BERLIN)


def test_a_page_that_is_saved_untouched_changes_nothing(save):
    strategy = StrategyFactory(introduction="<p>Elbe &amp; Löcknitz</p>")
    GoalFactory(strategy=strategy)
    PhaseFactory(strategy=strategy)
    PhaseFactory(
        strategy=strategy,
        opens_at=datetime(2036, 5, 1, tzinfo=BERLIN),
        closes_at=datetime(2036, 6, 1, tzinfo=BERLIN),
    )

    def rows():
        unchanged = Strategy.objects.values("title", "introduction", "published_at", "next_steps")
        return [*unchanged, *Goal.objects.values(), *Phase.objects.values()]

    before = rows()
    assert save(strategy).status_code == 302

    assert rows() == before


def test_a_strategy_published_meanwhile_stays_published(client):
    strategy = StrategyFactory(published_at=None)
    values = form_values(client.get(page(strategy)), "strategy_form")
    client.post(address("publish", strategy.pk))

    client.post(page(strategy), values | {"title": "Neuer Titel"})

    assert Strategy.objects.published().get().title == "Neuer Titel"


def somebody_saves(strategy, client, **changes):
    values = form_values(client.get(page(strategy)), "strategy_form")
    assert client.post(page(strategy), values | changes).status_code == 302


@pytest.mark.parametrize(
    "faster",
    [
        {"summary": "Theirs"},
        {"goals-0-text": "<p>Theirs</p>"},
        {"goals-0-DELETE": "on"},
        {"phases-0-title": "Theirs"},
        {"milestones-0-title": "Theirs"},
        {
            "milestones-TOTAL_FORMS": "2",
            "milestones-1-title": "Theirs",
            "milestones-1-day": "2036-05-01",
        },
    ],
)
def test_who_saves_later_overwrites_nothing_and_loses_nothing(client, faster):
    strategy = StrategyFactory()
    GoalFactory(strategy=strategy)
    PhaseFactory(strategy=strategy, opens_in=5, closes_in=9)
    MilestoneFactory(strategy=strategy)
    opened = form_values(client.get(page(strategy)), "strategy_form")
    somebody_saves(strategy, client, **faster)
    saved = fingerprint(rows_on_page(strategy))

    response = client.post(page(strategy), opened | {"edition": "Mine", "goals-0-title": "My goal"})

    assert FASTER in errors(response)
    assert fingerprint(rows_on_page(strategy)) == saved
    typed = form_values(response, "strategy_form")
    assert (typed["edition"], typed["goals-0-title"]) == ("Mine", "My goal")


def test_no_goal_has_a_number_that_could_not_be_changed_any_more(client):
    goal = GoalFactory()
    values = form_values(client.get(page(goal.strategy)), "strategy_form")

    response = client.post(page(goal.strategy), values | {"goals-0-number": "32000"})

    assert "9999" in errors(response)
    assert Goal.objects.get().number == goal.number


@pytest.mark.parametrize("name", ["milestones-0-day", "phases-0-answer_by", "phases-0-closes_at_0"])
def test_a_year_of_two_digits_is_asked_about(client, name):
    strategy = StrategyFactory()
    PhaseFactory(strategy=strategy, opens_in=5, closes_in=9)
    MilestoneFactory(strategy=strategy)
    values = form_values(client.get(page(strategy)), "strategy_form")

    response = client.post(page(strategy), values | {name: "0026-05-01"})

    assert "Bitte prüfen Sie das Jahr." in errors(response)
    assert form_values(response, "strategy_form")[name] == "0026-05-01"


def test_a_date_that_a_deed_moved_meanwhile_is_not_moved_back(client, editor):
    phase = PhaseFactory(opens_in=5, closes_in=9)
    opened = form_values(client.get(page(phase.strategy)), "strategy_form")
    open_now(phase=phase, by=editor, reason="At last.")
    opened_at = Phase.objects.get().opens_at

    response = client.post(page(phase.strategy), opened | {"summary": "Mine"})

    assert FASTER in errors(response)
    assert Phase.objects.get().opens_at == opened_at


def test_a_comment_meanwhile_stops_nobody_from_saving(client, goal, citizen):
    opened = form_values(client.get(page(goal.strategy)), "strategy_form")
    post_comment(author=citizen, strategy=goal.strategy, goal=goal, text="Good.")

    assert client.post(page(goal.strategy), opened | {"summary": "Mine"}).status_code == 302
    assert Strategy.objects.get().summary == "Mine"


def test_only_pages_with_an_editor_loosen_the_policy(client):
    goal = commented_goal()
    strategy = goal.strategy

    def policy(address):
        return client.get(address).headers["Content-Security-Policy"]

    for loosened in (ADD, page(strategy), address("revise_goal", goal.pk)):
        assert UNSAFE_STYLE in policy(loosened)
        assert "script-src 'self';" in policy(loosened) + ";"
    for strict in (LIST, address("publish", strategy.pk), reverse("admin:index")):
        assert "unsafe" not in policy(strict)


# Publishing


def test_publishing_needs_to_say_what_happens_and_whom_to_ask(client):
    strategy = StrategyFactory(published_at=None, next_steps="", contact="")

    asked = client.get(address("publish", strategy.pk))
    client.post(address("publish", strategy.pk))

    text = asked.content.decode()
    assert "Vor dem Veröffentlichen muss dastehen, was mit den Kommentaren geschieht." in text
    assert "Vor dem Veröffentlichen muss dastehen, an wen man sich mit Fragen wenden kann." in text
    assert 'type="submit"' not in text.partition('<div id="content"')[2]
    assert not Strategy.objects.published().exists()


@pytest.mark.parametrize(("closes_in", "warned"), [(-1, True), (1, False)])
def test_who_publishes_hears_what_the_phases_make_of_it(client, closes_in, warned):
    strategy = GoalFactory(strategy__published_at=None).strategy
    PhaseFactory(strategy=strategy, opens_in=-9, closes_in=-5)
    PhaseFactory(strategy=strategy, opens_in=-3, closes_in=closes_in)

    text = client.get(address("publish", strategy.pk)).content.decode()
    client.post(address("publish", strategy.pk))

    assert ("Alle Phasen dieser Strategie liegen in der Vergangenheit" in text) == warned
    assert ("Damit ist das Kommentieren sofort offen" in text) != warned
    assert Strategy.objects.published().exists()


@pytest.mark.parametrize(("has_goals", "warned"), [(True, False), (False, True)])
def test_who_publishes_hears_that_there_are_no_goals(client, has_goals, warned):
    strategy = StrategyFactory(published_at=None)
    if has_goals:
        GoalFactory(strategy=strategy)
    PhaseFactory(strategy=strategy)

    text = client.get(address("publish", strategy.pk)).content.decode()
    client.post(address("publish", strategy.pk))
    public = client.get(strategy.get_absolute_url()).content.decode()

    assert ("Diese Strategie hat keine Leitziele." in text) == warned
    assert ("#leitziele" in public) == has_goals
    assert ('<h2 id="leitziele"' in public) == has_goals


@pytest.mark.parametrize("is_public", [True, False])
def test_no_link_leads_from_a_draft_to_where_nothing_is(client, is_public):
    goal = GoalFactory(strategy__published_at=days(-1) if is_public else None)

    text = client.get(page(goal.strategy)).content.decode()

    assert ("Auf der Website anzeigen" in text) == is_public
    assert (f'href="{goal.get_absolute_url()}"' in text) == is_public


def test_a_published_strategy_keeps_what_people_must_know(save):
    response = save(StrategyFactory(), contact="")

    assert response.status_code == 200
    assert "wen man fragen kann" in response.content.decode()


def test_publish_and_take_back(client):
    strategy = StrategyFactory(published_at=None)

    client.post(address("publish", strategy.pk))
    assert Strategy.objects.published().exists()
    client.post(address("unpublish", strategy.pk))
    assert not Strategy.objects.published().exists()


def test_who_takes_a_strategy_back_hears_how_many_comments_vanish(client, citizen):
    phase = PhaseFactory(opens_in=-9, closes_in=-5)
    unpublish = address("unpublish", phase.strategy_id)
    sentence = "Was mit ihr aus der Öffentlichkeit verschwindet:"
    assert sentence not in client.get(unpublish).content.decode()

    again = PhaseFactory(strategy=phase.strategy)
    ParticipationFactory(phase=phase, person=citizen, contributions=2)
    ParticipationFactory(phase=again, person=citizen, contributions=3)
    ParticipationFactory(phase=again, person=None)
    ParticipationFactory(phase=again, by_staff=True)
    ParticipationFactory()

    assert f"{sentence} 6 Beiträge von 2 Teilnehmenden." in client.get(unpublish).content.decode()


def test_an_address_stays_once_it_was_public(save, client):
    strategy = StrategyFactory(published_at=None, slug="entwurf")

    save(strategy, slug="wasser")
    client.post(address("publish", strategy.pk))
    assert save(strategy, slug="wald").status_code == 302
    client.post(address("unpublish", strategy.pk))
    assert save(strategy, slug="wiese").status_code == 302

    assert Strategy.objects.get().slug == "wasser"


def test_an_address_that_is_taken_gets_the_number_too(save):
    StrategyFactory(slug="ueber-wege")
    strategy = StrategyFactory(published_at=None, title="Über Wege")

    save(strategy, slug="")

    strategy.refresh_from_db()
    assert strategy.slug == f"ueber-wege-{strategy.number}"


def test_looking_at_a_deed_does_nothing(client, open_phase):
    client.get(address("unpublish", open_phase.strategy_id))
    client.get(address("phase", open_phase.pk, "close"))

    assert Phase.objects.open().exists()


def test_a_draft_can_be_looked_at_by_editors_only(client, signed_in, moderator):
    strategy = StrategyFactory(published_at=None, title="Noch geheim")
    preview = reverse("strategy_preview", args=[strategy.pk])

    assert preview in client.get(page(strategy)).content.decode()
    assert "Noch geheim" in client.get(preview).content.decode()
    assert signed_in(moderator).get(preview).status_code == 403


def test_who_no_longer_works_here_sees_no_draft(signed_in, editor):
    editor.is_staff = False
    editor.save()
    preview = reverse("strategy_preview", args=[StrategyFactory(published_at=None).pk])

    assert editor.has_perm("strategies.change_strategy")
    assert signed_in(editor).get(preview).status_code == 403


def test_whose_session_ended_signs_in_and_sees_the_preview(client):
    preview = reverse("strategy_preview", args=[StrategyFactory(published_at=None).pk])

    answer = Client().get(preview)

    assert answer["Location"] == f"/konto/anmelden/?next={preview}"


def test_a_preview_leads_nowhere_where_nothing_is_yet(client):
    goal = commented_goal()
    client.post(address("unpublish", goal.strategy_id))
    preview = client.get(reverse("strategy_preview", args=[goal.strategy_id])).content.decode()
    links = re.findall(r'<a [^>]*href="([^"#]+)"', preview)

    assert page(goal.strategy) in links
    assert address("publish", goal.strategy_id) in links
    assert goal.strategy.slug not in " ".join(links)
    assert "/kommentare/" not in " ".join(links)


# Goals


def test_a_goal_with_comments_is_not_changed_on_the_page(save, client):
    goal = commented_goal()

    text = client.get(page(goal.strategy)).content.decode()
    assert "nur mit einer öffentlichen Begründung" in text
    assert address("revise_goal", goal.pk) in text
    changes = {"goals-0-title": "Other", "goals-0-text": "<p>Other</p>", "goals-0-number": "9"}
    assert save(goal.strategy, **changes).status_code == 302

    assert Goal.objects.values("title", "text", "number").get() == {
        "title": goal.title,
        "text": goal.text,
        "number": goal.number,
    }


def test_a_goal_with_comments_changes_with_a_public_reason(client, editor):
    goal = commented_goal()
    revise = address("revise_goal", goal.pk)
    words = deed_values(client.get(revise))
    words |= {"title": "New", "text": "<p>New<script>x()</script></p>"}

    refused = client.post(revise, words)
    assert list(refused.context["form"].errors) == ["reason"]
    client.post(revise, words | {"reason": "The council asked for it."})

    version = GoalVersion.objects.get()
    assert (version.title, version.text) == (goal.title, goal.text)
    assert (version.reason, version.replaced_by) == ("The council asked for it.", editor)
    assert Goal.objects.get().text == "<p>New</p>"


def test_who_changes_words_later_overwrites_nothing_and_loses_nothing(client):
    goal = commented_goal()
    revise, why = address("revise_goal", goal.pk), {"reason": "The council asked for it."}
    first = deed_values(client.get(revise))
    client.post(revise, first | why | {"text": "<p>Theirs</p>"})

    response = client.post(revise, first | why | {"text": "<p>Mine</p>"})

    assert FASTER in response.context["form"].non_field_errors()[0]
    assert Goal.objects.get().text == "<p>Theirs</p>"
    assert deed_values(response)["text"] == "<p>Mine</p>"


@pytest.mark.parametrize("empty", ["", "<p> </p>"])
def test_a_text_that_people_commented_on_is_not_emptied(client, empty):
    goal = commented_goal()
    revise = address("revise_goal", goal.pk)
    values = deed_values(client.get(revise)) | {"reason": "The council asked for it."}

    response = client.post(revise, values | {"text": empty})

    assert list(response.context["form"].errors) == ["text"]
    assert Goal.objects.get().text == goal.text


@pytest.mark.parametrize("stored", ["<p>One</p><p>Two</p>", "<p>One</p>\n\n<p>Two</p>\n"])
def test_words_that_only_the_editor_has_touched_have_not_changed(client, stored):
    goal = commented_goal()
    # Past the field, as rows were stored before rich text had one form.
    Goal.objects.update(text=Value(stored))
    revise = address("revise_goal", goal.pk)
    values = deed_values(client.get(revise))
    values |= {"text": "<p>One</p>\r\n\r\n<p>Two</p>\r\n", "reason": "None."}

    done = client.post(revise, values, follow=True)

    assert "Es wurde nichts geändert." in done.content.decode()
    assert not GoalVersion.objects.exists()
    assert Goal.objects.get().text == stored


def test_a_goal_that_got_its_first_comment_meanwhile_keeps_its_words(client, goal, citizen):
    values = form_values(client.get(page(goal.strategy)), "strategy_form")
    post_comment(author=citizen, strategy=goal.strategy, goal=goal, text="Good.")

    client.post(page(goal.strategy), values | {"goals-0-title": "Other"})

    assert Goal.objects.get().title == goal.title


def test_two_goals_swap_their_numbers(save):
    strategy = StrategyFactory()
    one, two = (GoalFactory(strategy=strategy, number=number) for number in (1, 2))

    assert save(strategy, **{"goals-0-number": "2", "goals-1-number": "1"}).status_code == 302
    assert list(Goal.objects.all()) == [two, one]


def test_a_number_that_is_taken_is_refused_with_a_sentence(save):
    strategy = StrategyFactory()
    other = StrategyFactory()
    goals = {"goals-TOTAL_FORMS": "2"}
    for place in (0, 1):
        goals |= {f"goals-{place}-number": "2", f"goals-{place}-title": "Banks"}

    assert (
        "Es gibt schon eine Strategie mit dieser Nummer. Bitte wählen Sie eine andere."
    ) in errors(save(strategy, number=other.number))
    assert TWO_GOALS in errors(save(strategy, **goals))
    GoalFactory(strategy=strategy, number=2)
    new = {"goals-TOTAL_FORMS": "2", "goals-1-number": "2", "goals-1-title": "Banks"}
    assert TWO_GOALS in errors(save(strategy, **new))


@pytest.mark.parametrize("prefix", ["goals", "phases"])
def test_what_has_comments_is_not_deleted(save, prefix):
    goal = commented_goal()

    response = save(goal.strategy, **{f"{prefix}-0-DELETE": "on"})

    assert "nicht gelöscht werden" in errors(response)
    assert Goal.objects.exists()
    assert Phase.objects.exists()


def test_only_drafts_that_nobody_commented_on_are_deleted(client):
    goal = commented_goal()
    draft, public = StrategyFactory(published_at=None), goal.strategy
    commented = PhaseFactory(strategy__published_at=None)
    ParticipationFactory(phase=commented)

    for strategy, status in ((draft, 302), (public, 403), (commented.strategy, 403)):
        delete = reverse("admin:strategies_strategy_delete", args=[strategy.pk])
        assert client.post(delete, {"post": "yes"}).status_code == status

    assert set(Strategy.objects.all()) == {public, commented.strategy}


# Phases


def test_dates_can_be_changed_until_the_phase_opens(save):
    phase = PhaseFactory(opens_in=5, closes_in=9)

    save(
        phase.strategy,
        **{
            "phases-0-opens_at_0": "2036-05-01",
            "phases-0-opens_at_1": "",
            "phases-0-closes_at_0": "2036-05-31",
            "phases-0-closes_at_1": "18:00",
        },
    )

    phase.refresh_from_db()
    assert phase.opens_at == datetime(2036, 5, 1, tzinfo=BERLIN)
    assert phase.closes_at == datetime(2036, 5, 31, 18, tzinfo=BERLIN)


@pytest.mark.parametrize("was_unpublished", [False, True])
def test_dates_that_people_have_seen_change_by_deeds_only(save, open_phase, was_unpublished):
    PhaseEventFactory(phase=open_phase)
    if was_unpublished:
        Strategy.objects.update(published_at=None)
    dates = {
        "phases-0-opens_at_0": "2036-05-01",
        "phases-0-opens_at_1": "",
        "phases-0-closes_at_0": "2036-05-31",
        "phases-0-closes_at_1": "",
    }

    save(open_phase.strategy, **dates, **{"phases-0-title": "Renamed"})

    changed = Phase.objects.get()
    assert changed.title == "Renamed"
    assert (changed.opens_at, changed.closes_at) == (open_phase.opens_at, open_phase.closes_at)


def test_dates_of_a_draft_can_be_changed_even_when_they_have_passed(save):
    phase = PhaseFactory(strategy__published_at=None)

    save(
        phase.strategy,
        **{
            "phases-0-opens_at_0": "2036-05-01",
            "phases-0-opens_at_1": "",
            "phases-0-closes_at_0": "2036-05-31",
            "phases-0-closes_at_1": "",
        },
    )

    assert Phase.objects.get().opens_at == datetime(2036, 5, 1, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("opens", "closes", "sentence"),
    [
        (
            "2036-05-31",
            "2036-05-01",
            "Die Phase würde enden, bevor sie beginnt. Bitte wählen Sie ein späteres Ende oder"
            " einen früheren Beginn.",
        ),
        (
            "2036-06-10",
            "2036-06-20",
            "In dieser Zeit liegt die Phase „Dialog“ (1. Juni bis 30. Juni 2036). Bitte wählen Sie"
            " eine Zeit davor oder danach.",
        ),
    ],
)
def test_dates_that_cannot_be_are_refused_with_a_sentence(save, opens, closes, sentence):
    strategy = StrategyFactory()
    PhaseFactory(
        strategy=strategy,
        title="Dialog",
        opens_at=datetime(2036, 6, 1, tzinfo=BERLIN),
        closes_at=datetime(2036, 7, 1, tzinfo=BERLIN),
    )

    response = save(
        strategy,
        **{
            "phases-TOTAL_FORMS": "2",
            "phases-1-title": "Second",
            "phases-1-opens_at_0": opens,
            "phases-1-closes_at_0": closes,
        },
    )

    assert sentence in errors(response).replace("\N{NO-BREAK SPACE}", " ")
    assert response.content.decode().count("Fehler: ") == 1
    assert Phase.objects.count() == 1


def entered(day):
    return localtime(day).date().isoformat()


@pytest.mark.parametrize(
    ("opens_in", "closes_in", "is_public", "is_saved"),
    [
        (-5, 5, True, False),
        (0, 5, True, True),
        (-5, -3, True, True),  # one that is over is written down afterwards
        (-5, 5, False, True),
    ],
)
def test_no_phase_is_opened_into_the_past(save, opens_in, closes_in, is_public, is_saved):
    strategy = StrategyFactory(published_at=days(-9) if is_public else None)
    new = {
        "phases-TOTAL_FORMS": "1",
        "phases-0-title": "Dialog",
        "phases-0-opens_at_0": entered(days(opens_in)),
        "phases-0-closes_at_0": entered(days(closes_in)),
    }

    response = save(strategy, **new)

    assert Phase.objects.exists() == is_saved
    if not is_saved:
        assert "Bitte nehmen Sie heute als ersten Tag." in errors(response)


@pytest.mark.parametrize(
    ("field", "day", "is_saved"),
    [
        ("answered_at", 1, False),
        ("answered_at", -1, True),
        ("answered_at", -5, False),
        ("answer_by", -5, False),
        ("answer_by", 30, True),
    ],
)
def test_an_answer_follows_the_phase_and_is_there(save, field, day, is_saved):
    phase = PhaseFactory(opens_in=-9, closes_in=-3)

    response = save(phase.strategy, **{f"phases-0-{field}": entered(days(day))})

    assert bool(getattr(Phase.objects.get(), field)) == is_saved
    assert (response.status_code == 302) == is_saved


def test_a_promise_that_a_deed_has_overtaken_keeps_nobody_from_saving(save, open_phase):
    Phase.objects.update(answer_by=days(-1).date())

    assert save(open_phase.strategy, summary="Mine").status_code == 302


def test_two_new_phases_that_overlap_are_refused_together(save):
    strategy = StrategyFactory()
    new = {"phases-TOTAL_FORMS": "2"}
    for number in (0, 1):
        new |= {
            f"phases-{number}-title": f"Round {number}",
            f"phases-{number}-opens_at_0": "2036-05-01",
            f"phases-{number}-closes_at_0": "2036-05-31",
        }

    response = save(strategy, **new)

    assert (
        "„Round 0“ (1. Mai bis 31. Mai 2036) und „Round 1“ (1. Mai bis 31. Mai 2036) überschneiden"
        " sich. Bitte ändern Sie eine davon"
    ) in errors(response).replace("\N{NO-BREAK SPACE}", " ")
    assert not Phase.objects.exists()


def test_phases_may_follow_one_another_without_a_gap(save):
    strategy = StrategyFactory()
    june = [datetime(2036, month, 1, tzinfo=BERLIN) for month in (6, 7)]
    PhaseFactory(strategy=strategy, opens_at=june[0], closes_at=june[1])
    new = {"phases-TOTAL_FORMS": "3"}
    for number, month, last in [(1, "05", "31"), (2, "07", "31")]:
        new |= {
            f"phases-{number}-title": f"Round {number}",
            f"phases-{number}-opens_at_0": f"2036-{month}-01",
            f"phases-{number}-closes_at_0": f"2036-{month}-{last}",
        }

    assert save(strategy, **new).status_code == 302

    assert Phase.objects.count() == 3


NEW_END = {"closes_at_0": "2036-05-31"}


@pytest.mark.parametrize(
    ("name", "opens_in", "closes_in", "values", "kind"),
    [
        ("open", 5, 9, {}, "opened"),
        ("close", -5, 9, {}, "closed"),
        ("extend", -5, 9, NEW_END, "extended"),
        ("reopen", -5, -1, NEW_END, "reopened"),
        ("answer", -5, -1, {}, "answered"),
    ],
)
def test_deeds_need_a_reason_tell_people_and_can_be_taken_back(
    client, editor, name, opens_in, closes_in, values, kind
):
    phase = PhaseFactory(opens_in=opens_in, closes_in=closes_in)
    dates = (phase.opens_at, phase.closes_at)
    SubscriptionFactory.create_batch(2, strategy=phase.strategy)
    deed = address("phase", phase.pk, name)

    assert deed in client.get(page(phase.strategy)).content.decode()
    refused = client.post(deed, values)
    assert list(refused.context["form"].errors) == ["reason"]
    done = client.post(deed, values | {"reason": "The river is high."}, follow=True)

    event = PhaseEvent.objects.get()
    assert (event.kind, event.by, event.reason) == (kind, editor, "The river is high.")
    assert client.get(address("take_back", event.pk))["Location"] == reverse("admin:index")
    waiting = Notification.objects.waiting().filter(about=event.about).count()
    assert f"{waiting} Nachrichten gehen um " in done.content.decode()
    client.post(address("take_back", event.pk))
    phase.refresh_from_db()
    assert (phase.opens_at, phase.closes_at) == dates
    assert not Notification.objects.exists()
    again = client.post(address("take_back", event.pk), follow=True).content.decode()
    assert "Das wurde schon rückgängig gemacht." in again


def test_an_extended_day_counts_whole(client, open_phase):
    Phase.objects.update(closes_at=datetime(2036, 5, 25, tzinfo=BERLIN))
    deed = address("phase", open_phase.pk, "extend")
    asked = client.get(deed).content.decode().replace("\N{NO-BREAK SPACE}", " ")
    assert "Letzter Tag bisher: 24. Mai 2036" in asked

    client.post(deed, {"closes_at_0": "2036-05-31", "reason": "Holidays."})

    open_phase.refresh_from_db()
    assert open_phase.closes_at == datetime(2036, 6, 1, tzinfo=BERLIN)
    assert "31. Mai 2036" in client.get(page(open_phase.strategy)).content.decode().replace(
        "\N{NO-BREAK SPACE}", " "
    )


def test_a_deed_that_comes_too_late_is_refused_with_a_sentence(client, open_phase):
    client.post(address("phase", open_phase.pk, "close"), {"reason": "First."})

    response = client.post(address("phase", open_phase.pk, "close"), {"reason": "Second."})

    assert response.context["form"].non_field_errors()
    assert PhaseEvent.objects.count() == 1


def test_what_was_answered_is_not_answered_again(client):
    phase = PhaseFactory(opens_in=-5, closes_in=-1, answered_at="2026-01-05")

    shown = client.get(page(phase.strategy)).content.decode()

    assert address("phase", phase.pk, "reopen") in shown
    assert address("phase", phase.pk, "answer") not in shown


def test_there_are_no_other_deeds(client, open_phase):
    assert client.get(address("phase", open_phase.pk, "delete")).status_code == 404


# Who


def test_who_may_not_write_strategies_finds_none_of_it(signed_in, moderator, citizen):
    goal = commented_goal()
    phase = Phase.objects.get()
    strategy = goal.strategy
    event = PhaseEventFactory(phase=phase, by=moderator, reason="A deed.")
    posts = [
        page(strategy),
        address("publish", strategy.pk),
        address("unpublish", strategy.pk),
        address("revise_goal", goal.pk),
        address("phase", phase.pk, "close"),
        address("take_back", event.pk),
    ]

    for address_ in posts:
        assert signed_in(moderator).post(address_, {"reason": "x"}).status_code == 403
        assert signed_in(citizen).post(address_, {"reason": "x"}).status_code == 302
    assert Phase.objects.open().exists()


@pytest.mark.parametrize("number", [1, 3])
def test_list_asks_as_often_for_three_as_for_one(client, number, django_assert_num_queries):
    for phase in PhaseFactory.create_batch(number):
        PhaseFactory(strategy=phase.strategy, opens_in=-20, closes_in=-10)
        PhaseEventFactory(phase=phase)

    with django_assert_num_queries(9):
        response = client.get(LIST)

    assert len(response.context["cl"].result_list) == number


@pytest.mark.parametrize("number", [1, 3])
def test_page_asks_as_often_for_three_of_everything_as_for_one(
    client, number, django_assert_num_queries
):
    strategy = StrategyFactory()
    MilestoneFactory.create_batch(number, strategy=strategy)
    GoalFactory.create_batch(number, strategy=strategy, commented_at=days(-1))
    for week in range(number):
        PhaseFactory(strategy=strategy, opens_in=-7 * week - 6, closes_in=-7 * week - 1)
    # Django asks for the numbers of the models once a process.
    client.get(page(strategy))

    with django_assert_num_queries(15):
        client.get(page(strategy))


def test_list_is_narrowed_by_no_column_that_somebody_types(signed_in, editor):
    answer = signed_in(editor).get(reverse("admin:strategies_strategy_changelist"), {"title": "\0"})

    assert answer.status_code == 400
