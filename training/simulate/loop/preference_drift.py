"""Simulate preference drift: which users change their taste, and how soon the feed follows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

DRIFT_STREAM: Final = 0x541F
RECOVERED: Final = 0.02
"""Users with drift have recovered when they are at most this much NDCG@10 further below the other
users than before the drift."""
Days = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Drift:
    """The users who change their taste, by seed, and the day before which they change."""

    before_day: int
    users: Mapping[int, Collection[int]]


def drifting_users(
    users: int, *, share: float, seed: int
) -> tuple[npt.NDArray[np.int64], np.random.Generator]:
    """Numbers of the users, the same for a seed, and the generator that draws their new tastes."""
    rng = np.random.default_rng((seed, DRIFT_STREAM))
    return rng.permutation(users)[: round(share * users)], rng


def recovery(
    by_seed: Mapping[int, Days], drift: Drift, *, ranking: str, days: int
) -> dict[str, Any]:
    """NDCG@10 of the users with drift below that of the others by day, and jobs until recovery.

    `recovered_after_jobs` is None where they have not recovered.
    """
    gap = [_gap(by_seed, drift, ranking, day) for day in range(days)]
    before = float(np.mean(gap[: drift.before_day])) if drift.before_day else 0.0
    recovered = [
        day - drift.before_day
        for day in range(drift.before_day, days)
        if gap[day] <= before + RECOVERED
    ]
    return {
        "before_day": drift.before_day,
        "gap": gap,
        "gap_before": before,
        "recovered_after_jobs": recovered[0] if recovered else None,
    }


def _gap(by_seed: Mapping[int, Days], drift: Drift, ranking: str, day: int) -> float:
    with_drift: list[float] = []
    others: list[float] = []
    for seed, days in by_seed.items():
        for user, value in days[day]["ndcg_by_user"][ranking].items():
            (with_drift if int(user) in drift.users[seed] else others).append(value)
    return float(np.mean(others) - np.mean(with_drift)) if with_drift and others else 0.0
