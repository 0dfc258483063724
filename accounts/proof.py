"""Showing anew that it is you, before what an open session alone must not be enough for."""

import time
from functools import wraps
from urllib.parse import urlencode

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.utils import get_next_redirect_url
from allauth.core import ratelimit
from allauth.mfa.signals import authenticator_added
from django.contrib.auth.decorators import login_required
from django.dispatch import receiver
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.adapter import VALIDITY, AccountAdapter
from accounts.forms import CodeForm, posted
from accounts.middleware import SECOND_FACTORS

PROOF = "proof_code"
"""The code that was sent to show that it is them: kept in the session, with its end."""


def fresh_sign_in_required(back):
    """Let in who has shown within the last minutes who they are; others do so now.

    Then they come to the page named ``back``, not into the middle of a deed.
    """

    def decorate(view):
        @wraps(view)
        @login_required
        def guarded(request, *args, **kwargs):
            if fresh_proofs(request):
                return view(request, *args, **kwargs)
            return to_proof(request.user, reverse(back))

        return guarded

    return decorate


def to_proof(person, path):
    """Lead to where ``person`` shows who they are, and from there to ``path``, if there is one."""
    way = _ways(person)[0]
    return redirect(f"{way}?{urlencode({'next': path})}" if path else way)


def _ways(person):
    return [way["url"] for way in AccountAdapter().get_reauthentication_methods(person)]


def fresh_proofs(request):
    """By what they have shown within the last minutes who they are; nothing if they have not."""
    since = time.time() - VALIDITY.total_seconds()
    records = get_authentication_records(request, request.user)
    return {record["method"] for record in records if record["at"] > since}


# Connected here: both are set up at addresses of the account, and those lead to this module.
@receiver(authenticator_added)
def record_second_factor(*, request, user, authenticator, **signal):
    """Whoever sets up an app or a passkey has shown it with that; the code, or the key."""
    if authenticator.type in SECOND_FACTORS:
        kind = {"id": authenticator.pk, "type": authenticator.type}
        record_authentication(request, user, method="mfa", **kind)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def prove(request):
    """By a code. Who has a second step shows that, or the password."""
    if request.path not in _ways(request.user):
        return to_proof(request.user, get_next_redirect_url(request))
    if page := take_own_code(request, PROOF, "account/email/login_code", "account/prove.html"):
        return page
    record_authentication(request, request.user, method="code", reauthenticated=True)
    return redirect(get_next_redirect_url(request) or "account")


def take_own_code(request, kept_as, mail, template):
    """The page on which whoever is signed in has a code sent to their address and enters it;
    None as soon as it was the right one.

    The session holds the code and its end under ``kept_as``.
    """
    awaited = request.session.get(kept_as)
    if awaited and awaited["until"] < time.time():
        awaited = None
    limit_key = f"{kept_as} {request.user.pk}"
    if request.method == "POST" and ("send" in request.POST or not awaited):
        if not ratelimit.consume(request, action="confirm_email", key=limit_key):
            return ratelimit.respond_429(request)
        return _send_code(request, kept_as, mail)
    form = None
    if awaited:
        form = CodeForm(posted(request), expected=awaited["code"])
        if form.is_bound and not ratelimit.consume(request, action="enter_code", key=limit_key):
            return ratelimit.respond_429(request)
        if form.is_valid():
            del request.session[kept_as]
            return None
    return render(request, template, {"form": form, "next": get_next_redirect_url(request)})


def _send_code(request, kept_as, mail):
    adapter = AccountAdapter()
    code = adapter.generate_login_code()
    request.session[kept_as] = {"code": code, "until": time.time() + VALIDITY.total_seconds()}
    adapter.send_mail(mail, request.user.email, {"code": code})
    return redirect(with_next(request, request.resolver_match.view_name))


def with_next(request, name):
    """The path of the page ``name``, from which people go on to where this one would lead."""
    path = get_next_redirect_url(request)
    return reverse(name, query={"next": path} if path else None)
