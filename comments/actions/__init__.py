from comments.actions.comments import (
    CommentRefused,
    RemovalRefused,
    VoteRefused,
    WithdrawalRefused,
    edit_comment,
    post_comment,
    remove_version,
    take_back_withdrawal,
    vote,
    withdraw_comment,
)
from comments.actions.decisions import (
    EditedMeanwhile,
    ModerationRefused,
    dismiss_reports,
    hide_comment,
    restore_comment,
    take_back_decision,
)

__all__ = [
    "CommentRefused",
    "EditedMeanwhile",
    "ModerationRefused",
    "RemovalRefused",
    "VoteRefused",
    "WithdrawalRefused",
    "dismiss_reports",
    "edit_comment",
    "hide_comment",
    "post_comment",
    "remove_version",
    "restore_comment",
    "take_back_decision",
    "take_back_withdrawal",
    "vote",
    "withdraw_comment",
]
