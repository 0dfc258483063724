from allauth.core.internal.httpkit import get_client_ip
from allauth.core.internal.ratelimit import truncate_ip
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

SECOND_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


class ForgetAddressMiddleware:
    """From here on nobody knows which network address or browser a request came from.

    allauth writes both into sessions, mails and the cache. What stands in for the address
    is enough to count attempts, and without the site's key it leads back to nobody.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        address = truncate_ip(get_client_ip(request) or "")
        stand_in = salted_hmac("network address", address, algorithm="sha256").hexdigest()
        request.META["REMOTE_ADDR"] = stand_in[:16]
        request.META.pop("HTTP_X_FORWARDED_FOR", None)
        request.META.pop("HTTP_USER_AGENT", None)
        return self.get_response(request)


class StaffSecondFactorMiddleware:
    """Staff without app or passkey set one up before they get into the admin.

    Those who have one were asked for it when they signed in.
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
        if is_mfa_enabled(request.user, SECOND_FACTORS):
            return None
        messages.warning(
            request,
            _(
                "Who works here also protects what citizens wrote. Please set up an app or a"
                " passkey first, then the staff area opens."
            ),
        )
        return redirect("mfa_index")
