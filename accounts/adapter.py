"""allauth in this house: one door, mails through the outbox, and no network addresses."""

from datetime import timedelta

import qrcode
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.models import Login
from allauth.account.stages import LoginByCodeStage, LoginStageController
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models.functions import Now
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from qrcode.image.svg import SvgPathFillImage

from accounts.actions import NameRefused, choose_name, confirm_address, notify
from accounts.messages import in_town_language
from accounts.town import town

VALIDITY = timedelta(seconds=settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT)
"""How long a code may be used."""

MINUTES_VALID = VALIDITY // timedelta(minutes=1)

VISIT = timedelta(days=1)
"""How long we know a browser in which nobody signs in, and keep what was typed there."""

DOOR, REFUSED_NAME = "door", "refused_name"
"""What somebody typed at the door, and the name they could not have: kept in the session."""

NOTICES = {
    "account/email/email_changed": gettext_lazy("Your account has a new e-mail address"),
    "account/email/email_deleted": gettext_lazy("An e-mail address of your account was removed"),
    "account/email/password_changed": gettext_lazy("Your password was changed"),
    "account/email/password_set": gettext_lazy("Your account has a password now"),
    "mfa/email/recovery_codes_generated": gettext_lazy("Your account has new spare codes"),
    "mfa/email/totp_activated": gettext_lazy("Your account is protected by an app now"),
    "mfa/email/totp_deactivated": gettext_lazy("Your account is no longer protected by an app"),
    "mfa/email/webauthn_added": gettext_lazy("Your account has a new passkey"),
    "mfa/email/webauthn_removed": gettext_lazy("A passkey of your account was removed"),
}
"""What allauth tells people about their own account, in one sentence each."""


class SignInCode(LoginCodeVerificationProcess):
    """A code on its way to an address, whether or not somebody has an account there.

    Nobody looks who has an account before the right code comes back. So page, mail and
    time taken are the same for everybody, and nothing is stored about an address that
    somebody else typed.
    """

    link = ""

    @classmethod
    def send_to(cls, address: str, request, link: str = "") -> None:
        login = Login(email=address, state={"stages": {"current": LoginByCodeStage.key}})
        stage = LoginByCodeStage(LoginStageController(request, login), request, login)
        stage.state |= cls.initial_state(user=None, email=address) | {"initiated_by_user": True}
        process = cls(stage)
        process.link = link
        process.send()
        process.persist()

    @classmethod
    def awaited(cls, request) -> "SignInCode | None":
        """The code this browser waits for, unless there is none or it has expired."""
        stage = LoginStageController.enter(request, LoginByCodeStage.key)
        return cls(stage).abort_if_invalid() if stage else None

    def send_by_email(self, email, skip_enumeration_mails=False):
        code = self.generate_code()
        context = {"code": code, "link": self.link}
        AccountAdapter().send_mail("account/email/login_code", email, context)

    def finish(self, redirect_url):
        self._user = self.stage.login.user = confirm_address(address=self.state["email"])
        return super().finish(redirect_url)


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "duplicate_email": gettext_lazy("This is your e-mail address already."),
        "email_password_mismatch": gettext_lazy("E-mail address and password do not match."),
        "email_taken": gettext_lazy(
            "There is another account with this e-mail address. Please take another address, or"
            " sign in with this one."
        ),
        "enter_current_password": gettext_lazy("This is not your current password."),
        "incorrect_code": gettext_lazy("This code is not the right one. Please check it."),
        "incorrect_password": gettext_lazy("This is not your password."),
        "too_many_login_attempts": gettext_lazy(
            "There were too many attempts. Please wait a few minutes and try again."
        ),
        "rate_limited": gettext_lazy("Please wait a few minutes and try again."),
    }

    @in_town_language
    def send_mail(self, template_prefix, email, context):
        """A mail with a code, through the outbox; it is pointless when the code is."""
        code = context["code"]
        person = context.get("user")
        key = (person.message_prefix if person else "") + get_random_string(20)
        context = {"code": f"{code[:3]} {code[3:]}", "link": context.get("link", "")}
        context |= {"town": town(), "minutes": MINUTES_VALID}
        notify(
            addresses=[email],
            key=key,
            subject=render_to_string(f"{template_prefix}_subject.txt", context).strip(),
            body=render_to_string(f"{template_prefix}_message.txt", context),
            expires_at=Now() + VALIDITY,
            is_private=True,
        )

    def send_confirmation_mail(self, request, emailconfirmation, signup):
        address = emailconfirmation.email_address
        context = {"code": emailconfirmation.key, "user": address.user}
        self.send_mail("account/email/email_confirmation", address.email, context)

    @in_town_language
    def send_notification_mail(self, template_prefix, user, context=None, email=None):
        """Tell somebody that their account was changed; without network address or browser."""
        what = NOTICES[template_prefix]
        notify(
            recipients=[] if email else [user],
            addresses=[email] if email else [],
            key=user.message_prefix + get_random_string(20),
            subject=f"{what} ({town().site_name})",
            body=_(
                "{what}.\n\nIf it was you, there is nothing to do. If it was not you, please"
                " contact us at once.\n\nYou get this message because you have an account here."
            ).format(what=what),
            is_private=True,
        )

    def post_login(self, request, user, **kwargs):
        request.session.set_expiry(None)
        response = super().post_login(request, user, **kwargs)
        typed = request.session.pop(DOOR, {}).get("name")
        if user.public_name:
            return response
        if typed:
            try:
                choose_name(person=user, name=typed)
            except NameRefused as refused:
                request.session[REFUSED_NAME] = {"name": typed, "reason": refused.reason}
            else:
                return response
        return redirect(reverse("choose_name", query={"next": response.url}))

    def get_reauthentication_methods(self, user):
        """How ``user`` can show that it is them: whoever has no second step also by a code."""
        methods = super().get_reauthentication_methods(user)
        if all(method["id"] == "reauthenticate" for method in methods):
            methods.append({"id": "code", "description": "", "url": reverse("prove")})
        return methods

    def get_client_ip(self, request):
        # Those who are signed in are counted by person, and the list of their sessions
        # keeps what is said here: nothing. For all others see ForgetAddressMiddleware.
        return "::" if request.user.is_authenticated else request.META["REMOTE_ADDR"]

    def get_password_change_redirect_url(self, request):
        return reverse("account")

    def get_email_verification_redirect_url(self, email_address):
        return reverse("account")


class MFAAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": AccountAdapter.error_messages["incorrect_code"],
        "unverified_email": gettext_lazy(
            "Your second step needs a confirmed e-mail address first."
        ),
        "cannot_generate_recovery_codes": gettext_lazy(
            "Spare codes need an app or a passkey first."
        ),
    }

    def generate_authenticator_name(self, user, type):
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return _("Passkey {number}").format(number=number)

    def build_totp_svg(self, url):
        # On white, or nobody could read it in the dark.
        return qrcode.make(url, image_factory=SvgPathFillImage).to_string(encoding="unicode")

    def _get_site_name(self):
        return town().site_name
