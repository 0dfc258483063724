from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django import forms

from strategies.fields import ClosingField, OpeningField

BERLIN = ZoneInfo("Europe/Berlin")


class DatesForm(forms.Form):
    opens_at = OpeningField()
    closes_at = ClosingField()


def entered(closing_day, closing_time=""):
    return DatesForm(
        {"opens_at_0": "2026-05-01", "closes_at_0": closing_day, "closes_at_1": closing_time}
    )


@pytest.mark.parametrize(
    ("day", "time", "closes_at"),
    [
        ("2026-05-31", "", datetime(2026, 6, 1, tzinfo=BERLIN)),
        ("31.05.2026", "", datetime(2026, 6, 1, tzinfo=BERLIN)),
        ("2026-05-31", "23:59", datetime(2026, 6, 1, tzinfo=BERLIN)),
        ("2026-05-31", "18:00", datetime(2026, 5, 31, 18, tzinfo=BERLIN)),
        # The days on which the clocks change have 23 and 25 hours, and count whole.
        ("2026-10-25", "", datetime(2026, 10, 26, tzinfo=BERLIN)),
        ("2027-03-28", "", datetime(2027, 3, 29, tzinfo=BERLIN)),
    ],
)
def test_a_closing_day_counts_whole_unless_there_is_a_time(day, time, closes_at):
    form = entered(day, time)

    assert form.is_valid()
    assert form.cleaned_data["closes_at"] == closes_at
    assert form.cleaned_data["opens_at"] == datetime(2026, 5, 1, tzinfo=BERLIN)


def test_what_was_entered_is_shown_again():
    form = entered("2026-05-31")
    assert form.is_valid()

    shown = DatesForm(initial=form.cleaned_data)

    assert shown["closes_at"].field.widget.decompress(form.cleaned_data["closes_at"]) == [
        datetime(2026, 5, 31, tzinfo=BERLIN).date(),
        None,
    ]
    assert 'value="2026-05-31"' in str(shown["closes_at"])
    assert 'value="2026-05-01"' in str(shown["opens_at"])


@pytest.mark.parametrize(
    ("day", "time"),
    [
        ("", ""),
        ("2026-05-31", "00:00"),  # the whole day, or none of it?
        ("2027-03-28", "02:30"),  # there is no such time
        ("31. Mai", ""),
        ("0026-05-31", ""),  # two digits, as a browser understands them
        ("0001-01-01", ""),
        ("1999-12-31", ""),
        ("2101-01-01", ""),
        ("9999-12-31", ""),
    ],
)
def test_a_closing_that_nobody_can_understand_is_refused(day, time):
    assert list(entered(day, time).errors) == ["closes_at"]
