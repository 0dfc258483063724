"""The page on which readers report a comment, with or without an account."""

from allauth.core import ratelimit
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.forms import posted
from comments.forms import ReportForm, VisitorReportForm
from comments.models import Comment
from comments.reports import ReportRefused, report_comment
from comments.rules import Refusal, may_report, too_many_reports
from comments.threads import prepare


@never_cache
@require_http_methods(["GET", "POST"])
def report(request, pk):
    """Say that a comment breaks a rule or the law."""
    found = Comment.objects.published().select_related("phase__strategy", "goal__strategy")
    comment = get_object_or_404(found.select_related("author", "hidden_by"), pk=pk)
    person = request.user if request.user.is_authenticated else None
    form_class = ReportForm if person else VisitorReportForm
    form = form_class(posted(request))
    has_arrived = request.method == "GET" and "angekommen" in request.GET
    refused = None
    if person is None and "signed_in" in request.POST:
        # They were shown no fields for name and address.
        refused = _signed_out()
    elif form.is_valid():
        try:
            return _report(request, comment, person, form.cleaned_data)
        except ReportRefused as error:
            refused = error.refusal
    elif not form.is_bound and not has_arrived:
        refused = may_report(person, comment)
    prepare([comment], person)
    context = {"comment": comment, "form": form, "refusal": refused, "has_arrived": has_arrived}
    status = 409 if refused and form.is_bound else 200
    return render(request, "comments/report.html", context, status=status)


def _signed_out():
    sentence = _(
        "You are no longer signed in. Your report is still there. If you wish to hear what comes"
        " of it, please give your e-mail address. Then send it once more."
    )
    return Refusal("signed_out", sentence)


def _report(request, comment, person, said):
    # Those who are signed in are counted by person, by the rule.
    if person is None and not may_still_report(request, "report", said["email"]):
        raise ReportRefused(too_many_reports(comment.phase.strategy))
    report_comment(comment=comment, reporter=person, **said)
    return redirect(f"{request.path}?angekommen")


def may_still_report(request, what, address):
    """Whether their network, and the address that a receipt would go to, may report more.

    ``what`` is a ``report`` of a comment or a ``barrier``.
    """
    if address and not ratelimit.consume(request, action=f"receipt_of_{what}", key=address):
        return False
    return bool(ratelimit.consume(request, action=what))
