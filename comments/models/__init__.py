from comments.models.comments import (
    MAX_LENGTH,
    READABLE,
    Comment,
    CommentQuerySet,
    CommentVersion,
    Label,
    Opinion,
    Vote,
    about_comment,
)
from comments.models.decisions import Decision, Report, ReportQuerySet
from comments.models.drafts import LONGEST_DRAFT, Draft

__all__ = [
    "LONGEST_DRAFT",
    "MAX_LENGTH",
    "READABLE",
    "Comment",
    "CommentQuerySet",
    "CommentVersion",
    "Decision",
    "Draft",
    "Label",
    "Opinion",
    "Report",
    "ReportQuerySet",
    "Vote",
    "about_comment",
]
