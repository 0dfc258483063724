"""The door, and the account behind it. What is not here, allauth's views do: see urls.py."""

from allauth.account.internal.flows.password_change import finalize_password_set
from allauth.account.utils import get_login_redirect_url, get_next_redirect_url
from allauth.account.views import ConfirmEmailVerificationCodeView
from allauth.core import ratelimit
from allauth.decorators import rate_limit
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.views import login_webauthn
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions import NameRefused, choose_name
from accounts.adapter import DOOR, MINUTES_VALID, REFUSED_NAME, VISIT, SignInCode
from accounts.forms import CodeForm, DoorForm, NameForm, SetPasswordForm, posted
from accounts.names import NameRefusal
from accounts.proof import fresh_proofs, to_proof, with_next


@never_cache
@require_http_methods(["GET", "POST"])
def door(request):
    """Name, e-mail address, code: for those who have an account and those who have none."""
    if request.user.is_authenticated:
        return redirect(get_login_redirect_url(request))
    form = DoorForm(posted(request), initial=request.session.get(DOOR))
    if form.is_valid():
        if not send_code(request, form.cleaned_data["name"], form.cleaned_data["email"]):
            return ratelimit.respond_429(request)
        return redirect(with_next(request, "account_confirm_login_code"))
    context = {"form": form, "next": get_next_redirect_url(request)}
    return render(request, "account/login.html", context)


def send_code(request, name, email, link=""):
    """Send a code, and remember who they say they are. False when it was asked for too often.

    ``link`` leads to what waits for the code.
    """
    if not _may_ask_for_code(request, email):
        return False
    request.session[DOOR] = {"name": name, "email": email}
    request.session.set_expiry(VISIT)
    SignInCode.send_to(email, request, link)
    if "again" in request.POST:
        messages.success(request, _("A new code is on its way. The old one has expired."))
    return True


def _may_ask_for_code(request, address):
    # Strict for an address from one network, and the first from there in an hour leaves in any
    # case, so that nobody elsewhere can use up the codes that somebody needs.
    here = f"{address} {request.META['REMOTE_ADDR']}"
    if not ratelimit.consume(request, action="request_login_code", key=here):
        return False
    is_first = ratelimit.consume(request, action="first_code_from_here", key=here)
    return ratelimit.consume(request, action="codes_to_address", key=address) or is_first


@never_cache
@require_http_methods(["GET", "POST"])
def enter_code(request):
    """The right code shows that the address is theirs, and signs them in."""
    if request.user.is_authenticated:
        return redirect(get_login_redirect_url(request))
    context = {
        "button": _("Sign in"),
        "resend": reverse("account_login"),
        "back": with_next(request, "account_login"),
    }
    return take_code(request, context)


def take_code(request, context):
    """The page for the code, or where it leads: with the right one they are signed in.

    ``context`` names its ``button``, where a new code is asked for (``resend``), where
    people go ``back`` to when this one is of no use, and whether it ``publishes`` a text:
    then it asks those for a name who have not said one.
    """
    awaited = SignInCode.awaited(request)
    if awaited is None:
        return _ask_anew(request, context, _("Your code has expired. Please ask for a new one."))
    # The session counts attempts, too, but not those that are made at the same instant.
    if not ratelimit.consume(request, action="enter_code", key=request.session.session_key):
        return ratelimit.respond_429(request)
    typed = request.session.get(DOOR, {})
    asks_name = bool(context.get("publishes")) and not typed.get("name")
    form = CodeForm(posted(request), expected=awaited.code, asks_name=asks_name)
    if form.is_valid():
        if asks_name:
            request.session[DOOR] = typed | {"name": form.cleaned_data["name"]}
        return awaited.finish(get_next_redirect_url(request))
    if form.has_error("code", "incorrect") and not awaited.record_invalid_attempt():
        sentence = _("The code was wrong too often. Please ask for a new one.")
        return _ask_anew(request, context, sentence)
    context |= {"form": form, "address": awaited.state["email"]}
    return _code_page(request, context)


