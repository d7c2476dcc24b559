"""Measure everything the decision and the report need, and decide nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.domain.element_weights import ElementWeights
from training.gate.evidence import Evidence, Form, PairSet
from training.gate.rules import Rules
from training.gate.user_weights import intervals, sum_by_user
from training.statistics.calibration import Calibration, calibration
from training.statistics.interval import TAIL, Interval
from training.statistics.resampling import Resampling

HISTOGRAM_EDGES: Final = tuple(round(-1.05 + 0.1 * k, 2) for k in range(22))


@dataclass(frozen=True)
class Comparison:
    """Champion and challenger on the same pairs; None where there is not one pair."""

    users: int
    pairs: int
    means: Mapping[str, Interval]
    """`champion`, `challenger`, `difference`; `against_release`, `blind`, `another` if given."""
    control_pairs: Mapping[str, int]
    """Pairs that `blind` and `another` were asked on; their means are over these alone."""

    @property
    def difference(self) -> Interval:
        return self.means["difference"]


@dataclass(frozen=True)
class Findings:
    """What was measured of one challenger."""

    champion: str
    challenger: str
    held_out_users: Comparison | None
    quietened: Interval | None
    """The difference on held-out users when none of them may say much."""
    changes: tuple[int, ...]
    """Held-out users by their own mean change, in bins of a tenth from -1 to +1."""
    later_days: Comparison | None
    benchmark: Comparison | None
    splits: Mapping[str, Comparison]
    """The benchmark's, with intervals widened for how many they are."""
    order: Comparison | None
    forms: Mapping[str, Form]
    calibrations: Mapping[str, Calibration]
    element_weights: Mapping[str, ElementWeights]
    """By which each model's totals were formed, where that was told."""


def examine(
    evidence: Evidence, rules: Rules, *, seed: int, resampling: Resampling | None = None
) -> Findings:
    """The same evidence and seed give the same findings; `resampling` may be shared by many."""
    again = resampling or Resampling(draws=rules.draws, seed=seed)
    splits = {name: pairs for name, pairs in evidence.benchmark.items() if pairs.pairs}
    return Findings(
        champion=evidence.champion,
        challenger=evidence.challenger,
        held_out_users=_compared(evidence.held_out_users, rules, again),
        quietened=_quietened(evidence.held_out_users, rules, again),
        changes=_changes(evidence.held_out_users, rules),
        later_days=_compared(evidence.later_days, rules, again),
        benchmark=_compared(joined(list(splits.values())), rules, again),
        splits={
            name: found
            for name, pairs in splits.items()
            if (found := _compared(pairs, rules, again, tail=rules.split_tail)) is not None
        },
        order=_compared(evidence.order, rules, again),
        forms={"champion": evidence.champion_form, "challenger": evidence.challenger_form},
        calibrations={
            model: found
            for model in ("champion", "challenger")
            if (found := _calibration(evidence.held_out_users, model)) is not None
        },
        element_weights=evidence.element_weights,
    )


def joined(sets: list[PairSet]) -> PairSet:
    """Several sets of different users as one, without controls; columns that all of them have."""
    if not sets:
        return PairSet.of([])
    counts = np.cumsum([0, *(pairs.user_count for pairs in sets)])
    shared = set.intersection(*(set(pairs.more) for pairs in sets))
    return PairSet(
        users=np.concatenate([p.users + at for p, at in zip(sets, counts, strict=False)]),
        weights=np.concatenate([pairs.weights for pairs in sets]),
        champion=np.concatenate([pairs.champion for pairs in sets]),
        challenger=np.concatenate([pairs.challenger for pairs in sets]),
        more={n: np.concatenate([pairs.more[n] for pairs in sets]) for n in sorted(shared)},
    )


def _compared(
    pairs: PairSet, rules: Rules, again: Resampling, *, tail: float = TAIL
) -> Comparison | None:
    if not _says_anything(pairs):
        return None
    users = sum_by_user(pairs, rules)
    means = intervals(users, again, tail=tail)
    controls = {name: pairs.controlled(name) for name in pairs.controls}
    for name, some in controls.items():
        if _says_anything(some):
            means[name] = intervals(sum_by_user(some, rules), again, tail=tail)[name]
    asked = {name: some.pairs for name, some in controls.items() if name in means}
    return Comparison(int((users.weights > 0).sum()), pairs.pairs, means, asked)


def _quietened(pairs: PairSet, rules: Rules, again: Resampling) -> Interval | None:
    if not _says_anything(pairs):
        return None
    users = sum_by_user(pairs, rules).winsorized("difference", most=rules.most_change_a_user)
    return intervals(users, again)["difference"]


def _changes(pairs: PairSet, rules: Rules) -> tuple[int, ...]:
    if not _says_anything(pairs):
        return ()
    users = sum_by_user(pairs, rules)
    own = users.mean("difference")[users.weights > 0]
    return tuple(int(count) for count in np.histogram(own, HISTOGRAM_EDGES)[0])


def _calibration(pairs: PairSet, model: str) -> Calibration | None:
    """Of `champion` or `challenger`; None where its probabilities were not recorded."""
    preferred = pairs.more.get(f"{model}_probability")
    if preferred is None or not _says_anything(pairs):
        return None
    return calibration(preferred, weights=pairs.weights)


def _says_anything(pairs: PairSet) -> bool:
    return bool(pairs.pairs and pairs.weights.sum())
