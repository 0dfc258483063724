from strategies.models.phases import (
    CLOSING_SOON,
    ENDS_TOO_EARLY,
    TAKE_BACK,
    Participation,
    Phase,
    PhaseEvent,
    PhaseEventQuerySet,
    PhaseQuerySet,
)
from strategies.models.strategies import (
    Goal,
    GoalQuerySet,
    GoalVersion,
    Milestone,
    MilestoneQuerySet,
    Strategy,
    StrategyQuerySet,
    is_public,
)
from strategies.models.subscriptions import (
    WORTH_CONFIRMING,
    Subscription,
    SubscriptionQuerySet,
)

__all__ = [
    "CLOSING_SOON",
    "ENDS_TOO_EARLY",
    "TAKE_BACK",
    "WORTH_CONFIRMING",
    "Goal",
    "GoalQuerySet",
    "GoalVersion",
    "Milestone",
    "MilestoneQuerySet",
    "Participation",
    "Phase",
    "PhaseEvent",
    "PhaseEventQuerySet",
    "PhaseQuerySet",
    "Strategy",
    "StrategyQuerySet",
    "Subscription",
    "SubscriptionQuerySet",
    "is_public",
]
