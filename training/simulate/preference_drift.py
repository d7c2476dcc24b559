"""A change of heart in the middle: whose taste changes, and how soon the feed follows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

SHIFT_STREAM: Final = 0x541F
NEAR: Final = 0.02
"""NDCG@10 by which those who changed may stand further below the others than they did before, and
count as followed."""
Days = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Shift:
    """Who changes, by seed, and before which day."""

    before_day: int
    people: Mapping[int, Collection[int]]


def who_changes(
    people: int, *, share: float, seed: int
) -> tuple[npt.NDArray[np.int64], np.random.Generator]:
    """The same people for a seed, whenever it is asked; and the chance that their new tastes are
    drawn by."""
    rng = np.random.default_rng((seed, SHIFT_STREAM))
    return rng.permutation(people)[: round(share * people)], rng


def followed(by_seed: Mapping[int, Days], shift: Shift, *, arm: str, days: int) -> dict[str, Any]:
    """By day how far the changed stand below the others in NDCG@10, and after how many nights they
    were followed; None where they were not."""
    below = [_below(by_seed, shift, arm, day) for day in range(days)]
    before = float(np.mean(below[: shift.before_day])) if shift.before_day else 0.0
    nights = [
        day - shift.before_day
        for day in range(shift.before_day, days)
        if below[day] <= before + NEAR
    ]
    return {
        "before_day": shift.before_day,
        "below_the_others": below,
        "before": before,
        "followed_after_nights": nights[0] if nights else None,
    }


def _below(by_seed: Mapping[int, Days], shift: Shift, arm: str, day: int) -> float:
    changed: list[float] = []
    others: list[float] = []
    for seed, found in by_seed.items():
        for person, value in found[day]["ndcg_by_person"][arm].items():
            (changed if int(person) in shift.people[seed] else others).append(value)
    return float(np.mean(others) - np.mean(changed)) if changed and others else 0.0
