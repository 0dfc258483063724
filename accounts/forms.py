"""The forms of the door and of the account: allauth's, in our words."""

from allauth.account import forms as account
from allauth.account.fields import EmailField
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import names
from accounts.models import User

CODE_FIELD = {"inputmode": "numeric", "autocomplete": "one-time-code"}
YEARS = range(2000, 2101)
"""In which a day of the plan can lie."""

LABELS = {
    "login": _("E-mail address"),
    "email": _("New e-mail address"),
    "password": _("Password"),
    "oldpassword": _("Current password"),
    "password1": _("New password"),
    "code": _("Code"),
    "name": _("What you call this passkey"),
}

HINTS = {
    "password1": _("At least 8 characters. Frequent passwords are not accepted."),
    "name": _("For example: Telephone, or key ring."),
}


def posted(request):
    """What a form has sent, be it nothing; None where the page is only asked for."""
    return request.POST if request.method == "POST" else None


def only_ascii(address: str) -> None:
    """Refuse letters that could be taken for others, and that not every mail server takes.

    Control characters, too: between quotation marks the standard lets them pass, and Python
    writes to what stands before them, which is another address.
    """
    if not (address.isascii() and address.isprintable()):
        sentence = _(
            "In an e-mail address only the letters a to z, digits and signs can be used here, no"
            " “ü” and no “é”. Please write another address."
        )
        raise forms.ValidationError(sentence, code="not_ascii")


class AddressField(EmailField):
    """Where somebody can be written to, in small letters; no longer than the database takes."""

    default_validators = [*EmailField.default_validators, only_ascii]

    def __init__(self, **kwargs):
        longest = User._meta.get_field("email").max_length
        widget = forms.EmailInput({"autocomplete": "email"})
        label = _("E-mail address")
        super().__init__(label=label, max_length=longest, widget=widget, **kwargs)


class DayInput(forms.DateInput):
    """The browser's own calendar; where it has none, a day is typed."""

    def __init__(self, attrs=None):
        super().__init__({"type": "date"} | (attrs or {}), format="%Y-%m-%d")


class DayField(forms.DateField):
    """A day that staff give, in a year that can be meant."""

    def __init__(self, **options):
        super().__init__(**{"widget": DayInput()} | options)

    def validate(self, value):
        super().validate(value)
        # Browsers take „26“ for the year 26.
        if value and value.year not in YEARS:
            raise forms.ValidationError(_("Please check the year."))


class PublicNameField(forms.CharField):
    """A public name, as somebody types it."""

    def __init__(self, **kwargs):
        widget = forms.TextInput({"autocomplete": "nickname", "maxlength": names.LONGEST})
        label = _("Name that stands beside your comment")
        super().__init__(label=label, widget=widget, **kwargs)


class FirstNameField(PublicNameField):
    """The same where it only counts for those who come for the first time."""

    is_optional = False
    """Whether to say so: who comes for the first time needs one."""

    def __init__(self):
        hint = _(
            "Only needed the first time. Everybody can read it, in search engines too."
            " An invented name is allowed."
        )
        super().__init__(help_text=hint, required=False)


def possible_name(name: str) -> str:
    """``name``, tidy, if anybody could bear it; empty stays empty.

    Whether it is taken is asked after the code: before, it would tell who has an account.
    """
    name = names.tidy(name)
    if name and (reason := names.refusal(name, User())):
        raise forms.ValidationError(reason.label, code=reason.value)
    return name


class DoorForm(forms.Form):
    """Who somebody is."""

    name = FirstNameField()
    email = AddressField(help_text=_("Is not published."))


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code from the e-mail"),
        help_text=_("Six digits; spaces do no harm."),
        widget=forms.TextInput(CODE_FIELD),
    )

    def __init__(self, *args, expected: str, asks_name: bool = False, **kwargs):
        self.expected = expected
        super().__init__(*args, **kwargs)
        if asks_name:
            self.fields["name"] = FirstNameField()

    def clean_name(self):
        return possible_name(self.cleaned_data["name"])

    def clean_code(self):
        code = "".join(self.cleaned_data["code"].split())
        if not compare_user_code(actual=code, expected=self.expected):
            message = _("This code is not the right one. Please check it.")
            raise forms.ValidationError(message, code="incorrect")
        return code


class NameForm(forms.Form):
    """Takes any name; whether somebody may bear it is asked of ``choose_name``."""

    name = PublicNameField(
        help_text=_("Everybody can read it, in search engines too. An invented name is allowed.")
    )


class RhythmForm(forms.Form):
    """How often somebody wants to hear of news."""

    news_rhythm = forms.ChoiceField(
        label=_("How often you get messages"),
        help_text=_(
            "Gathered messages leave at 7 o’clock, weekly ones on Mondays. What would be too"
            " late by then comes at once."
        ),
        choices=User.Rhythm.choices,
        widget=forms.RadioSelect,
    )


class OurWords:
    """Labels and hints of our own, and no placeholders, for a form of allauth."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # Whoever mistypes a new password comes in with a code and sets another one.
        self.fields.pop("password2", None)
        for name, field in self.fields.items():
            field.label = LABELS.get(name, field.label)
            field.help_text = HINTS.get(name, "")
            field.widget.attrs.pop("placeholder", None)
        if "code" in self.fields:
            self.fields["code"].widget.attrs |= CODE_FIELD


class PasswordSignInForm(OurWords, account.LoginForm):
    pass


class NewAddressForm(OurWords, account.AddEmailForm):
    email = AddressField()


class AddressCodeForm(OurWords, account.ConfirmEmailVerificationCodeForm):
    pass


class ChangePasswordForm(OurWords, account.ChangePasswordForm):
    pass


class SetPasswordForm(OurWords, account.SetPasswordForm):
    pass


class ConfirmPasswordForm(OurWords, account.ReauthenticateForm):
    pass


class SecondStepForm(OurWords, AuthenticateForm):
    pass


class ConfirmSecondStepForm(OurWords, ReauthenticateForm):
    pass


class ActivateAppForm(OurWords, ActivateTOTPForm):
    pass


class AddPasskeyForm(OurWords, AddWebAuthnForm):
    """Each passkey can stand in for the code: simpler for people than two kinds of keys."""

    passwordless = forms.BooleanField(initial=True, widget=forms.HiddenInput)


class EditPasskeyForm(OurWords, EditWebAuthnForm):
    pass
