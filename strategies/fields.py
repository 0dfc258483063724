"""How staff enter when a phase opens and closes: a day and, if they wish, a time."""

from datetime import datetime, time, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import from_current_timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from accounts.forms import DayField, DayInput
from strategies.wording import last_day

_LAST_MINUTE = time(23, 59)


class TimeInput(forms.TimeInput):
    def __init__(self, attrs=None):
        super().__init__({"type": "time"} | (attrs or {}))

    def format_value(self, value):
        if isinstance(value, time):
            return value.strftime("%H:%M:%S" if value.second else "%H:%M")
        return value


class _DayAndTimeInput(forms.MultiWidget):
    def __init__(self, split):
        widgets = [
            DayInput({"aria-label": _("Day")}),
            TimeInput({"aria-label": _("Time (optional)")}),
        ]
        super().__init__(widgets)
        self.split = split

    def decompress(self, value):
        return self.split(value) if value else [None, None]


class _MomentField(forms.MultiValueField):
    """A day and an optional time; gives one moment."""

    def __init__(self, **options):
        fields = [DayField(), forms.TimeField(required=False)]
        options |= {"require_all_fields": False, "widget": _DayAndTimeInput(self.split)}
        super().__init__(fields, **options)
        # The time stays optional: the base class lets only a required field say so.
        self.fields[0].required = True

    def compress(self, parts):
        if not parts or not parts[0]:
            return None
        return from_current_timezone(self.moment(*parts))


class OpeningField(_MomentField):
    """Without a time, the day counts from its beginning."""

    @staticmethod
    def split(opens_at: datetime) -> list:
        local = localtime(opens_at)
        return [local.date(), None if local.time() == time.min else local.time()]

    @staticmethod
    def moment(day, at) -> datetime:
        return datetime.combine(day, at or time.min)


class ClosingField(_MomentField):
    """Without a time the day counts whole: „31. Mai“ is 1 June 00:00, exclusive."""

    @staticmethod
    def split(closes_at: datetime) -> list:
        return list(last_day(closes_at))

    @staticmethod
    def moment(day, at) -> datetime:
        if at == time.min:
            raise ValidationError(_("Leave the time empty when the whole day is to count."))
        # Whoever writes 23:59 means that the day counts whole.
        if at is None or at.replace(second=0, microsecond=0) == _LAST_MINUTE:
            return datetime.combine(day + timedelta(days=1), time.min)
        return datetime.combine(day, at)
