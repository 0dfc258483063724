import pytest

from lenzen.templatetags.lenzen import with_telephone


@pytest.mark.parametrize(
    ("contact", "shown"),
    [
        (
            "Bau & Planung, Telefon 038792 98-31, Mo–Do 9–12 Uhr",
            'Bau &amp; Planung, Telefon <a href="tel:0387929831">038792 98-31</a>, Mo–Do 9–12 Uhr',
        ),
        ("+49 38792 9831", '<a href="tel:+49387929831">+49 38792 9831</a>'),
        ("Bauamt, Mo–Do 9–12 Uhr, seit 2022", "Bauamt, Mo–Do 9–12 Uhr, seit 2022"),
        ("", ""),
    ],
)
def test_a_telephone_number_can_be_tapped(contact, shown):
    assert with_telephone(contact).replace("\N{WORD JOINER}", "") == shown


def test_hours_stay_on_one_line():
    shown = with_telephone("Bauamt, 038792 980, Mo–Do 9–12 Uhr")

    assert "Mo–Do 9\N{WORD JOINER}–\N{WORD JOINER}12 Uhr" in shown
