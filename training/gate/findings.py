"""Measure everything that the decision and the report need; decide nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.domain.element_weights import ElementWeights
from training.gate.evidence import Evidence, FormatCount, PairSet
from training.gate.nights.user_weights import intervals, sum_by_user
from training.gate.nights.verdict import PooledNights, pool
from training.gate.off_policy.findings import OffPolicyFindings, examine_off_policy
from training.gate.rules import Rules
from training.statistics.calibration import Calibration, calibration
from training.statistics.interval import TAIL, Interval
from training.statistics.resampling import Resampling

HISTOGRAM_EDGES: Final = tuple(round(-1.05 + 0.1 * k, 2) for k in range(22))


@dataclass(frozen=True)
class Comparison:
    """Champion and challenger on the same pairs."""

    users: int
    pairs: int
    means: Mapping[str, Interval]
    """`champion`, `challenger`, `difference`; `against_release`, `user_blind` and `other_user`
    where they were measured."""
    control_pairs: Mapping[str, int]
    """Pairs that `user_blind` and `other_user` were measured on; their means are over these."""

    @property
    def difference(self) -> Interval:
        return self.means["difference"]


@dataclass(frozen=True)
class Findings:
    """Measurements of one challenger; a comparison without any pair is None."""

    champion: str
    challenger: str
    held_out_users: Comparison | None
    winsorized: Interval | None
    """The difference on held-out users with the influence of each user bounded."""
    changes: tuple[int, ...]
    """Held-out users by their own mean change, in bins of a tenth from -1 to +1."""
    later_days: Comparison | None
    benchmark: Comparison | None
    splits: Mapping[str, Comparison]
    """By split of the benchmark, with intervals widened for the number of splits."""
    order: Comparison | None
    formats: Mapping[str, FormatCount]
    calibrations: Mapping[str, Calibration]
    element_weights: Mapping[str, ElementWeights]
    """Weights of the elements in each model's totals, where recorded."""
    off_policy: OffPolicyFindings | None = None
    """Clicks a slate of the models' orders by the logs; they decide nothing."""
    predicts: bool = False
    """Whether the evidence has pairs with predicted profiles; they decide then."""
    pooled: PooledNights | None = None
    """The gain with predicted profiles over all nights of the candidate; None without a person."""


def examine(
    evidence: Evidence, rules: Rules, *, seed: int, resampling: Resampling | None = None
) -> Findings:
    """The same evidence and seed give the same findings; several calls may share `resampling`."""
    samples = resampling or Resampling(draws=rules.draws, seed=seed)
    splits = {name: pairs for name, pairs in evidence.benchmark.items() if pairs.pairs}
    return Findings(
        champion=evidence.champion,
        challenger=evidence.challenger,
        held_out_users=_compare(evidence.held_out_users, rules, samples),
        winsorized=_winsorized(evidence.held_out_users, rules, samples),
        changes=_changes(evidence.held_out_users, rules),
        later_days=_compare(evidence.later_days, rules, samples),
        benchmark=_compare(joined(list(splits.values())), rules, samples),
        splits={
            name: comparison
            for name, pairs in splits.items()
            if (comparison := _compare(pairs, rules, samples, tail=rules.split_tail)) is not None
        },
        order=_compare(evidence.order, rules, samples),
        formats={"champion": evidence.champion_format, "challenger": evidence.challenger_format},
        calibrations={
            model: measured
            for model in ("champion", "challenger")
            if (measured := _calibration(evidence.held_out_users, model)) is not None
        },
        element_weights=evidence.element_weights,
        off_policy=examine_off_policy(evidence.off_policy, seed=seed),
        predicts=evidence.end_to_end is not None,
        pooled=(
            pool(predicted, rules, samples, challenger=evidence.challenger)
            if (predicted := evidence.end_to_end) is not None
            else None
        ),
    )


def joined(sets: list[PairSet]) -> PairSet:
    """Several sets of different users as one, with the columns that all have, without controls."""
    if not sets:
        return PairSet.of([])
    first_codes = np.cumsum([0, *(pairs.user_count for pairs in sets)])
    common = set.intersection(*(set(pairs.more) for pairs in sets))
    return PairSet(
        users=np.concatenate([p.users + code for p, code in zip(sets, first_codes, strict=False)]),
        weights=np.concatenate([pairs.weights for pairs in sets]),
        champion=np.concatenate([pairs.champion for pairs in sets]),
        challenger=np.concatenate([pairs.challenger for pairs in sets]),
        more={n: np.concatenate([pairs.more[n] for pairs in sets]) for n in sorted(common)},
    )


def _compare(
    pairs: PairSet, rules: Rules, samples: Resampling, *, tail: float = TAIL
) -> Comparison | None:
    if not _has_weight(pairs):
        return None
    users = sum_by_user(pairs, rules)
    means = intervals(users, samples, tail=tail)
    controls = {name: pairs.controlled(name) for name in pairs.controls}
    for name, subset in controls.items():
        if _has_weight(subset):
            means[name] = intervals(sum_by_user(subset, rules), samples, tail=tail)[name]
    control_pairs = {name: subset.pairs for name, subset in controls.items() if name in means}
    return Comparison(int((users.weights > 0).sum()), pairs.pairs, means, control_pairs)


def _winsorized(pairs: PairSet, rules: Rules, samples: Resampling) -> Interval | None:
    if not _has_weight(pairs):
        return None
    users = sum_by_user(pairs, rules).winsorized("difference", most=rules.max_change_per_user)
    return intervals(users, samples)["difference"]


def _changes(pairs: PairSet, rules: Rules) -> tuple[int, ...]:
    if not _has_weight(pairs):
        return ()
    users = sum_by_user(pairs, rules)
    own = users.mean("difference")[users.weights > 0]
    return tuple(int(count) for count in np.histogram(own, HISTOGRAM_EDGES)[0])


def _calibration(pairs: PairSet, model: str) -> Calibration | None:
    """Of `champion` or `challenger`; None where its probabilities were not recorded."""
    preferred = pairs.more.get(f"{model}_probability")
    if preferred is None or not _has_weight(pairs):
        return None
    return calibration(preferred, weights=pairs.weights)


def _has_weight(pairs: PairSet) -> bool:
    return bool(pairs.pairs and pairs.weights.sum())
