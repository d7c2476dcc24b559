"""What came back for the items of one split, whoever was asked and however."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeVar

from training.evaluation.benchmark.items import Item

Whose = Literal["own", "user_blind", "other_user"]
"""Whose references the model saw: the user's, nobody's, or another user's."""
CONTROLS: Final[tuple[Whose, Whose]] = ("user_blind", "other_user")
ValueT = TypeVar("ValueT")


@dataclass(frozen=True)
class Outcome:
    """How often the preferred image won for one item, 0-1, by whose references were shown."""

    item: Item
    won: Mapping[Whose, float]
    told: Mapping[str, object]
    """What `answers.jsonl` keeps of it."""


@dataclass
class Answers:
    """Filled while a split is asked."""

    outcomes: list[Outcome] = field(default_factory=list)
    failures: list[tuple[str, ...]] = field(default_factory=list)
    """Of each answer that counts: what was wrong with its format, mostly nothing."""
    unanswered: int = 0
    """Answers in which not even the choice, or any word of a taste, could be read."""
    left_out: Counter[str] = field(default_factory=Counter)
    same_in_both_orders: list[bool] = field(default_factory=list)
    agree_with_totals: list[bool] = field(default_factory=list)


def users_of(items: Sequence[Item]) -> dict[str, Item]:
    """One item of each user, which has their references."""
    return {item.user: item for item in reversed(items)}


def somebody_else(users: Sequence[str], *, seed: int) -> dict[str, str]:
    """For each user another one, none of them twice; empty when there is nobody else."""
    shuffled = list(users)
    random.Random(seed).shuffle(shuffled)
    after = [*shuffled[1:], *shuffled[:1]]
    return dict(zip(shuffled, after, strict=True)) if len(shuffled) > 1 else {}


def in_parts(values: Sequence[ValueT], size: int) -> list[Sequence[ValueT]]:
    return [values[at : at + size] for at in range(0, len(values), size)]
