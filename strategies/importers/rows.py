"""A plan -> rows, as a draft. Every rule stands where it always stands; here they are asked."""

from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Model
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from strategies.actions import StrategyRefused, revise_goal
from strategies.addresses import free_slug
from strategies.importers.files import ImportRefused
from strategies.importers.plans import GoalPlan, PhasePlan, StrategyPlan
from strategies.models import Goal, Phase, Strategy
from strategies.wording import overlap_named


@dataclass
class Saved:
    """What became of a plan: what changed, and what stays although the file says otherwise."""

    strategy: Strategy
    is_new: bool
    changes: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


@transaction.atomic
def save_plan(
    *, plan: StrategyPlan, reason: str = "", next_steps: str = "", contact: str = ""
) -> Saved:
    """Save the plan as a draft, or update the strategy with its number. ``ImportRefused``:
    the database would not take it.

    Goals that people commented on change only with a public ``reason``; without one
    they stay, as does a phase that has opened. Nothing is removed.
    """
    strategy = Strategy.objects.select_for_update().filter(number=plan.number).first()
    saved = Saved(strategy or Strategy(number=plan.number), is_new=strategy is None)
    _save_strategy(saved, plan, next_steps, contact)
    goals = {goal.number: goal for goal in saved.strategy.goals.all()}
    for goal_plan in plan.goals:
        _save_goal(saved, goals.pop(goal_plan.number, None), goal_plan, reason)
    for goal in goals.values():
        saved.kept.append(_("{goal} is not in the file and stays.").format(goal=goal))
    if plan.phase and plan.phase.has_dates:
        _save_phase(saved, plan.phase)
    return saved


def _save_strategy(saved: Saved, plan: StrategyPlan, next_steps: str, contact: str) -> None:
    strategy = saved.strategy
    if saved.is_new:
        strategy.slug = free_slug(title=plan.title, number=plan.number)
    given = {
        "title": plan.title,
        "introduction": plan.introduction,
        "next_steps": next_steps,
        "contact": contact,
    }
    changes = _changes(strategy, {name: value for name, value in given.items() if value})
    if changes or saved.is_new:
        _save(strategy)
    saved.changes += [_("Changed: {field}.").format(field=field) for field in changes]


def _save_goal(saved: Saved, goal: Goal | None, plan: GoalPlan, reason: str) -> None:
    if goal is None:
        goal = Goal(strategy=saved.strategy, number=plan.number, title=plan.title, text=plan.text)
        _save(goal)
        saved.changes.append(_("New: {goal}.").format(goal=goal))
        return
    try:
        changed = revise_goal(goal=goal, title=plan.title, text=plan.text, reason=reason, by=None)
    except StrategyRefused:
        saved.kept.append(_("{goal} has comments and stays; --force changes it.").format(goal=goal))
    else:
        if changed:
            saved.changes.append(_("Changed: {goal}.").format(goal=goal))


def _save_phase(saved: Saved, plan: PhasePlan) -> None:
    phase = _phase_meant(saved.strategy, plan)
    is_new = phase is None
    if is_new:
        phase = Phase(strategy=saved.strategy)
    given = {"title": plan.title, "opens_at": plan.opens_at, "closes_at": plan.closes_at}
    if plan.description:
        given["description"] = plan.description
    changes = _changes(phase, given)
    if is_new or (changes and phase.opens_at_before > phase.now):
        _save(phase)
        sentence = _("New: {phase}.") if is_new else _("Changed: {phase}.")
        saved.changes.append(sentence.format(phase=phase))
    elif changes:
        saved.kept.append(_("{phase} has opened and stays.").format(phase=phase))


def _phase_meant(strategy: Strategy, plan: PhasePlan) -> Phase | None:
    """The phase that the plan tells of: one at that time, or one to come of that name."""
    phases = strategy.phases.select_for_update().clocked().annotate(opens_at_before=F("opens_at"))
    at_that_time = phases.filter(opens_at__lt=plan.closes_at, closes_at__gt=plan.opens_at)
    to_come = phases.filter(title=plan.title, opens_at__gt=Now())
    return at_that_time.first() or to_come.first()


def _changes(row: Model, given: dict[str, object]) -> list[str]:
    """Set the fields; return the names of those that are different now, as people call them."""
    changed = []
    for name, value in given.items():
        field = row._meta.get_field(name)
        value = field.to_python(value)
        # Both, for rich text has one form since some rows were saved.
        if field.to_python(getattr(row, name)) != value:
            setattr(row, name, value)
            changed.append(str(field.verbose_name))
    return changed


def _save(row: Model) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        raise ImportRefused(f"{row}: {' '.join(overlap_named(error).messages)}") from error
    row.save()
