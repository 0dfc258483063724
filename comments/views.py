from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponseBadRequest, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from accounts.adapter import DOOR
from accounts.numbers import row_number
from comments import actions, threads
from comments.actions import (
    CommentRefused,
    VoteRefused,
    WithdrawalRefused,
    take_back_withdrawal,
    withdraw_comment,
)
from comments.arrangement import Arrangement
from comments.drafts import discard_draft
from comments.forms import CommentForm, VisitorCommentForm
from comments.markup import Onlooker, Told, markup
from comments.models import LONGEST_DRAFT, MAX_LENGTH, Comment, Opinion, about_comment
from comments.rules import (
    closed,
    may_take_back_withdrawal,
    may_vote,
    may_withdraw,
    refusal,
    rules_to_agree_to,
)
from comments.waiting import (
    CAME_WITH_CODE,
    ask_for_code,
    back_to_door,
    code_under_way,
    in_last_hour,
    keep,
    place_of_text,
    publish,
    waiting_text,
)
from strategies.models import Goal, Strategy
from strategies.wording import timing

OPINIONS = {"ja": Opinion.AGREE, "nein": Opinion.DISAGREE, "keine": None}
"""What the buttons of a comment send."""


@require_http_methods(["GET", "POST"])
def goal(request, slug, number):
    """A goal, what people said about it, and the form to add to it."""
    published = Goal.objects.published().with_history().select_related("strategy")
    goals = list(published.filter(strategy__slug=slug))
    found = next((goal for goal in goals if goal.number == number), None)
    if found is None:
        raise Http404
    return _discussion(request, found.strategy, found, goals)


@require_http_methods(["GET", "POST"])
def whole(request, slug):
    """What people said about a strategy as a whole."""
    strategy = get_object_or_404(Strategy.objects.published(), slug=slug)
    return _discussion(request, strategy, None, list(strategy.goals.all()))


def _discussion(request, strategy, goal, goals):
    refused = None
    if request.method == "POST":
        # Whoever is no longer signed in is led to the door, and the text is kept there.
        saves = "save" in request.POST and request.user.is_authenticated
        most = LONGEST_DRAFT if saves else MAX_LENGTH
        form = _form(request)(request.POST, strategy=strategy, goal=goal, most=most)
        if form.is_valid():
            if saves:
                return _save(request, strategy, goal, form.cleaned_data)
            try:
                return _post(request, strategy, goal, form.cleaned_data)
            except CommentRefused as error:
                refused = error.refusal
    else:
        initial = waiting_text(request, strategy, goal) | request.session.get(DOOR, {})
        form = _form(request)(initial=initial, strategy=strategy, goal=goal)
    return _page(request, strategy, goal, goals, form, refused)


def _form(request):
    # Whose session has ended was shown no fields for name and address.
    is_known = request.user.is_authenticated or "signed_in" in request.POST
    return CommentForm if is_known else VisitorCommentForm


def _post(request, strategy, goal, said):
    """Publish and lead to the comment; without sign-in or name keep the text and go on."""
    if request.user.is_authenticated and request.user.public_name:
        return publish(request, strategy, goal, said)
    if not request.user.is_authenticated and not strategy.phases.open().exists():
        raise CommentRefused(closed(strategy))
    draft = keep(request, strategy, goal, said)
    place = place_of_text(strategy, goal, said["parent"])
    if request.user.is_authenticated:
        messages.info(
            request, _("Your text is kept. Please choose a name, then you can publish it.")
        )
        return redirect(reverse("choose_name", query={"next": place}))
    if request.POST.get("signed_in"):
        return back_to_door(request, place)
    return ask_for_code(request, draft)


def _save(request, strategy, goal, said):
    """Keep the text for later; nothing is published."""
    keep(request, strategy, goal, said)
    token, parent = request.session.get("draft", ""), said["parent"]
    discard_draft(token=token, strategy=strategy, goal=goal, parent=parent)
    messages.success(
        request, _("Your draft is saved. Nobody else sees it. It is kept for 30 days.")
    )
    return redirect(place_of_text(strategy, goal, parent))