def _ask_anew(request, context, sentence):
    """The page for the code without its field: why, and the button that sends a new one."""
    if typed := request.session.get(DOOR):
        return _code_page(request, context | {"sentence": sentence, "address": typed["email"]})
    messages.info(request, sentence)
    return redirect(context["back"])


def _code_page(request, context):
    context |= {
        "next": get_next_redirect_url(request),
        "typed": request.session.get(DOOR, {}),
        "minutes": MINUTES_VALID,
    }
    return render(request, "account/confirm_login_code.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def name(request):
    """Choose the public name, or another one than that which was refused at the door."""
    if page := take_name(request, {"next": get_next_redirect_url(request)}):
        return page
    messages.success(request, _("Your name is saved."))
    return redirect(get_login_redirect_url(request))


def take_name(request, context):
    """The page for the public name; None as soon as the name is theirs.

    ``context`` says where people go on (``next``), and whether that ``publishes`` a text.
    """
    refused = request.session.pop(REFUSED_NAME, None)
    initial = {"name": request.user.public_name}
    form = NameForm(posted(request) or refused, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            choose_name(person=request.user, name=form.cleaned_data["name"])
        except NameRefused as error:
            form.add_error("name", error.reason.label)
        else:
            return None
    elif refused and not request.POST:
        form.add_error("name", NameRefusal(refused["reason"]).label)
    return render(request, "account/name.html", context | {"form": form})


@never_cache
@login_required
@require_safe
def account(request):
    """What somebody may do about their own account."""
    passkeys = Authenticator.objects.filter(user=request.user, type=Authenticator.Type.WEBAUTHN)
    app = Authenticator.objects.filter(user=request.user, type=Authenticator.Type.TOTP)
    context = {
        "passkeys": passkeys.count(),
        "has_app": app.exists(),
        "sessions": len(UserSession.objects.purge_and_list(request.user)),
        "unread": request.user.notifications.unread().count(),
        "hears_news": request.user.subscriptions.current().exists(),
    }
    return render(request, "account/account.html", context)


_address_code = ConfirmEmailVerificationCodeView.as_view(extra_context={"minutes": MINUTES_VALID})


@never_cache
def new_address_code(request):
    """allauth's, and it says that a new code was sent: also where the address is somebody else's,
    which only its mails tell."""
    if request.POST.get("action") == "resend":
        messages.success(request, _("A new code is on its way. The old one has expired."))
    return _address_code(request)


@never_cache
@require_safe
def forgotten_password(request):
    """Whoever forgot the password signs in with a code and sets a new one."""
    new_password = reverse("account_set_password")
    if request.user.is_authenticated:
        return redirect(new_password)
    return redirect(reverse("account_login", query={"next": new_password}))


@never_cache
def passkey_sign_in(request):
    """allauth's, with the token beside the options: asking for them makes the session that
    needs one, and the page before it sets no cookie."""
    response = login_webauthn(request)
    if request.method == "GET" and response.status_code == 200:
        response.headers["X-CSRFToken"] = get_token(request)
        if not request.user.is_authenticated:
            request.session.set_expiry(VISIT)
    return response


@never_cache
@sensitive_post_parameters("password1", "password2")
@login_required
@rate_limit(action="change_password")
@require_http_methods(["GET", "POST"])
def set_password(request):
    """A first password, or a new one instead of one that was forgotten.

    The latter only for those who have just entered a code from their mailbox, the former for
    whoever has just shown who they are: who finds an open session must not be able to take the
    account over.
    """
    has_password = request.user.has_usable_password()
    proofs = fresh_proofs(request)
    if has_password and "code" not in proofs:
        return render(request, "account/password_forgotten.html")
    if not proofs:
        return to_proof(request.user, request.path)
    form = SetPasswordForm(data=posted(request), user=request.user)
    if form.is_valid():
        form.save()
        finalize_password_set(request, request.user)
        return redirect("account")
    return render(
        request, "account/password_set.html", {"form": form, "has_password": has_password}
    )
