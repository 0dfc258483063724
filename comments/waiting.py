"""Texts that wait: for the code that publishes them, for a name, or for their author."""

from allauth.account.utils import get_next_redirect_url
from allauth.core import ratelimit
from django.contrib import messages
from django.db.models.functions import Now
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.adapter import DOOR, VISIT
from accounts.views import send_code, take_code
from comments.actions import CommentRefused, post_comment
from comments.drafts import discard_draft, let_wait, save_draft
from comments.models import Draft
from comments.rules import too_many_comments

CAME_WITH_CODE = "came_with_code"
"""Somebody signed in by publishing: perhaps on a device that others use after them."""


def place_of_text(strategy, goal, parent):
    """Where people write on: at the text that they have begun."""
    if goal:
        here = reverse("goal", args=[strategy.slug, goal.number])
    else:
        here = reverse("discussion", args=[strategy.slug])
    return f"{here}?antwort={parent.pk}#id_text" if parent else f"{here}#id_text"


def keep(request, strategy, goal, said):
    """Keep the text for its author if we know them, else for this browser."""
    place = {"strategy": strategy, "goal": goal, "parent": said["parent"]}
    words = {"text": said["text"], "label": said["label"]}
    if request.user.is_authenticated:
        save_draft(person=request.user, **place, **words)
        return
    who = {"name": said.get("name", ""), "address": said.get("email", "")}
    draft = let_wait(**who, **place, version=said["version"], **words)
    # The same text, corrected: nobody is to publish what it said before.
    discard_draft(token=request.session.get("draft", ""))
    request.session["draft"] = draft.token
    request.session.set_expiry(VISIT)


def kept_under(token):
    """The text of a visitor that waits under ``token``: for a day, also if nothing clears up."""
    waiting = Draft.objects.filter(person=None, saved_at__gt=Now() - VISIT)
    return waiting.filter(token=token or "").select_related("strategy", "goal", "parent").first()


def waiting_text(request, strategy, goal):
    """The text that waits here for this person, and what it answers."""
    if request.user.is_authenticated:
        owned = Draft.objects.filter(person=request.user)
        if token := request.session.get("draft"):
            owned |= Draft.objects.filter(token=token)
    elif token := request.session.get("draft"):
        owned = Draft.objects.filter(token=token)
    else:
        return {}
    # A reply that waits does not stand in the way of a comment.
    number = request.GET.get("antwort", "")
    is_number = number.isascii() and number.isdecimal() and len(number) < 19
    here = owned.filter(strategy=strategy, goal=goal, parent=number if is_number else None)
    draft = here.order_by("-saved_at").first()
    if draft is None:
        return {}
    words = {"text": draft.text, "label": draft.label, "parent": draft.parent_id}
    return words | {"draft": draft.pk if draft.person_id else None}


def publish(request, strategy, goal, said):
    """Publish what somebody who is signed in wrote, and lead to it."""
    # Generous, for a library or a hall full of people; those signed in are limited by the rule.
    here = request.META["REMOTE_ADDR"]
    if not ratelimit.consume(request, action="comment", key=here):
        raise CommentRefused(too_many_comments(strategy))
    words = {name: said[name] for name in ("text", "label", "parent", "version", "agrees_to")}
    comment = post_comment(author=request.user, strategy=strategy, goal=goal, **words)
    discard_draft(token=request.session.pop("draft", ""))
    return redirect(f"{comment.get_absolute_url()}?neu=1")


@never_cache
@require_http_methods(["GET", "POST"])
def enter_code(request):
    """The right code signs in whoever wrote a comment, and publishes it."""
    place = get_next_redirect_url(request) or reverse("home")
    # Who has no session waits for no code; telling them so would take a cookie.
    if request.user.is_authenticated or not request.session.session_key:
        return redirect(place)
    here = f"{reverse('publish_with_code')}?{urlencode({'next': place})}"
    typed = request.session.get(DOOR)
    if "again" in request.POST and typed:
        sent = send_code(request, typed["name"], typed["email"])
        return redirect(here) if sent else ratelimit.respond_429(request)
    context = {"button": _("Publish"), "resend": here, "back": place, "publishes": True}
    response = take_code(request, context)
    # Without a name, or with a second step to take, they first go where the door leads them,
    # and from there to their text.
    if not request.user.is_authenticated or not request.user.public_name:
        return response
    request.session[CAME_WITH_CODE] = True
    return _publish_waiting(request, place) or response


def _publish_waiting(request, place):
    draft = kept_under(request.session.get("draft"))
    if draft is None:
        return None
    said = {"text": draft.text, "label": draft.label, "parent": draft.parent}
    said |= {"version": draft.answered_version, "agrees_to": None}
    try:
        return publish(request, draft.strategy, draft.goal, said)
    except CommentRefused as error:
        messages.error(request, error.refusal.sentence)
        return redirect(place)
