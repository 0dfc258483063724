"""Texts that wait: for the code that publishes them, for a name, or for their author."""

from datetime import timedelta

from allauth.account.utils import get_next_redirect_url
from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models.functions import Now
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.adapter import VISIT, SignInCode
from accounts.names import skeleton
from accounts.numbers import row_number
from accounts.views import send_code, take_code, take_name
from comments.actions import CommentRefused, post_comment
from comments.drafts import discard_draft, let_wait, save_draft
from comments.messages import waiting_url
from comments.models import Comment, Draft
from comments.rules import closed, too_many_comments
from comments.threads import page_of
from strategies.models import Phase
from strategies.wording import day_and_time, end_of_day, last_day

CAME_WITH_CODE = "came_with_code"
"""Somebody signed in by publishing: perhaps on a device that others use after them."""

LAST_HOUR = timedelta(hours=1)
JUST = timedelta(minutes=1)


def place_of_text(strategy, goal, parent):
    """Where people write on: at the form, and what is said of it."""
    query = {"antwort": parent.pk} if parent else None
    return page_of(strategy, goal, query=query, fragment="eingabe")


def back_to_door(request, place):
    """Lead whose session has ended to the door, and from there to their text."""
    sentence = _(
        "You are no longer signed in. Your text is still there. Please sign in again,"
        " then you can publish it."
    )
    messages.info(request, sentence)
    return redirect(reverse("account_login", query={"next": place}))


def keep(request, strategy, goal, said):
    """Keep the text for its author if we know them, else for this browser. Return it."""
    place = {"strategy": strategy, "goal": goal, "parent": said["parent"]}
    words = {name: said[name] for name in ("version", "text", "label")}
    if request.user.is_authenticated:
        return save_draft(person=request.user, **place, **words)
    _limit(request, "keep", strategy)
    who = {"name": said.get("name", ""), "address": said.get("email", "")}
    draft = let_wait(**who, **place, **words)
    # Corrected: nobody is to publish what it said before.
    discard_draft(token=request.session.get("draft", ""), **place)
    request.session["draft"] = draft.token
    request.session.set_expiry(VISIT)
    return draft


def _limit(request, deed, strategy):
    # Generous, for a library or a hall full of people; those signed in are limited by the rule.
    here = f"{deed} {request.META['REMOTE_ADDR']}"
    if not ratelimit.consume(request, action="comment", key=here):
        raise CommentRefused(too_many_comments(strategy))


def kept_under(token):
    """The text that waits under ``token`` for a code: for a day, also if nobody clears up."""
    # The database takes not every character that an address can hold.
    if not token or not token.isalnum():
        return None
    waiting = Draft.objects.filter(person=None, saved_at__gt=Now() - VISIT).exclude(address="")
    waiting = waiting.select_related("strategy", "goal__strategy", "parent")
    return waiting.filter(token=token).first()


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
    parent = row_number(request.GET.get("antwort", ""))
    here = owned.filter(strategy=strategy, goal=goal, parent=parent)
    draft = here.order_by("-saved_at").first()
    if draft is None:
        return {}
    return {
        "text": draft.text,
        "label": draft.label,
        "parent": draft.parent_id,
        "version": draft.answered_version,
        "draft": draft.pk if draft.person_id else None,
    }


def code_under_way(request):
    """To which address this browser waits for a code, and where it is entered; or None."""
    code = None if request.user.is_authenticated else SignInCode.awaited(request)
    if code is None:
        return None
    return {
        "address": code.state["email"],
        "url": _code_page(f"{request.get_full_path()}#eingabe"),
    }


def _code_page(place):
    return reverse("publish_with_code", query={"next": place})


def in_last_hour(phase):
    """What to know before a code is sent for, when a phase is about to end; else empty."""
    if phase.closes_at - phase.now >= LAST_HOUR:
        return ""
    text = _(
        "Commenting ends today at {time}. Please also enter the code from the e-mail before then."
    )
    if last_day(phase.closes_at)[0] != localdate(phase.now):
        text = _(
            "Commenting ends tomorrow at {time}. Please also enter the code from the e-mail before"
            " then."
        )
    return text.format(time=end_of_day(phase.closes_at))


def ask_for_code(request, draft):
    """Send a code for this text, and lead to where this browser enters it."""
    if not send_code(request, draft.name, draft.address, link=waiting_url(draft)):
        return ratelimit.respond_429(request)
    request.session["draft"] = draft.token
    place = place_of_text(draft.strategy, draft.goal, draft.parent)
    return redirect(_code_page(place))


@never_cache
@require_safe
def show_text(request, token):
    """The text that the link in a mail leads to, in any browser. Looking changes nothing."""
    draft = kept_under(token)
    if draft is None:
        return _no_text(request)
    phase = Phase.objects.open().clocked().filter(strategy=draft.strategy_id).first()
    signed_in = request.user.is_authenticated
    context = {
        "draft": draft,
        "strategy": draft.strategy if phase else None,
        "place": draft.goal or draft.strategy,
        "url": page_of(draft.strategy, draft.goal),
        "name": request.user.public_name if signed_in else draft.name,
        "kept_until": day_and_time(draft.saved_at + VISIT),
        "last_hour": in_last_hour(phase) if phase else "",
        "refusal": None if phase else closed(draft.strategy),
    }
    return render(request, "comments/waiting.html", context)


