"""Pages on which people take their data along, or delete their account."""

from django import forms
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.forms import posted
from accounts.proof import fresh_sign_in_required
from comments.models import Comment, CommentVersion
from lenzen.personal_data import ErasureRefused, as_zip, erase, refusal


class ErasureForm(forms.Form):
    """What becomes of the comments when their author's account is deleted."""

    comments = forms.ChoiceField(
        label=gettext_lazy("What is to become of your comments?"),
        choices=[
            ("keep", gettext_lazy("They stay. Instead of your name it says “Deleted account”.")),
            (
                "withdraw",
                gettext_lazy("They are withdrawn. Your words are deleted and cannot come back."),
            ),
        ],
        initial="keep",
        widget=forms.RadioSelect,
    )


@never_cache
@fresh_sign_in_required("my_data")
@require_safe
def my_data(request):
    """What can be taken along, and the way to delete everything."""
    return render(request, "account/my_data.html")


@never_cache
@fresh_sign_in_required("my_data")
@require_safe
def download(request):
    """Everything about whoever is signed in, as one file."""
    name = _("my-data-{day}.zip").format(day=timezone.localdate().isoformat())
    return HttpResponse(
        as_zip(request.user),
        headers={
            "Content-Type": "application/zip",
            "Content-Disposition": f'attachment; filename="{name}"',
        },
    )


@never_cache
@fresh_sign_in_required("delete_account")
@require_http_methods(["GET", "POST"])
def delete_account(request):
    """Say what deleting means, and do it."""
    form = ErasureForm(posted(request))
    reason = refusal(request.user)
    if form.is_valid() and not reason:
        try:
            erase(request.user, withdraw=form.cleaned_data["comments"] == "withdraw")
        except ErasureRefused as refused:
            reason = refused.reason
        else:
            logout(request)
            return redirect("account_deleted")
    readable = Comment.objects.visible().filter(author=request.user)
    versions = CommentVersion.objects.filter(comment__in=readable, removed_at=None)
    with_versions = versions.order_by("comment").values_list("comment", flat=True).distinct()
    context = {"form": form, "reason": reason, "with_versions": with_versions}
    status = 409 if reason and request.method == "POST" else 200
    return render(request, "account/delete.html", context, status=status)


@require_safe
def account_deleted(request):
    return render(request, "account/deleted.html")
