import logging

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.internal.httpkit import get_client_ip
from allauth.core.internal.ratelimit import truncate_ip
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest, ImproperlyConfigured
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

log = logging.getLogger(__name__)

SECOND_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


class ForgetAddressMiddleware:
    """From here on nobody knows which network address or browser a request came from.

    allauth writes both into sessions, mails and the cache. What stands in for the address
    is enough to count attempts, and without the site's key it leads back to nobody.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        try:
            address = truncate_ip(get_client_ip(request) or "")
        except ImproperlyConfigured:
            # It did not come through all the proxies, or the setting counts too many.
            log.warning("X-Forwarded-For names fewer proxies than TRUSTED_PROXY_COUNT")
            raise BadRequest from None
        stand_in = salted_hmac("network address", address, algorithm="sha256").hexdigest()
        request.META["REMOTE_ADDR"] = stand_in[:16]
        request.META.pop("HTTP_X_FORWARDED_FOR", None)
        request.META.pop("HTTP_USER_AGENT", None)
        return self.get_response(request)


class StaffSecondFactorMiddleware:
    """Staff show app or passkey in this session before they get into the admin.

    Those who have none set one up. Mostly it was asked for at sign-in, but not in sessions
    that are older than app or passkey.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        is_wanted = settings.STAFF_NEEDS_SECOND_FACTOR and request.path.startswith(
            reverse("admin:index")
        )
        if not is_wanted or not request.user.is_staff:
            return None
        if not is_mfa_enabled(request.user, SECOND_FACTORS):
            sentence = _(
                "Whoever works here also protects what citizens wrote. Please set up an app or a"
                " passkey first, then the staff area opens."
            )
            messages.warning(request, sentence)
            return redirect("mfa_index")
        if _has_shown_second_factor(request):
            return None
        sentence = _(
            "You signed in here without your second step. Please show it now, then the staff"
            " area opens."
        )
        messages.warning(request, sentence)
        has_app = is_mfa_enabled(request.user, [Authenticator.Type.TOTP])
        way = "mfa_reauthenticate" if has_app else "mfa_reauthenticate_webauthn"
        back = request.get_full_path() if request.method == "GET" else reverse("admin:index")
        return redirect(reverse(way, query={"next": back}))


def _has_shown_second_factor(request):
    records = get_authentication_records(request, request.user)
    return any(record["method"] == "mfa" for record in records)
