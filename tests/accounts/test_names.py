"""Public names: who may bear which, and what counts as an imitation."""

import threading
import unicodedata

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as some

from accounts.actions import NameRefused, choose_name
from accounts.models import User
from accounts.names import LONGEST, NameRefusal, refusal, skeleton, tidy
from accounts.town import Frame, remember
from tests.factories import TownFactory, UserFactory

CITIZEN = User(is_staff=False)
STAFF = User(is_staff=True)


@pytest.mark.parametrize(
    "name",
    [
        "Elbfischerin",
        "Frau Amtmann",
        "Amtmann",
        "Arnt Müller",
        "Stadtkind Anna",
        "Anna aus Lenzen",
        "Élodie O’Neill",
        "Karl-Heinz",
        "Dr. Weiß",
        "St. Martin",
        "Nguyễn Thị Hoa",
        "Łukasz Żak",
        "Şükrü İnan",
        "Анна Каренина",
        "Ελένη",
        "山田 はな",
        "שרה",
        "김민준",
        "प्रिया",
        "Bürger 17",
        "Ed",
    ],
)
def test_citizens_may_bear(name):
    assert refusal(tidy(name), CITIZEN) is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", NameRefusal.TOO_SHORT),
        ("A", NameRefusal.TOO_SHORT),
        (" A  ", NameRefusal.TOO_SHORT),
        ("A" * (LONGEST + 1), NameRefusal.TOO_LONG),
        ("17", NameRefusal.NO_LETTER),
        (". .", NameRefusal.NO_LETTER),
        ("Anna <b>", NameRefusal.CHARACTERS),
        ("Anna\u200bBerg", NameRefusal.CHARACTERS),
        ("Anna\u202egreB", NameRefusal.CHARACTERS),
        ("Anna\x00", NameRefusal.CHARACTERS),
        ("Anna ♥", NameRefusal.CHARACTERS),
        ("Anna (Bauamt)", NameRefusal.CHARACTERS),
        ("ʙᴀᴜᴀᴍᴛ", NameRefusal.CHARACTERS),
        ("𝐁𝐚𝐮𝐚𝐦𝐭", NameRefusal.CHARACTERS),
        ("\N{HANGUL FILLER}\N{HANGUL FILLER}", NameRefusal.CHARACTERS),
        ("ꓐꓮꓴꓮꓟꓔ", NameRefusal.CHARACTERS),
        ("ᏴᎪᎷᎢ", NameRefusal.CHARACTERS),
        ("A\u0337\u0336\u0335nna", NameRefusal.CHARACTERS),
        ("\u0301Anna", NameRefusal.CHARACTERS),
        ("Annа", NameRefusal.ALPHABETS),
        ("Anna Каренина", NameRefusal.ALPHABETS),
        ("anna@example.org", NameRefusal.ADDRESS),
        ("www.example", NameRefusal.ADDRESS),
        ("lenzen.de", NameRefusal.ADDRESS),
        ("Kauft bei shop.example.com ein", NameRefusal.ADDRESS),
        ("Amt", NameRefusal.RESERVED),
        ("Das Amt", NameRefusal.RESERVED),
        ("Bauamt", NameRefusal.RESERVED),
        ("BAUAMT", NameRefusal.RESERVED),
        ("B a u a m t", NameRefusal.RESERVED),
        ("Bau-Amt", NameRefusal.RESERVED),
        ("Bauarnt", NameRefusal.RESERVED),
        ("Báuamt", NameRefusal.RESERVED),
        ("Frau Verwaltung", NameRefusal.RESERVED),
        ("M0derati0n", NameRefusal.RESERVED),
        ("Buergermeisterin", NameRefusal.RESERVED),
        ("Die Bürgermeisterin", NameRefusal.RESERVED),
        ("Moderationsteam", NameRefusal.RESERVED),
        ("Amtsleiterin Berg", NameRefusal.RESERVED),
        ("Planungsbüro", NameRefusal.RESERVED),
        ("Adm1n", NameRefusal.RESERVED),
        ("Lenzen", NameRefusal.RESERVED),
        ("Stadt Lenzen", NameRefusal.RESERVED),
        ("Amt Lenzen-Elbtalaue", NameRefusal.RESERVED),
        ("Gelöschtes Konto", NameRefusal.RESERVED),
        ("geloeschtes  konto", NameRefusal.RESERVED),
    ],
)
def test_citizens_may_not_bear(name, reason):
    assert refusal(tidy(name), CITIZEN) == reason


