"""The answers of a model for the items of one split, by either protocol."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from training.evaluation.benchmark.items import Item

Condition = Literal["own", "user_blind", "other_user"]
"""The references that the model gets: the user's own, or those of a control."""


@dataclass(frozen=True)
class Outcome:
    """How often the preferred image wins for one item, 0-1, by condition."""

    item: Item
    won: Mapping[Condition, float]
    answers: Mapping[str, object]
    """By condition, the answers as `answers.jsonl` keeps them."""


@dataclass
class Answers:
    """Outcomes of a split and what went wrong; filled while the split is evaluated."""

    outcomes: list[Outcome] = field(default_factory=list)
    failures: list[tuple[str, ...]] = field(default_factory=list)
    """Format failures of each counted answer; mostly none."""
    unanswered: int = 0
    """Answers without a readable choice (`score`: without one readable word of the profiles)."""
    left_out: Counter[str] = field(default_factory=Counter)
    same_in_both_orders: list[bool] = field(default_factory=list)
    agree_with_totals: list[bool] = field(default_factory=list)
