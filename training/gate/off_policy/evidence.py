"""Hold the logged slates by which orders are valued, and how often users look at each rank."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from training.statistics.offpolicy.decisions import Floats

CHAMPION, CHALLENGER = "champion", "challenger"
BASELINES: Final = ("popularity", "image_vectors")
"""Orders without a vision-language model: clicks a view of other users, and a logistic model of
each user's references on image vectors."""


@dataclass(frozen=True)
class LoggedSlate:
    """One slate that was looked at; all columns in the order shown, (k,)."""

    user: str
    propensities: Floats
    """Of each image at its rank, as the feed names it."""
    explored: tuple[bool, ...]
    viewed: Floats
    clicked: Floats
    scores: Mapping[str, Floats]
    """By order: `champion`, `challenger`, and the `BASELINES` that were measured."""

    def __post_init__(self) -> None:
        columns = {
            "propensities": self.propensities, "viewed": self.viewed, "clicked": self.clicked,
            **self.scores,
        }  # fmt: skip
        for name, column in columns.items():
            if column.shape != (len(self.explored),) or not np.isfinite(column).all():
                raise ValueError(f"{name} of a logged slate has {column.size} usable values")
        if ((self.propensities <= 0) | (self.propensities > 1)).any():
            raise ValueError("a logged propensity is not above 0 and at most 1")


@dataclass(frozen=True)
class Looks:
    """How often slates reached each rank, of groups of training users. (groups, ranks) each"""

    shown: Floats
    viewed: Floats


@dataclass(frozen=True)
class Swaps:
    """Clicks on neighbors in random order that were both looked at, of each user. (users,) each"""

    upper: Floats
    """Clicks on the first of the two."""
    lower: Floats


@dataclass(frozen=True)
class OffPolicyEvidence:
    """What the lake shows about other orders; `problem` says why there is nothing."""

    held_out: tuple[LoggedSlate, ...] = ()
    """Slates of users whose clicks trained nothing; the values are of these."""
    others: tuple[LoggedSlate, ...] = ()
    """Slates of training users, on which the best baseline is chosen."""
    looks: Looks | None = None
    swaps: Swaps | None = None
    available: int = 0
    """Slates of held-out users that could be scored with enough time."""
    problem: str | None = None


def off_policy_json(evidence: OffPolicyEvidence) -> dict[str, Any]:
    """Plain values, as `off_policy_from_json` reads them."""
    looks, swaps = evidence.looks, evidence.swaps
    return {
        "problem": evidence.problem,
        "available": evidence.available,
        "looks": None if looks is None else _lists(shown=looks.shown, viewed=looks.viewed),
        "swaps": None if swaps is None else _lists(upper=swaps.upper, lower=swaps.lower),
        "held_out": [_slate_json(slate) for slate in evidence.held_out],
        "others": [_slate_json(slate) for slate in evidence.others],
    }


def off_policy_from_json(value: Mapping[str, Any]) -> OffPolicyEvidence:
    """Read what `off_policy_json` writes; raises ValueError, KeyError or TypeError."""
    looks, swaps = value["looks"], value["swaps"]
    return OffPolicyEvidence(
        held_out=tuple(map(_slate, value["held_out"])),
        others=tuple(map(_slate, value["others"])),
        looks=None if looks is None else Looks(_array(looks["shown"]), _array(looks["viewed"])),
        swaps=None if swaps is None else Swaps(_array(swaps["upper"]), _array(swaps["lower"])),
        available=int(value["available"]),
        problem=None if value["problem"] is None else str(value["problem"]),
    )


def _slate_json(slate: LoggedSlate) -> dict[str, Any]:
    return {
        "user": slate.user,
        "explored": list(slate.explored),
        **_lists(propensities=slate.propensities, viewed=slate.viewed, clicked=slate.clicked),
        "scores": {name: np.round(s, 6).tolist() for name, s in slate.scores.items()},
    }


def _slate(value: Mapping[str, Any]) -> LoggedSlate:
    return LoggedSlate(
        user=str(value["user"]),
        propensities=_array(value["propensities"]),
        explored=tuple(map(bool, value["explored"])),
        viewed=_array(value["viewed"]),
        clicked=_array(value["clicked"]),
        scores={str(name): _array(scores) for name, scores in value["scores"].items()},
    )


def _lists(**columns: Floats) -> dict[str, list[Any]]:
    return {name: column.tolist() for name, column in columns.items()}


def _array(values: Sequence[Any]) -> Floats:
    return np.asarray(values, np.float64)
