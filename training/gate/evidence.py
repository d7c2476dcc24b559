"""What the gate is given: who was asked, and who was right, pair by pair, model by model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from shared.domain.element_weights import ElementWeights

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Pair:
    """One pair of one user: right is 1, wrong 0, undecided 0.5.

    `blind` is the challenger without any taste, `another` the challenger with somebody else's: the
    two controls, None on a pair that they were not asked on. Probabilities are those that a model
    gave to the image that the user preferred.
    """

    user: str
    champion: float
    challenger: float
    weight: float = 1.0
    """Clipped, self-normalised inverse propensity times the strength of the action."""
    blind: float | None = None
    another: float | None = None
    champion_probability: float | None = None
    challenger_probability: float | None = None
    release: float | None = None
    """The model as it shipped; on the benchmark only."""


CONTROLS = ("blind", "another")
WHOLE = ("champion_probability", "challenger_probability", "release")
"""Columns that every pair of a set has, or none."""


@dataclass(frozen=True)
class Control:
    """How the challenger did with a wrong taste, on those pairs of a set that this was asked on."""

    places: Ints
    """Of these pairs in the set, ascending. (m,)"""
    right: Floats
    """(m,)"""

    def __post_init__(self) -> None:
        if self.places.shape != self.right.shape:
            raise ValueError(f"{self.right.size} answers of a control on {self.places.size} pairs")
        if (np.diff(self.places) <= 0).any():
            raise ValueError("a control's pairs are not in ascending order, each once")


@dataclass(frozen=True)
class PairSet:
    """Pairs as columns, and the controls that were asked on some of them."""

    users: Ints
    """The user of each pair, 0 .. users-1. (n,)"""
    weights: Floats
    champion: Floats
    challenger: Floats
    more: Mapping[str, Floats] = field(default_factory=dict)
    """Of `WHOLE`, those that were given. (n,) each."""
    controls: Mapping[str, Control] = field(default_factory=dict)
    """Of `CONTROLS`, those that were asked at all."""

    def __post_init__(self) -> None:
        columns = {"weight": self.weights, "champion": self.champion, "challenger": self.challenger}
        columns |= self.more
        for name, column in columns.items():
            if column.shape != self.users.shape:
                raise ValueError(f"{name} has {column.size} values for {self.users.size} pairs")
        for name, control in self.controls.items():
            if ((control.places < 0) | (control.places >= self.pairs)).any():
                raise ValueError(f"the control {name} was asked on a pair that is not in the set")
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
        """Only the pairs that this control was asked on, with its answers as one more column."""
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
        for name in (*WHOLE, *CONTROLS):
            told = {n: v for n, row in enumerate(rows) if (v := getattr(row, name)) is not None}
            values = np.array(list(told.values()), np.float64)
            if told and name in CONTROLS:
                controls[name] = Control(np.array(list(told), np.int64), values)
            elif told and len(told) < len(rows):
                raise ValueError(f"some pairs have {name} and others do not; give all or none")
            elif told:
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
class Form:
    """Answers looked at, and those that keep the format."""

    answers: int
    well_formed: int

    @property
    def share(self) -> float:
        return self.well_formed / self.answers if self.answers else 0.0


@dataclass(frozen=True)
class Evidence:
    """All that one night's challenger is judged by."""

    champion: str
    challenger: str
    held_out_users: PairSet
    """Pairs of users that no training saw: the feedback set."""
    later_days: PairSet
    """Pairs of known users from days after those trained on."""
    benchmark: Mapping[str, PairSet]
    """The frozen simulated benchmark, by split."""
    order: PairSet
    """For each pair 1 where a model gave the same answer in both orders."""
    champion_form: Form
    challenger_form: Form
    element_weights: Mapping[str, ElementWeights] = field(default_factory=dict)
    """How much each element counts to `champion` and `challenger`, where that was told."""


def evidence_from_json(value: Mapping[str, Any]) -> Evidence:
    """Read what `as_json` wrote, or another program; raises ValueError, KeyError or TypeError."""

    def pairs(rows: Iterable[Mapping[str, Any]]) -> PairSet:
        return PairSet.of(Pair(**row) for row in rows)

    return Evidence(
        champion=str(value["champion"]),
        challenger=str(value["challenger"]),
        held_out_users=pairs(value["held_out_users"]),
        later_days=pairs(value["later_days"]),
        benchmark={str(name): pairs(rows) for name, rows in value["benchmark"].items()},
        order=pairs(value["order"]),
        champion_form=Form(**value["champion_form"]),
        challenger_form=Form(**value["challenger_form"]),
        element_weights={
            str(model): ElementWeights.model_validate(weights)
            for model, weights in value.get("element_weights", {}).items()
        },
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
        "champion_form": vars(evidence.champion_form),
        "challenger_form": vars(evidence.challenger_form),
        "element_weights": {
            model: weights.model_dump() for model, weights in evidence.element_weights.items()
        },
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