@pytest.mark.parametrize("name", ["Bauamt", "Amt Lenzen-Elbtalaue", "Bürgermeisterin"])
def test_staff_may_speak_for_the_town(name):
    assert refusal(name, STAFF) is None


def test_the_names_of_the_town_are_those_that_staff_gave():
    remember(Frame(TownFactory.build(operator="Gemeinde Deichhausen", name="Deichhausen")))

    assert refusal("Deichhausen", CITIZEN) == NameRefusal.RESERVED
    assert refusal("Stadt Deichhausen", CITIZEN) == NameRefusal.RESERVED
    assert refusal("Lenzen", CITIZEN) is None


@pytest.mark.parametrize(
    ("name", "imitation"),
    [
        ("Elbfischerin", "ELBFISCHERIN"),
        ("Elbfischerin", "Elb Fischerin"),
        ("Elbfischerin", "Elb-Fischerin."),
        ("Elbfischerin", "Eibfischerin"),
        ("Elbfischerin", "E1bfischerin"),
        ("Otto", "0tt0"),
        ("Müller", "Mueller"),
        ("Müller", "Muller"),
        ("Weiß", "Weiss"),
        ("Hermann", "Herrnann"),
        ("Wanda", "VVanda"),
        ("Anna", "Änna"),
        ("Anna", "Ánná"),
        ("Coco", "Сосо"),
        ("ANNA", "ΑΝΝΑ"),
        ("O'Brien", "O’Brien"),
    ],
)
def test_an_imitation_has_the_same_skeleton(name, imitation):
    assert skeleton(name) == skeleton(imitation)


@pytest.mark.parametrize(
    ("name", "other"),
    [("Anna", "Anne"), ("Anna 1", "Anna 2"), ("Otto", "Oto"), ("Karl", "Karla"), ("Jan", "Ian")],
)
def test_different_names_have_different_skeletons(name, other):
    assert skeleton(name) != skeleton(other)


@how(deadline=None)
@given(some.text(max_size=60))
def test_whatever_is_typed_gets_a_skeleton_that_fits_and_a_clear_answer(name):
    assert len(skeleton(name)) <= 120
    assert refusal(tidy(name), CITIZEN) in [None, *NameRefusal]


@how(deadline=None)
@given(some.text(max_size=60))
def test_a_tidy_name_stays_as_it_is(name):
    assert tidy(tidy(name)) == tidy(name)


@how(deadline=None)
@given(some.text(max_size=60))
def test_a_name_that_may_be_borne_is_visible_and_unique(name):
    name = tidy(name)
    if refusal(name, CITIZEN) is None:
        assert skeleton(name)
        assert not any(unicodedata.category(sign) in ("Cc", "Cf", "Co", "Cn") for sign in name)


@how(deadline=None)
@given(some.text(some.sampled_from("abcdefghklmnoprstuwxyzÄäÖöüß é"), min_size=2, max_size=30))
def test_case_and_spaces_make_no_other_name(name):
    spaced = " ".join(name)

    assert skeleton(name.upper()) == skeleton(name) == skeleton(spaced)


# The database decides


@pytest.mark.django_db
def test_a_name_is_given_once():
    UserFactory(public_name="Elbfischerin")
    person = UserFactory(public_name="Anna")

    with pytest.raises(NameRefused) as refused:
        choose_name(person=person, name="elb fischerin")

    assert refused.value.reason == NameRefusal.TAKEN
    person.refresh_from_db()
    assert person.public_name == "Anna"


@pytest.mark.django_db
def test_one_may_write_ones_own_name_differently():
    person = UserFactory(public_name="Anna Berg")

    choose_name(person=person, name="Anna  Berg-")

    person.refresh_from_db()
    assert person.public_name == "Anna Berg-"


@pytest.mark.django_db
def test_the_name_of_an_erased_account_is_free_again():
    UserFactory(public_name="Elbfischerin").delete()
    person = UserFactory()

    choose_name(person=person, name="Elbfischerin")

    assert User.objects.get(public_name="Elbfischerin") == person


@pytest.mark.django_db(transaction=True)
def test_of_many_who_ask_at_once_one_gets_the_name():
    people = UserFactory.create_batch(6)
    start = threading.Barrier(len(people))
    answers = []

    def ask(person):
        start.wait()
        try:
            choose_name(person=person, name="Elbfischerin")
        except NameRefused as refused:
            answers.append(refused.reason)
        else:
            answers.append("got it")
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == ["got it"] + [NameRefusal.TAKEN] * 5
    assert User.objects.filter(public_name="Elbfischerin").count() == 1
