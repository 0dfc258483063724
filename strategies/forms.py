from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import AddressField


class FollowForm(forms.Form):
    """The address of somebody who wants to hear of things without an account."""

    email = AddressField(help_text=_("Is not published."))
