"""Value champion, challenger and the best baseline in clicks a slate, or say what is missing.

The values are of the order by scores alone: without the rules that put seen images last or vary a
feed. They hold where a look depends on the rank only, and a click on a looked-at image not on its
rank; the random swaps of neighbors (FairPairs) check the second.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from training.gate.off_policy.evidence import (
    BASELINES,
    CHALLENGER,
    CHAMPION,
    OffPolicyEvidence,
    Swaps,
)
from training.gate.off_policy.orders import OrderValues, value_orders
from training.statistics.interval import Interval
from training.statistics.offpolicy.cluster_jackknife import jackknife
from training.statistics.offpolicy.support import LEAST_CLUSTERS, LEAST_EFFECTIVE, Support

LEAST_SWAPPED_CLICKS: Final = 100.0
"""Clicks on swapped neighbors with which a click rate that doubles from one rank to the next would
show."""
SWAP_TAIL: Final = 0.0005
"""Tail of the check of swapped neighbors, as of the mean weight: every night is checked, and a 99 %
interval refused six of 125 simulated sound logs."""


@dataclass(frozen=True)
class OrderValue:
    """The clicks a slate of one order, by two estimators, or why there is no estimate."""

    name: str
    """`champion`, `challenger`, or the name of the baseline."""
    snips: Interval | None = None
    dr: Interval | None = None
    snips_gain: Interval | None = None
    """Minus the champion, on the same slates; None for the champion."""
    dr_gain: Interval | None = None
    effective: float = 0.0
    """Looks that would be as informative with equal weights."""
    problem: str | None = None


@dataclass(frozen=True)
class OffPolicyFindings:
    """The values of all orders; with a problem there is no number."""

    problem: str | None = None
    slates: int = 0
    users: int = 0
    looks: int = 0
    swapped_clicks: int = 0
    logged: Interval | None = None
    """Clicks a slate as shown."""
    orders: tuple[OrderValue, ...] = ()
    baselines: Mapping[str, float] = field(default_factory=dict)
    """Clicks a slate of each baseline on training users, by which the best one was chosen."""


def examine_off_policy(
    evidence: OffPolicyEvidence | None, *, seed: int
) -> OffPolicyFindings | None:
    """The same evidence and seed give the same findings; None without this part."""
    if evidence is None:
        return None
    swapped = _swapped_clicks(evidence.swaps)
    problem = evidence.problem or _log_problem(evidence, swapped)
    known = OffPolicyFindings(
        slates=len(evidence.held_out),
        users=len({slate.user for slate in evidence.held_out}),
        looks=int(sum(slate.viewed.sum() for slate in evidence.held_out)),
        swapped_clicks=swapped,
        problem=problem,
    )
    if problem is not None or evidence.looks is None:
        return known
    baseline, chosen_by = _best_baseline(evidence, seed=seed)
    names = [CHAMPION, CHALLENGER, *([baseline] if baseline else [])]
    values = value_orders(evidence.held_out, evidence.looks, names, seed=seed)
    return OffPolicyFindings(
        slates=known.slates, users=known.users, looks=known.looks, swapped_clicks=swapped,
        logged=values.logged, orders=tuple(_order(name, values) for name in names),
        baselines=chosen_by,
    )  # fmt: skip


def _log_problem(evidence: OffPolicyEvidence, swapped: int) -> str | None:
    """What the log lacks for any estimate, with the number that is needed."""
    users = len({slate.user for slate in evidence.held_out})
    if swapped < LEAST_SWAPPED_CLICKS or evidence.swaps is None:
        return (
            f"the log has {swapped} clicks on neighbors whose order was random, and"
            f" {LEAST_SWAPPED_CLICKS:.0f} are needed to check that a click does not depend on the"
            " rank. Keep exploration on (PREFERSTREAM_EXPLORE_SHARE), or wait for more clicks"
        )
    if evidence.looks is None:
        return (
            "no training user has viewed a feed, so that nothing is known about how often a rank is"
            " looked at. Wait for more feedback"
        )
    ratio = _swap_ratio(evidence.swaps)
    if ratio.low > 0 or ratio.high < 0:
        return (
            f"an image that users look at gets {np.exp(ratio.value):.2f} times the clicks one rank"
            f" higher (99.9 % interval {np.exp(ratio.low):.2f} to {np.exp(ratio.high):.2f}), so a"
            " view is not a look. Send a view only for an image that the user saw"
        )
    if users < LEAST_CLUSTERS:
        return (
            f"{len(evidence.held_out)} slates of {users} held-out users were scored, of"
            f" {evidence.available} that could be; slates of {LEAST_CLUSTERS} users are needed for"
            " an interval. Give the job more minutes, or wait for more feedback"
        )
    return None


def _swapped_clicks(swaps: Swaps | None) -> int:
    return 0 if swaps is None else int(swaps.upper.sum() + swaps.lower.sum())


def _swap_ratio(swaps: Swaps) -> Interval:
    """The logarithm of clicks on the first over clicks on the second of two swapped neighbors."""
    columns = np.stack([swaps.upper, swaps.lower], axis=1)
    return jackknife(
        columns, np.arange(len(columns)),
        lambda s: np.log((s[..., 0] + 0.5) / (s[..., 1] + 0.5)), tail=SWAP_TAIL,
    )  # fmt: skip


def _best_baseline(
    evidence: OffPolicyEvidence, *, seed: int
) -> tuple[str | None, Mapping[str, float]]:
    """The baseline with most clicks a slate on training users; the first one without any."""
    measured = [
        name for name in BASELINES if all(name in slate.scores for slate in evidence.held_out)
    ]
    if not measured:
        return None, {}
    comparable = [n for n in measured if all(n in slate.scores for slate in evidence.others)]
    if not evidence.others or not comparable or evidence.looks is None:
        return measured[0], {}
    values = value_orders(evidence.others, evidence.looks, comparable, seed=seed)
    by_name = {name: values.snips[name].value for name in comparable}
    return max(comparable, key=lambda name: by_name[name]), by_name


def _order(name: str, values: OrderValues) -> OrderValue:
    overlap = values.support[name]
    problem = _overlap_problem(overlap)
    if problem is not None:
        return OrderValue(name, effective=overlap.effective, problem=problem)
    is_champion = name == CHAMPION or _overlap_problem(values.support[CHAMPION]) is not None
    return OrderValue(
        name,
        snips=values.snips[name],
        dr=values.dr[name],
        snips_gain=None if is_champion else values.snips_gain[name],
        dr_gain=None if is_champion else values.dr_gain[name],
        effective=overlap.effective,
    )


def _overlap_problem(overlap: Support) -> str | None:
    """Why this order has no estimate, with the number that is needed."""
    if overlap.effective < LEAST_EFFECTIVE:
        needed = int(np.ceil(overlap.decisions * LEAST_EFFECTIVE / max(overlap.effective, 1.0)))
        return (
            f"{overlap.decisions} looks are as informative as {overlap.effective:.0f} with equal"
            f" weights, and {LEAST_EFFECTIVE:.0f} are needed: about {needed} looks"
        )
    if overlap.mean_weight.high < 1:
        return (
            f"the mean weight is {overlap.mean_weight}, below 1: users hardly ever reach the ranks"
            " from which this order takes its first images"
        )
    return None
