"""Pages of the account about what its owner wrote."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from comments import threads
from comments.models import Comment
from comments.waiting import place_of_text
from strategies.wording import day, named


@never_cache
@login_required
@require_safe
def comments(request):
    """What somebody wrote, newest first, and what became of each."""
    theirs = Comment.objects.filter(author=request.user)
    theirs = theirs.select_related("phase__strategy", "goal__strategy", "hidden_by", "author")
    page = Paginator(theirs, threads.PAGE_SIZE).get_page(request.GET.get("seite"))
    for comment in threads.prepare(page.object_list, request.user):
        place = comment.goal or comment.phase.strategy
        comment.said_on, comment.title = named(comment.phase.strategy, comment.goal), place.title
        comment.is_public = comment.phase.strategy.is_public
        comment.outcome = _outcome(comment)
    return render(request, "comments/own.html", {"page": page})


def _outcome(comment):
    if comment.placeholder:
        return comment.placeholder
    if not comment.is_public:
        return _("Nobody else can read it at present.")
    if answered := comment.phase.answered_at:
        return _("Answer of {day}").format(day=day(answered))
    return _("Not evaluated yet")


@never_cache
@login_required
@require_safe
def drafts(request):
    """What somebody has begun and not published, newest first."""
    theirs = request.user.drafts.select_related("strategy", "goal", "parent").order_by("-saved_at")
    theirs = list(theirs)
    for draft in theirs:
        place = draft.goal or draft.strategy
        draft.place, draft.title = named(draft.strategy, draft.goal), place.title
        draft.url = _place_of(draft)
    return render(request, "comments/drafts.html", {"drafts": theirs})


def _place_of(draft):
    """Where the text can be written on; empty while its strategy is not public."""
    if not draft.strategy.is_public:
        return ""
    return place_of_text(draft.strategy, draft.goal, draft.parent)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def discard(request, pk):
    """Throw a draft away; there is no second question, for there is no deed."""
    if request.method == "GET":
        # They had to sign in on the way; the button is there.
        return redirect("drafts")
    theirs = request.user.drafts.select_related("strategy", "goal", "parent")
    draft = get_object_or_404(theirs, pk=pk)
    here = _place_of(draft) if "from_place" in request.POST else ""
    draft.delete()
    messages.success(request, _("The draft is discarded."))
    return redirect(here or "drafts")
