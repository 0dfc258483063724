"""Where people say what does not work for them: without account, cookie or record."""

import re
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.db import transaction
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions import notify
from accounts.forms import AddressField
from accounts.messages import absolute, in_town_language
from accounts.models import User
from accounts.personal_data import about_address
from accounts.town import town
from comments.forms import LimitedField
from comments.messages import quoted
from comments.reporting import may_still_report

# Behind “/mein-text/” an address takes nearly everything: sentences, too, and blank lines.
_IN_ONE_WORD = re.compile(r"[\w/.:-]+", re.ASCII)


def own_path(typed: str) -> str:
    """The path of the page of ours that ``typed`` leads to, as people write or copy addresses;
    empty when it leads to none."""
    host = re.escape(urlsplit(settings.SITE_URL).netloc)
    address = re.split("[?#]", typed.strip())[0]
    path = re.sub(rf"\A(https?://)?{host}(/|\Z)", "/", address, flags=re.IGNORECASE)
    if not _IN_ONE_WORD.fullmatch(path):
        return ""
    return next((page for page in (path, f"{path}/") if _is_page(page)), "")


def _is_page(path):
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


class BarrierForm(forms.Form):
    """What does not work, where, and where an answer may go."""

    page = LimitedField(
        label=gettext_lazy("On which page?"),
        help_text=gettext_lazy("If you know it: its address or its name."),
        most=2_000,
        required=False,
    )
    text = LimitedField(
        label=gettext_lazy("What does not work?"),
        help_text=gettext_lazy("At most 2,000 characters."),
        most=2_000,
        widget=forms.Textarea({"rows": 6}),
        error_messages={"required": gettext_lazy("Please say what does not work.")},
    )
    email = AddressField(
        help_text=gettext_lazy("Only if you wish an answer. Is not published."), required=False
    )


@in_town_language
@transaction.atomic
def report_barrier(*, text: str, page: str = "", email: str = "") -> None:
    """Owe those who work on the site this report, and ``email``, if given, a receipt.

    The receipt quotes nothing, so that nobody can send words to others through us. The report
    goes when ``email`` is forgotten.
    """
    path = own_path(page)
    key = f"barrier-{get_random_string(20)}"
    readers = [person for person in User.objects.staff() if _may_remedy(person)]
    contact = town().contact_email.lower()
    is_reader = any(person.email.lower() == contact for person in readers)
    # As quotations: a stranger's words and links must not look like ours.
    if path:
        place = [absolute(path)]
    elif page:
        place = [_("They named this page:"), quoted(page)]
    else:
        place = [_("They named no page.")]
    parts = [
        *place,
        _("They write:"),
        quoted(text),
        _("Answer to: {address}").format(address=email) if email else _("They wish no answer."),
        _("You get this message because you work on this site."),
    ]
    notify(
        recipients=readers,
        addresses=[] if is_reader else [contact],
        key=key,
        about=about_address(email) if email else "",
        subject=_("Somebody has reported a barrier"),
        body="\n\n".join(parts),
    )
    if email:
        notify(
            addresses=[email.lower()],
            key=f"{key}-receipt",
            subject=_("Your report of a barrier has arrived"),
            body=_(
                "Somebody, probably you, has reported a barrier on our website and given this"
                " address for the answer. We look at it and write to you. If it was not you,"
                " there is nothing to do."
            ),
        )


def _may_remedy(person):
    return person.has_perm("comments.add_decision") or person.has_perm("strategies.change_strategy")


@never_cache
@require_http_methods(["GET", "POST"])
def barrier(request):
    """Say that something on a page does not work."""
    page = own_path(request.GET.get("seite", ""))
    is_sent = request.method == "POST"
    form = BarrierForm(request.POST if is_sent else None, initial={"page": page})
    refused = None
    if form.is_valid():
        if may_still_report(request, "barrier", form.cleaned_data["email"]):
            report_barrier(**form.cleaned_data)
            return redirect(f"{request.path}?angekommen")
        refused = _("Too many reports came from here. Please try again later, or call us.")
    context = {
        "form": form,
        "refusal": refused,
        "has_arrived": not is_sent and "angekommen" in request.GET,
    }
    return render(request, "barrier.html", context, status=429 if refused else 200)
