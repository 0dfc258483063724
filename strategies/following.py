"""Pages for those who want to hear of strategies by e-mail, or no more."""

from allauth.core import ratelimit
from django import forms
from django.contrib import messages
from django.db.models import Exists, OuterRef, Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.forms import AddressField, posted
from strategies.messages import read_confirm_token, read_unsubscribe_token
from strategies.models import Strategy, Subscription
from strategies.subscriptions import (
    ask_to_follow,
    confirm_following,
    forget_follower,
    hears_of,
    subscribe,
    unsubscribe,
)


class FollowForm(forms.Form):
    """The address of somebody who wants to hear of things without an account."""

    email = AddressField(help_text=gettext_lazy("Is not published."))


@never_cache
@require_http_methods(["GET", "POST"])
def follow(request, slug=None):
    """Hear of a strategy, or of all, by mail, or no more."""
    strategy = get_object_or_404(Strategy.objects.published(), slug=slug) if slug else None
    if not request.user.is_authenticated:
        return _ask(request, strategy)
    if request.method == "POST":
        return _switch(request, strategy)
    follows = request.user.wants_news and is_following(request.user, strategy)
    return _page(request, "follow", strategy, is_following=follows)


def is_following(person, strategy):
    """Whether ``person`` has switched on ``strategy``, or all when it is None."""
    return hears_of(strategy).filter(_theirs(person)).exists()


def with_is_followed(strategies, person):
    """Each of these strategies with ``is_followed``: whether ``person`` hears of it."""
    theirs = Subscription.objects.filter(_theirs(person))
    return strategies.annotate(is_followed=Exists(theirs.reaching(OuterRef("pk"))))


def _theirs(person):
    return Q(person=person) | Q(address=person.email)


def followed_by(person):
    """``all``: whether ``person`` follows all strategies; and each public one in order,
    with ``is_followed``. Two queries."""
    strategies = with_is_followed(Strategy.objects.published(), person)
    return {"all": is_following(person, None), "strategies": strategies}


def _switch(request, strategy):
    if "end" in request.POST:
        unsubscribe(person_id=request.user.pk, strategy_id=strategy and strategy.pk)
        text = _("You get no more messages about this strategy.")
        if strategy is None:
            text = _("You get no more messages about strategies.")
    else:
        had_all_off = not request.user.wants_news
        subscribe(person=request.user, strategy=strategy)
        text = _("From now on you hear of this strategy by e-mail.")
        if strategy is None:
            text = _("From now on you hear of all strategies by e-mail.")
        if had_all_off:
            again = _("Messages come at once again, also about what else is on in your settings.")
            text = f"{text} {again}"
    messages.success(request, text)
    if "from_settings" in request.POST:
        return redirect("news_settings")
    return redirect(strategy or "home")


def _ask(request, strategy):
    """Without account: a link goes to the address. The page says the same to everybody."""
    form = FollowForm(posted(request))
    if form.is_valid():
        address = form.cleaned_data["email"]
        if not ratelimit.consume(request, action="follow", key=address):
            return ratelimit.respond_429(request)
        ask_to_follow(address=address, strategy=strategy)
        return redirect(f"{request.path}?unterwegs")
    is_asked = "unterwegs" in request.GET
    return _page(request, "follow_without_account", strategy, form=form, is_asked=is_asked)


@never_cache
@require_http_methods(["GET", "POST"])
def confirm(request, token):
    """The link in the mail to a new address: GET shows, POST does."""
    pk = read_confirm_token(token)
    public = Q(strategy=None) | Q(strategy__in=Strategy.objects.published())
    asked = Subscription.objects.unconfirmed().filter(public, pk=pk).select_related("strategy")
    subscription = asked.first()
    if subscription is None:
        return _page(request, "confirm_following", None, status=404, is_gone=True)
    if request.method == "POST":
        confirm_following(subscription_id=pk)
    is_done = request.method == "POST"
    return _page(request, "confirm_following", subscription.strategy, is_done=is_done)


# A mail program that unsubscribes with one click sends no Origin and has no cookie; the
# signed address is the proof, and can do nothing else.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
def end_following(request, token):
    """The link in every mail to those who follow: GET shows, POST does."""
    numbers = read_unsubscribe_token(token)
    if numbers is None:
        raise Http404
    person_id, other_id = numbers
    if not person_id:
        adopted = Subscription.objects.exclude(person=None).filter(pk=other_id).first()
        if adopted is None:
            return _forget(request, other_id)
        person_id, other_id = adopted.person_id, adopted.strategy_id
    strategy = get_object_or_404(Strategy, pk=other_id) if other_id else None
    if request.method == "POST":
        if "everything" in request.POST:
            strategy = None
        unsubscribe(person_id=person_id, strategy_id=strategy and strategy.pk)
    followed = Subscription.objects.filter(person=person_id)
    followed = followed.reaching(strategy) if strategy else followed.current()
    is_done = not followed.exists()
    return _page(request, "unsubscribe", strategy, is_done=is_done, has_account=True)


def _forget(request, subscription_id):
    rows = Subscription.objects.filter(pk=subscription_id, person=None)
    row = rows.select_related("strategy").first()
    if request.method == "POST":
        forget_follower(subscription_id=subscription_id)
    # Who clicks twice reads the same again.
    is_done = request.method == "POST" or row is None
    strategy = row and row.strategy
    return _page(request, "unsubscribe", strategy, is_done=is_done, has_account=False)


def _page(request, name, strategy, status=200, **context):
    """A page about hearing of ``strategy``, or of all when it is None. Drafts are not named."""
    public = strategy if strategy and strategy.is_public else None
    context |= {
        "strategy": public,
        "is_about_all": strategy is None,
        "back": public.get_absolute_url() if public else reverse("strategies"),
    }
    return render(request, f"strategies/{name}.html", context, status=status)
