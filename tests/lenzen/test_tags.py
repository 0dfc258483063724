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
    assert with_telephone(contact) == shown
