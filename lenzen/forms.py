from django import forms
from django.utils.translation import gettext_lazy as _


class ErasureForm(forms.Form):
    """What becomes of the comments when their author's account is deleted."""

    comments = forms.ChoiceField(
        label=_("What is to become of your comments?"),
        choices=[
            ("keep", _("They stay. Instead of your name it says “Deleted account”.")),
            ("withdraw", _("They are withdrawn. Your words are deleted and cannot come back.")),
        ],
        initial="keep",
        widget=forms.RadioSelect,
    )