def _page(request, strategy, goal, goals, form, refused):
    phases = list(strategy.phases.described())
    place = Comment.objects.discussion(strategy.pk, goal.pk if goal else None)
    viewer = request.user if request.user.is_authenticated else None
    phase = next((phase for phase in phases if phase.is_open), None)
    reply_to = _answered(place, form["parent"].value() or request.GET.get("antwort"))
    counts = threads.counts(place)
    arrangement = Arrangement.wanted(request.GET, counts.labels, counts.badges)
    page = _thread_page(request, arrangement, place, counts, reply_to, viewer)
    if reply_to and all(top.id != reply_to.pk for top, _replies in page.object_list):
        # In that order it has moved to another page: in the usual one its page is known.
        arrangement = Arrangement()
        page = _thread_page(request, arrangement, place, counts, reply_to, viewer)
    told, told_here = _told(request, page.object_list)
    onlooker = Onlooker.of(viewer, strategy, phase, request.GET.get("neu"), told)
    changed_rules = rules_to_agree_to(viewer) if viewer else None
    typed = form["text"].value() or ""
    if refused is None and typed and not phase:
        # There is no form any more that could show what is wrong with it.
        refused = closed(strategy)
    if refused is None and viewer and viewer.public_name and phase:
        # The form asks whether they agree, so this alone does not stand in the way of writing.
        refused = refusal(viewer, strategy, phase, agrees_to=changed_rules and changed_rules.pk)
    posted = _posted(onlooker, page.object_list)
    view = arrangement.query_of(page.number)
    # In the usual order a comment is found by itself, and threads are remembered for all pages.
    way = view if arrangement.query else ""
    context = {
        "strategy": strategy,
        "goal": goal,
        "goals": goals,
        **_neighbours(goals, goal),
        "earlier": list(goal.versions.all()) if goal and goal.is_revised else [],
        "time": timing(strategy, phases),
        "phase": phase,
        "form": form if phase else None,
        "hint": _hint(viewer, phase),
        "refusal": refused,
        "changed_rules": changed_rules,
        # Also what waited here while commenting ended.
        "refused_text": typed,
        "under_way": code_under_way(request) if form.initial.get("text") else None,
        "reply_to": reply_to if phase else None,
        "told_here": told_here,
        "posted": posted,
        "sign_out_below": posted
        and CAME_WITH_CODE in request.session
        and (posted.parent_id or posted.id),
        "page": page,
        "threads": markup(page.object_list, onlooker, reply_to, way),
        "view": view,
        "arrangement": arrangement,
        "counts": counts,
        "heading": arrangement.heading(
            page.paginator.count if arrangement.is_filtered else counts.count, page
        ),
        "orders": arrangement.orders(),
        "labels": arrangement.labels(counts.labels) if counts.labels else [],
        "badges": arrangement.badges(counts.badges) if counts.badges else [],
    }
    template = "comments/discussion.html"
    return render(request, template, context, status=409 if refused and form.is_bound else 200)


def _thread_page(request, arrangement, place, counts, reply_to, viewer):
    tops = arrangement.of(place)
    number_of_threads = tops.count() if arrangement.is_filtered else counts.threads
    paginator = Paginator(range(number_of_threads), threads.PAGE_SIZE)
    is_found = reply_to and not arrangement.query
    wanted = threads.page_number(reply_to) if is_found else request.GET.get("seite")
    page = paginator.get_page(wanted)
    page.object_list = threads.threads(tops, page.number, viewer)
    return page


def _answered(place, number):
    """The comment that a reply is being written to."""
    number = row_number(str(number))
    if number is None:
        return None
    found = place.readable().filter(pk=number, parent=None)
    return found.select_related("phase", "author").first()


def _posted(onlooker, shown):
    """The viewer's comment that was published just now: it bears the confirmation."""
    return next((row for row in _rows(shown) if onlooker.has_just_posted(row)), None)


def _told(request, shown):
    """What is to be said of a comment on this page, which a message names in its tags; and the
    other messages, which are said at the form."""
    said = list(messages.get_messages(request))
    for message in said:
        for row in _rows(shown):
            if message.extra_tags == about_comment(row.id):
                others = [other for other in said if other is not message]
                return Told(row.id, message.level_tag, str(message)), others
    return None, said


def _rows(shown):
    return (row for top, replies in shown for row in (top, *replies))


def _neighbours(goals, goal):
    if goal is None:
        return {"previous": None, "next": goals[0] if goals else None}
    position = goals.index(goal)
    return {
        "previous": goals[position - 1] if position else None,
        "next": goals[position + 1] if position + 1 < len(goals) else None,
    }


def _hint(viewer, phase):
    """What to know before writing: how much, under which name, and how long still."""
    most = number_format(MAX_LENGTH, force_grouping=True)
    parts = [_("At most {number} characters.").format(number=most)]
    if viewer and viewer.public_name:
        parts.append(_("Appears in public as {name}.").format(name=viewer.public_name))
    elif viewer:
        parts.append(
            _(
                "Next, you choose the name that stands beside your comment. An invented name is"
                " allowed."
            )
        )
    elif phase:
        parts.append(in_last_hour(phase))
    return " ".join(filter(None, parts))


@require_safe
def comment(request, pk):
    """Where a comment stands: its permanent number leads to page and anchor."""
    comment = get_object_or_404(
        Comment.objects.published().select_related("phase__strategy", "goal", "parent__phase"),
        pk=pk,
    )
    query = {}
    if (number := threads.page_number(comment)) > 1:
        query["seite"] = number
    if "neu" in request.GET:
        query["neu"] = pk
    return _to_its_place(comment, query)


