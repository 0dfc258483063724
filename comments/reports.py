"""What happens to reports. Hiding a comment, which answers them too, is in ``actions``."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Prefetch
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actions import notify
from accounts.models import User
from comments import messages
from comments.models import Comment, Decision, Report
from comments.rulebook import rule_in_force
from comments.rules import Refusal, RefusedByRule, may_moderate, may_report
from strategies.models import TAKE_BACK
from strategies.wording import day_and_time

OPEN_REPORTS = Prefetch(
    "reports", Report.objects.open().select_related("reporter"), to_attr="open_reports"
)
"""Gives each comment its ``open_reports``: one query."""


class ReportRefused(RefusedByRule):
    pass


@transaction.atomic
def report_comment(
    *,
    comment: Comment,
    rule: str,
    words: str = "",
    reporter: User | None = None,
    name: str = "",
    email: str = "",
) -> Report:
    """Say that a comment breaks a rule or the law. ReportRefused: it may not be reported.

    The comment's row is held, so that no report is left over when it is hidden at the
    same time. A receipt goes to ``reporter`` or to ``email``, if there is one; the moderators
    hear of it unless the comment already waits for them.
    """
    comment = Comment.objects.select_for_update().get(pk=comment.pk)
    if reason := may_report(reporter, comment):
        raise ReportRefused(reason)
    who = {"reporter": reporter} if reporter else {"name": name, "email": email.lower()}
    cited = rule_in_force(rule)
    if cited is None:
        raise ReportRefused(Refusal("rule", _("Please choose what is wrong with the comment.")))
    waits_already = comment.reports.open().exists()
    report = Report.objects.create(
        comment=comment,
        rule=cited.number,
        rule_words=cited.words,
        words=words,
        **who,
    )
    notify(
        **_reporters([report]),
        key=report.about,
        about=report.about,
        subject=messages.reported_subject(comment),
        body=messages.reported(report),
    )
    if not waits_already:
        _tell_moderators(report)
    return report


def _tell_moderators(report: Report) -> None:
    staff = User.objects.staff().exclude(pk=report.reporter_id)
    notify(
        recipients=[person for person in staff if not may_moderate(person)],
        key=f"{report.about}:moderators",
        about=report.about,
        subject=messages.to_decide_subject(report),
        body=messages.to_decide(report),
    )


def answer_reports(*, comment: Comment, decision: Decision) -> None:
    """Let ``decision`` answer the open reports and tell who reported, in ten minutes.

    Call it in the transaction of the decision, which holds the comment.
    """
    reports = list(comment.reports.open().select_related("reporter"))
    if not reports:
        return
    Report.objects.filter(pk__in=[report.pk for report in reports]).update(decision=decision)
    notify(
        **_reporters(reports, but=decision.decided_by_id),
        key=f"{decision.about}:reports",
        about=decision.about,
        subject=messages.report_answered_subject(comment),
        body=messages.report_answered(comment, decision),
        send_at=Now() + TAKE_BACK,
    )


def tell_reporters_shown_again(*, hiding: Decision, decision: Decision) -> None:
    """Whoever heard that ``hiding`` answered their report hears of its end, in ten minutes."""
    comment = hiding.comment
    notify(
        **_reporters(hiding.reports.select_related("reporter"), but=decision.decided_by_id),
        key=f"{decision.about}:reports",
        about=decision.about,
        subject=messages.shown_again_subject(comment),
        body=messages.shown_again(comment),
        send_at=Now() + TAKE_BACK,
    )


def reopen_reports(*, decision: Decision) -> None:
    """Let reports wait for another answer; nobody may have been told of this one."""
    decision.reports.update(decision=None)


def in_words(reports: list[Report]) -> str:
    """„2 Meldungen: Regel 1 (…), Regel 3 (…)“"""
    words = ngettext("{number} report: {rules}", "{number} reports: {rules}", len(reports))
    rules = dict.fromkeys(report.reason for report in reports)
    return words.format(number=len(reports), rules=", ".join(rules))


def report_in_words(report: Report) -> str:
    """„22. Mai 2026, 9:12 Uhr · Regel 3 (…) · Erna Elbe · …“, for moderators only."""
    who = str(report.reporter) if report.reporter else report.name
    parts = [day_and_time(report.reported_at), report.reason, who or _("without name")]
    return " · ".join(filter(None, [*parts, report.words]))


def _reporters(reports: Iterable[Report], but: int | None = None) -> dict[str, Any]:
    # One message for each of them, however often they reported; none of one's own deed.
    reports = list(reports)
    people = {report.reporter_id: report.reporter for report in reports if report.reporter}
    people.pop(but, None)
    return {
        "recipients": list(people.values()),
        "addresses": sorted({report.email for report in reports if report.email}),
    }
