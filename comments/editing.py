"""Pages on which an author changes a comment, and everybody reads what it said before."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.adapter import VISIT
from comments.actions import CommentRefused, RemovalRefused, edit_comment, remove_version
from comments.differences import differences
from comments.forms import EditForm
from comments.models import LONGEST_DRAFT, Comment, CommentVersion
from comments.rules import may_edit, rules_to_agree_to
from comments.threads import prepare
from comments.waiting import back_to_door


@require_http_methods(["GET", "POST"])
def edit(request, pk):
    """Change one's own comment. Who is not signed in comes back to the changed words."""
    if not request.user.is_authenticated:
        return _to_the_door(request, pk)
    found = Comment.objects.published().select_related("phase__strategy", "goal__strategy")
    comment = get_object_or_404(found, pk=pk, author=request.user)
    phase = comment.open_phase()
    changed_rules = rules_to_agree_to(request.user)
    # The form asks whether they agree, so this alone does not stand in the way of writing.
    agrees = changed_rules and changed_rules.pk
    refused = may_edit(request.user, comment, phase, agrees_to=agrees)
    form = _form(request, comment)
    if request.method == "POST" and form.is_valid():
        try:
            edit_comment(comment=comment, by=request.user, **form.cleaned_data)
        except CommentRefused as error:
            refused = error.refusal
        else:
            request.session.pop("edit", None)
            messages.success(request, _("Your comment was changed."), extra_tags=comment.about)
            return redirect(comment)
    prepare([comment], request.user)
    context = {
        "comment": comment,
        "form": form,
        "may_edit": phase and not comment.is_gone,
        "refusal": refused,
        "changed_rules": changed_rules,
        "refused_text": form["text"].value() if form.is_bound else "",
        "leaves_version": comment.was_answered(),
    }
    status = 409 if refused and form.is_bound else 200
    return render(request, "comments/edit.html", context, status=status)


def _form(request, comment):
    words = {"text": comment.text, "label": comment.label}
    waiting = request.session.get("edit", {})
    if waiting.get("comment") == comment.pk:
        words = waiting["words"]
    return EditForm(request.POST or None, initial=words, strategy=comment.phase.strategy)


def _to_the_door(request, pk):
    get_object_or_404(Comment.objects.published(), pk=pk)
    place = reverse("edit", args=[pk])
    if request.method == "POST":
        words = {name: request.POST.get(name, "")[:LONGEST_DRAFT] for name in ("text", "label")}
        request.session["edit"] = {"comment": pk, "words": words}
        request.session.set_expiry(VISIT)
        return back_to_door(request, place)
    return redirect(reverse("account_login", query={"next": place}))


@require_safe
def versions(request, pk):
    """What a comment says and has said, newest first, with the difference in words."""
    found = Comment.objects.visible().select_related("author", "phase__strategy", "goal__strategy")
    comment = get_object_or_404(found, pk=pk)
    earlier = list(comment.versions.all())
    if not earlier:
        raise Http404
    prepare([comment], request.user if request.user.is_authenticated else None)
    stages = [*earlier, None]
    comment.pieces = _pieces(comment.text, earlier[0])
    for version, before in zip(earlier, stages[1:], strict=True):
        version.pieces = _pieces(version.text, before)
    return render(request, "comments/versions.html", {"comment": comment, "versions": earlier})


def _pieces(text, before):
    if not text or before is None or not before.text:
        return [("same", text)]
    return differences(before.text, text)


@login_required
@require_http_methods(["GET", "POST"])
def remove(request, pk, number):
    """Remove an earlier version of one's own comment."""
    if request.method == "GET":
        # They had to sign in on the way; the button is there.
        return redirect("versions", pk)
    published = Comment.objects.published().filter(author=request.user)
    version = get_object_or_404(CommentVersion, comment__in=published, comment=pk, number=number)
    try:
        remove_version(version=version, by=request.user)
    except RemovalRefused as refused:
        messages.error(request, refused.reason)
    else:
        messages.success(request, _("The earlier version was removed."))
    return redirect("versions", pk)