# The token stands in the form: in the address of a refusal it would be written into logs.
@never_cache
@require_POST
def take_text(request):
    """Let the text wait in this browser, too: for a fresh code, or for who is signed in here."""
    draft = kept_under(request.POST.get("token"))
    if draft is None:
        return _no_text(request)
    if not draft.strategy.phases.open().exists():
        # There it says why, and there is the text.
        return redirect("waiting_text", draft.token)
    if not request.user.is_authenticated:
        return ask_for_code(request, draft)
    request.session["draft"] = draft.token
    return redirect(place_of_text(draft.strategy, draft.goal, draft.parent))


def _no_text(request):
    return render(request, "comments/waiting.html", {"is_gone": True}, status=404)


def publish(request, strategy, goal, said, *, draft_stays=False):
    """Publish what somebody who is signed in wrote, and lead to it."""
    _limit(request, "publish", strategy)
    words = {name: said[name] for name in ("text", "label", "parent", "version", "agrees_to")}
    comment = post_comment(
        author=request.user, strategy=strategy, goal=goal, draft_stays=draft_stays, **words
    )
    place = {"strategy": strategy, "goal": goal, "parent": said["parent"]}
    discard_draft(token=request.session.get("draft", ""), **place)
    return redirect(f"{comment.get_absolute_url()}?neu=1")


@never_cache
@require_http_methods(["GET", "POST"])
def enter_code(request):
    """The right code signs in whoever wrote a comment, and publishes it."""
    place = get_next_redirect_url(request) or reverse("home")
    # Who has no session waits for no code; telling them so would take a cookie.
    if request.user.is_authenticated or not request.session.session_key:
        return redirect(place)
    if "again" in request.POST:
        draft = kept_under(request.session.get("draft"))
        return ask_for_code(request, draft) if draft else _waits_no_more(request, place)
    resend = _code_page(place)
    context = {"button": _("Publish"), "resend": resend, "back": place, "publishes": True}
    response = take_code(request, context)
    # With a second step to take they first go where the door leads them, and then to their text.
    if not request.user.is_authenticated:
        return response
    request.session[CAME_WITH_CODE] = True
    if not request.user.public_name:
        _give_to_owner(request)
        return redirect(reverse("publish_with_name", query={"next": place}))
    draft = kept_under(request.session.get("draft"))
    if draft and draft.name and skeleton(draft.name) != request.user.name_skeleton:
        # Perhaps the account bears the name that was not to stand there.
        sentence = _(
            "With this e-mail address you have an account already, and your text would appear"
            " under its name, {name}. If that is right, you can publish it now."
        )
        messages.warning(request, sentence.format(name=request.user.public_name))
        return redirect(place)
    return _publish_waiting(request, place, draft)


def _give_to_owner(request):
    """Who has shown the address and chooses no name finds the text among their drafts.

    Where a draft of theirs is already, which they have not seen now, this one goes on waiting.
    """
    draft = kept_under(request.session.get("draft"))
    if draft is None:
        return
    place = {"strategy": draft.strategy, "goal": draft.goal, "parent": draft.parent}
    if request.user.drafts.filter(**place).exists():
        return
    words = {"version": draft.answered_version, "text": draft.text, "label": draft.label}
    request.session["nameless_draft"] = save_draft(person=request.user, **place, **words).pk
    draft.delete()


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def enter_name(request):
    """Whoever entered the code and has no name yet chooses one, and publishes with that."""
    place = get_next_redirect_url(request) or reverse("home")
    if request.user.public_name:
        return redirect(place)
    page = take_name(request, {"next": place, "publishes": True})
    if page:
        return page
    theirs = request.user.drafts.select_related("strategy", "goal__strategy", "parent")
    draft = theirs.filter(pk=request.session.get("nameless_draft")).first()
    draft = draft or kept_under(request.session.get("draft"))
    return _publish_waiting(request, place, draft)


def _publish_waiting(request, place, draft):
    if draft is None:
        # Who clicked twice finds what the first click has published.
        lately = Comment.objects.published().filter(author=request.user, posted_at__gt=Now() - JUST)
        newest = lately.order_by("posted_at", "pk").last()
        if newest is None:
            return _waits_no_more(request, place)
        return redirect(f"{newest.get_absolute_url()}?neu=1")
    said = {"text": draft.text, "label": draft.label, "parent": draft.parent}
    said |= {"version": draft.answered_version, "agrees_to": None}
    try:
        # Who wrote before signing in was shown no draft of theirs.
        stays = draft.person_id is None
        return publish(request, draft.strategy, draft.goal, said, draft_stays=stays)
    except CommentRefused as error:
        twin = error.refusal.comment
        about = twin.about if twin else ""
        messages.error(request, error.refusal.sentence, extra_tags=about)
        if twin:
            # It is there already, so nothing waits any more.
            draft.delete()
            return redirect(twin)
        return redirect(place)


def _waits_no_more(request, place):
    # Published in another browser, mostly: there is the comment, and here its place.
    text = _(
        "No text waits here any more: it is published already, was written anew since, or was"
        " older than 24 hours."
    )
    messages.info(request, text)
    return redirect(place)
