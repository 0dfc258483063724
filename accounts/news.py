"""Pages about what somebody was told, how often they want to be, and where to."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.actions import choose_rhythm, confirm_address, mark_read
from accounts.forms import RhythmForm, posted
from accounts.messages import blocks, read_no_news_token
from accounts.models import Notification, User
from accounts.numbers import row_number
from accounts.proof import take_own_code

A_PAGE = 50
OWN_CODE = "own_address_code"
"""The code that was sent to one's own address: kept in the session, with its end."""


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def notifications(request):
    """What somebody was told, newest first; POST marks it read, up to what they have seen."""
    if request.method == "POST":
        newest = row_number(request.POST.get("newest", ""))
        if newest is not None:
            mark_read(person=request.user, up_to=newest)
        return redirect("notifications")
    told = request.user.notifications.told().order_by("-pk")
    page = Paginator(told, A_PAGE).get_page(request.GET.get("seite"))
    for message in page:
        message.blocks = blocks(message.body)
        message.has_arrived = message.outcome == Notification.Outcome.SENT
    context = {
        "page": page,
        "unread": request.user.notifications.unread().count(),
        "newest": max((message.pk for message in page), default=""),
    }
    return render(request, "account/notifications.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def news_settings(request):
    """How often somebody hears, and of what."""
    form = RhythmForm(posted(request), initial={"news_rhythm": request.user.news_rhythm})
    if form.is_valid():
        choose_rhythm(person=request.user, rhythm=form.cleaned_data["news_rhythm"])
        messages.success(request, _("Your choice is saved."))
        return redirect("news_settings")
    return render(request, "account/news_settings.html", {"form": form})


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def address(request):
    """Show by a code that one's own address takes mails again."""
    page = take_own_code(
        request,
        OWN_CODE,
        "account/email/email_confirmation",
        "account/confirm_own_address.html",
    )
    if page:
        return page
    confirm_address(address=request.user.email)
    messages.success(request, _("Your address is confirmed. We write to you again."))
    return redirect("notifications")


# A mail program that unsubscribes with one click sends no Origin and has no cookie; the
# signed address is the proof, and can do nothing else.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
def no_news(request, token):
    """The link in every gathered mail: GET shows, POST ends all news."""
    pk = read_no_news_token(token)
    if pk is None:
        raise Http404
    person = User.objects.filter(pk=pk).first()
    if person and request.method == "POST":
        choose_rhythm(person=person, rhythm=User.Rhythm.NEVER)
    context = {"is_done": request.method == "POST"}
    return render(request, "account/no_news.html", context)