def _to_its_place(comment, query):
    anchor = f"kommentar-{comment.pk}"
    strategy = comment.phase.strategy
    return redirect(threads.page_of(strategy, comment.goal, query=query, fragment=anchor))


@require_POST
def vote(request, pk):
    """Agree or disagree, or take that back. Who is not signed in comes back to the comment."""
    published = Comment.objects.published().select_related("phase__strategy", "goal")
    comment = get_object_or_404(published, pk=pk)
    opinion, version = request.POST.get("stimme"), row_number(request.GET.get("fassung", "1"))
    if opinion not in OPINIONS or version is None:
        return HttpResponseBadRequest()
    refused = None
    try:
        if not request.user.is_authenticated:
            return _to_the_door(request, comment)
        actions.vote(
            comment=comment, person=request.user, opinion=OPINIONS[opinion], version=version
        )
    except VoteRefused as error:
        refused = error.refusal
    if request.htmx:
        return _votes(request, comment, refused)
    if refused:
        messages.error(request, refused.sentence, extra_tags=comment.about)
    # Back to the same order and page.
    seen = QueryDict(request.POST.get("ansicht", ""))
    seen = {name: seen[name] for name in ("sortierung", "art", "von", "seite") if name in seen}
    return _to_its_place(comment, seen) if seen else redirect(comment)


def _votes(request, comment, refused):
    """What stands in the place of the buttons that were pressed."""
    viewer = request.user if request.user.is_authenticated else None
    found = Comment.objects.filter(pk=comment.pk).select_related("phase__strategy", "hidden_by")
    comment = found.with_opinion_of(viewer).get()
    shown = Onlooker.of(viewer, comment.phase.strategy, comment.open_phase()).sees(comment)
    return render(request, "comments/votes.html", {"comment": shown, "refusal": refused})


def _to_the_door(request, comment):
    if reason := may_vote(None, comment, comment.phase.strategy, comment.open_phase()):
        raise VoteRefused(reason)
    sentence = _("Please sign in to vote. Your vote does not count yet; please give it again then.")
    messages.info(request, sentence)
    door = reverse("account_login", query={"next": comment.get_absolute_url()})
    return HttpResponseClientRedirect(door) if request.htmx else redirect(door)


@login_required
@require_http_methods(["GET", "POST"])
def withdraw(request, pk):
    """Say what withdrawing means, and do it; also while nobody else can read the comment."""
    comment = get_object_or_404(
        Comment.objects.select_related("phase__strategy", "goal", "hidden_by"),
        pk=pk,
        author=request.user,
    )
    place = comment.get_absolute_url()
    if not comment.phase.strategy.is_public:
        place = reverse("own_comments")
    reason = may_withdraw(request.user, comment)
    if request.method == "POST":
        try:
            withdraw_comment(comment=comment, by=request.user)
        except WithdrawalRefused as refused:
            reason = refused.reason
        else:
            messages.success(request, _("Your comment was withdrawn."), extra_tags=comment.about)
            return redirect(place)
    threads.prepare([comment], request.user)
    phase = comment.open_phase()
    context = {
        "comment": comment,
        "place": place,
        "refusal": reason,
        "may_take_back": not may_take_back_withdrawal(request.user, comment, phase),
        "can_come_back": phase is not None and not comment.hidden_by_id,
    }
    status = 409 if reason and request.method == "POST" else 200
    return render(request, "comments/withdraw.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def show_again(request, pk):
    """Take a withdrawal back."""
    if request.method == "GET":
        # They had to sign in on the way; the button is there.
        return redirect("withdraw", pk)
    comment = get_object_or_404(Comment.objects.published(), pk=pk, author=request.user)
    try:
        take_back_withdrawal(comment=comment, by=request.user)
    except WithdrawalRefused as refused:
        messages.error(request, refused.reason, extra_tags=comment.about)
    else:
        messages.success(request, _("Your comment is shown again."), extra_tags=comment.about)
    return redirect(comment)


@require_safe
def paper(request, slug):
    """A strategy with all that was said about it, to print."""
    strategy = get_object_or_404(Strategy.objects.published(), slug=slug)
    phases = list(strategy.phases.described())
    goals = list(strategy.goals.all())
    said = Comment.objects.filter(phase__strategy=strategy).order_by("posted_at", "pk")
    comments = threads.prepare(said.select_related("author", "hidden_by"))
    of_goal = {}
    for comment in comments:
        of_goal.setdefault(comment.goal_id, []).append(comment)
    for goal in goals:
        goal.threads = threads.on_paper(of_goal.get(goal.pk, []))
    context = {
        "strategy": strategy,
        "goals": goals,
        "threads": threads.on_paper(of_goal.get(None, [])),
        "time": timing(strategy, phases, remaining=False),
    }
    return render(request, "strategies/print.html", context)
