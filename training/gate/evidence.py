"""Hold the evidence on a challenger: which model is right on which pair of which user."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from shared.domain.element_weights import ElementWeights
from training.gate.nights.end_to_end import EndToEnd, end_to_end_as_json, end_to_end_from_json
from training.gate.off_policy.evidence import (
    OffPolicyEvidence,
    off_policy_from_json,
    off_policy_json,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Pair:
    """One pair of one user: right is 1, wrong 0, a tie 0.5.

    The controls are `user_blind`, the challenger without a profile, and `other_user`, the
    challenger with another user's profile; each is None on a pair that it was not measured on.
    The probabilities are those that a model gives to the image that the user preferred.
    """

    user: str
    champion: float
    challenger: float
    weight: float = 1.0
    """Clipped, self-normalized inverse propensity times the strength of the feedback."""
    user_blind: float | None = None
    other_user: float | None = None
    champion_probability: float | None = None
    challenger_probability: float | None = None
    release: float | None = None
    """The released model; on the benchmark only."""


CONTROLS = ("user_blind", "other_user")
OPTIONAL_COLUMNS = ("champion_probability", "challenger_probability", "release")
"""Columns that all pairs of a set have, or none of them."""


@dataclass(frozen=True)
class Control:
    """The challenger with a wrong profile, on some pairs of a set."""

    places: Ints
    """Indexes of these pairs in the set, ascending. (m,)"""
    right: Floats
    """(m,)"""

    def __post_init__(self) -> None:
        if self.places.shape != self.right.shape:
            raise ValueError(
                f"a control has {self.right.size} answers for {self.places.size} pairs"
            )
        if (np.diff(self.places) <= 0).any():
            raise ValueError("the pairs of a control must be in ascending order, each once")


@dataclass(frozen=True)
class PairSet:
    """Pairs as columns, and the controls on some of them."""

    users: Ints
    """The user of each pair, 0 .. users-1. (n,)"""
    weights: Floats
    champion: Floats
    challenger: Floats
    more: Mapping[str, Floats] = field(default_factory=dict)
    """The `OPTIONAL_COLUMNS` that are present. (n,) each."""
    controls: Mapping[str, Control] = field(default_factory=dict)
    """The `CONTROLS` that were measured."""

    def __post_init__(self) -> None:
        columns = {"weight": self.weights, "champion": self.champion, "challenger": self.challenger}
        columns |= self.more
        for name, column in columns.items():
            if column.shape != self.users.shape:
                raise ValueError(f"{name} has {column.size} values for {self.users.size} pairs")
        for name, control in self.controls.items():
            if ((control.places < 0) | (control.places >= self.pairs)).any():
                raise ValueError(f"the control {name} names a pair that is not in the set")
            columns[name] = control.right
        for name, column in columns.items():
            if not np.isfinite(column).all() or (column < 0).any():
                raise ValueError(f"{name} holds a value that is negative or not a number")
            if name != "weight" and (column > 1).any():
                raise ValueError(f"{name} holds a value above 1; right is 1, wrong 0")

    @property
    def pairs(self) -> int:
        return int(self.users.size)

    @property
    def user_count(self) -> int:
        return int(self.users.max()) + 1 if self.users.size else 0

    def controlled(self, name: str) -> "PairSet":
        """The pairs of one control, with its answers as one more column."""
        control = self.controls[name]
        at = control.places
        return PairSet(
            users=np.unique(self.users[at], return_inverse=True)[1].reshape(-1),
            weights=self.weights[at],
            champion=self.champion[at],
            challenger=self.challenger[at],
            more={name: control.right},
        )

    @classmethod
    def of(cls, pairs: Iterable[Pair]) -> "PairSet":
        rows = list(pairs)
        names = [row.user for row in rows]
        codes = np.unique(names, return_inverse=True)[1] if rows else np.empty(0)
        more, controls = {}, {}
        for name in (*OPTIONAL_COLUMNS, *CONTROLS):
            known = {n: v for n, row in enumerate(rows) if (v := getattr(row, name)) is not None}
            values = np.array(list(known.values()), np.float64)
            if known and name in CONTROLS:
                controls[name] = Control(np.array(list(known), np.int64), values)
            elif known and len(known) < len(rows):
                raise ValueError(f"some pairs have {name} and others do not; give all or none")
            elif known:
                more[name] = values
        return cls(
            users=np.asarray(codes, np.int64).reshape(-1),
            weights=np.array([row.weight for row in rows], np.float64),
            champion=np.array([row.champion for row in rows], np.float64),
            challenger=np.array([row.challenger for row in rows], np.float64),
            more=more,
            controls=controls,
        )


@dataclass(frozen=True)
class FormatCount:
    """How many answers were checked, and how many of them keep the format."""

    answers: int
    well_formed: int
    problems: Mapping[str, int] = field(default_factory=dict)
    """The most frequent problems, with the number of answers."""

    @property
    def share(self) -> float:
        return self.well_formed / self.answers if self.answers else 0.0

    @property
    def errors(self) -> int:
        return self.answers - self.well_formed


@dataclass(frozen=True)
class Evidence:
    """Everything by which the challenger of one training job is judged."""

    champion: str
    challenger: str
    held_out_users: PairSet
    """Pairs of users whose feedback is never trained on, with the stored profile of each slate."""
    later_days: PairSet
    """Pairs of training users, from days after those that are trained on."""
    benchmark: Mapping[str, PairSet]
    """The frozen simulated benchmark, by split."""
    order: PairSet
    """For each pair 1 where a model gives the same answer in both orders of the references."""
    champion_format: FormatCount
    challenger_format: FormatCount
    element_weights: Mapping[str, ElementWeights] = field(default_factory=dict)
    """Weights of the elements in the totals of `champion` and `challenger`, where recorded."""
    off_policy: OffPolicyEvidence | None = None
    """Logged slates that value the orders of the models; they decide nothing."""
    end_to_end: EndToEnd | None = None
    """The same users' later pairs with the profile that each model predicts; these decide. None in
    evidence that was written before them: then the pairs with stored profiles decide."""


def evidence_from_json(value: Mapping[str, Any]) -> Evidence:
    """Read what `as_json` writes; raises ValueError, KeyError or TypeError."""

    def pairs(rows: Iterable[Mapping[str, Any]]) -> PairSet:
        return PairSet.of(Pair(**row) for row in rows)

    return Evidence(
        champion=str(value["champion"]),
        challenger=str(value["challenger"]),
        held_out_users=pairs(value["held_out_users"]),
        later_days=pairs(value["later_days"]),
        benchmark={str(name): pairs(rows) for name, rows in value["benchmark"].items()},
        order=pairs(value["order"]),
        champion_format=FormatCount(**value["champion_format"]),
        challenger_format=FormatCount(**value["challenger_format"]),
        element_weights={
            str(model): ElementWeights.model_validate(weights)
            for model, weights in value.get("element_weights", {}).items()
        },
        off_policy=(off_policy_from_json(logged) if (logged := value.get("off_policy")) else None),
        end_to_end=(
            end_to_end_from_json(predicted) if (predicted := value.get("end_to_end")) else None
        ),
    )


def as_json(evidence: Evidence) -> dict[str, Any]:
    """Rows of plain values, as `evidence_from_json` reads them."""
    return {
        "champion": evidence.champion,
        "challenger": evidence.challenger,
        "held_out_users": _rows(evidence.held_out_users),
        "later_days": _rows(evidence.later_days),
        "benchmark": {name: _rows(pairs) for name, pairs in evidence.benchmark.items()},
        "order": _rows(evidence.order),
        "champion_format": vars(evidence.champion_format),
        "challenger_format": vars(evidence.challenger_format),
        "element_weights": {
            model: weights.model_dump() for model, weights in evidence.element_weights.items()
        },
        "end_to_end": end_to_end_as_json(evidence.end_to_end) if evidence.end_to_end else None,
        "off_policy": off_policy_json(evidence.off_policy) if evidence.off_policy else None,
    }


def _rows(pairs: PairSet) -> list[dict[str, Any]]:
    columns = {
        "user": [f"{code:08d}" for code in pairs.users],
        "weight": pairs.weights.tolist(),
        "champion": pairs.champion.tolist(),
        "challenger": pairs.challenger.tolist(),
        **{name: column.tolist() for name, column in pairs.more.items()},
    }
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    for name, control in pairs.controls.items():
        for place, right in zip(control.places.tolist(), control.right.tolist(), strict=True):
            rows[place][name] = right
    return rows
