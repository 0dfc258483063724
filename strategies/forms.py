from django import forms
from django.utils.translation import gettext_lazy as _


class FollowForm(forms.Form):
    """The address of somebody who wants to hear of things without an account."""

    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("Is not published."),
        widget=forms.EmailInput({"autocomplete": "email"}),
    )
