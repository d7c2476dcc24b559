"""Hold the answers of each model on the later pairs of held-out people, after its own prediction.

Each model predicts a person's taste from the same references, and ranks the pairs that came later.
Both models' scores are also totalled with the other's element weights, so that four arms tell the
adapter and the weights apart.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
CHAMPION, WEIGHTS_ALONE, ADAPTER_ALONE, CHALLENGER = (
    "champion", "weights_alone", "adapter_alone", "challenger",
)  # fmt: skip
ARMS: Final = (CHAMPION, WEIGHTS_ALONE, ADAPTER_ALONE, CHALLENGER)
"""The champion with its weights and with the challenger's; the challenger with the champion's
weights and with its own."""
TIE: Final = 1e-6
"""Totals are sums of float32 probabilities: a smaller difference is a tie."""


@dataclass(frozen=True)
class PredictedPairs:
    """Later pairs of held-out people, as columns."""

    users: Ints
    """The user of each pair, 0 .. users-1. (n,)"""
    weights: Floats
    """(n,)"""
    margins: Mapping[str, Floats]
    """For each of `ARMS` the total of the preferred image minus that of the other, -25 to 25.
    (n,)"""

    def __post_init__(self) -> None:
        if set(self.margins) != set(ARMS):
            raise ValueError(f"margins are given for {sorted(self.margins)}; {ARMS} are needed")
        for name, column in {"weight": self.weights, **self.margins}.items():
            if column.shape != self.users.shape:
                raise ValueError(f"{name} has {column.size} values for {self.users.size} pairs")
            if not np.isfinite(column).all():
                raise ValueError(f"{name} holds a value that is not a number")
        if (self.weights < 0).any():
            raise ValueError("a weight is negative")

    @property
    def pairs(self) -> int:
        return int(self.users.size)

    @property
    def user_count(self) -> int:
        return int(self.users.max()) + 1 if self.users.size else 0

    def right(self, arm: str) -> Floats:
        """1 where the arm ranks the preferred image first, 0.5 for a tie, else 0. (n,)"""
        margin = self.margins[arm]
        return np.where(np.abs(margin) < TIE, 0.5, (margin > 0).astype(float))

    @classmethod
    def of(cls, rows: Iterable[tuple[str, float, Mapping[str, float]]]) -> "PredictedPairs":
        """From the user, the weight and the four margins of each pair."""
        listed = list(rows)
        codes = np.unique([user for user, _, _ in listed], return_inverse=True)[1]
        return cls(
            users=np.asarray(codes if listed else [], np.int64).reshape(-1),
            weights=np.array([weight for _, weight, _ in listed], np.float64),
            margins={
                arm: np.array([margins[arm] for _, _, margins in listed], np.float64)
                for arm in ARMS
            },
        )


@dataclass(frozen=True)
class EarlierNight:
    """What an earlier night of the same candidate measured: one gain a person, without names."""

    job: str
    challenger: str
    pairs: int
    gains: tuple[float, ...]
    """Capped gain of each person, as `training.gate.nights.gains` defines it."""


@dataclass(frozen=True)
class EndToEnd:
    """This night's pairs, and the earlier nights on which the candidate was already judged."""

    pairs: PredictedPairs
    earlier: tuple[EarlierNight, ...] = field(default=())
    """Oldest first; all against the same champion."""
    until: int = 0
    """End of the feedback that these nights have used, microseconds since the epoch."""


def end_to_end_as_json(value: EndToEnd) -> dict[str, Any]:
    """Columns of plain values, as `end_to_end_from_json` reads them."""
    return {
        "users": value.pairs.users.tolist(),
        "weights": value.pairs.weights.tolist(),
        "margins": {arm: column.tolist() for arm, column in value.pairs.margins.items()},
        "earlier": [{**vars(night), "gains": list(night.gains)} for night in value.earlier],
        "until": value.until,
    }


def end_to_end_from_json(value: Mapping[str, Any]) -> EndToEnd:
    """Raises ValueError, KeyError or TypeError."""
    pairs = PredictedPairs(
        users=np.asarray(value["users"], np.int64),
        weights=np.asarray(value["weights"], np.float64),
        margins={
            str(arm): np.asarray(column, np.float64) for arm, column in value["margins"].items()
        },
    )
    earlier = tuple(
        EarlierNight(
            str(night["job"]), str(night["challenger"]), int(night["pairs"]),
            tuple(map(float, night["gains"])),
        )
        for night in value["earlier"]
    )  # fmt: skip
    return EndToEnd(pairs, earlier, int(value["until"]))
