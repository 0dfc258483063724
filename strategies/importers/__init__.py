"""Text, HTML or Word file of a strategy -> a plan that can be shown -> rows.

Each step stands in its own module: files (lines), plans (what they mean), rows.
"""

from pathlib import Path

from strategies.importers.files import ImportRefused, read_lines
from strategies.importers.plans import StrategyPlan, plan_of
from strategies.importers.rows import Saved, save_plan

__all__ = ["ImportRefused", "Saved", "StrategyPlan", "read_plan", "save_plan"]


def read_plan(path: Path) -> StrategyPlan:
    """The strategy in the file. Raise ``ImportRefused`` with a sentence and mostly a line."""
    return plan_of(read_lines(path))
