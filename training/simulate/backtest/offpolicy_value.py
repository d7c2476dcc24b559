"""Value our order on the choices that chance has made in logged lists: SNIPS and doubly robust.

Where the log marks a choice of chance between two neighbors (FairPairs), one decision is which of
the two came first, with probability one half, and the reward is a click on the first one: every
order is possible there. Elsewhere one decision is which image is at one place, with the logged
probability; our order can then be valued only where chance could have made it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.jobs.backtest_report import OffPolicy, Support
from training.simulate.backtest.measure_orders import as_metric
from training.simulate.backtest.order_metrics import by_score
from training.simulate.backtest.ranked_case import OURS, POPULARITY, RankedCase
from training.statistics.offpolicy.decisions import Decisions
from training.statistics.offpolicy.estimators import estimate, gain
from training.statistics.offpolicy.reward_model import cross_fitted
from training.statistics.offpolicy.support import support

NO_PROPENSITIES: Final = (
    "the history has no propensities, or all of them are 1: nothing shows what a user would have"
    " clicked in another order. Use feeds of a time with exploration (PREFERSTREAM_EXPLORE_SHARE),"
    " or log the probability of each placement"
)


@dataclass(frozen=True)
class _Decision:
    user: tuple[str, str]
    reward: float
    logged: float
    target: float
    features: tuple[float, ...]
    """Of the logged image: our score and its popularity, standardized within the list."""
    ours: tuple[float, ...]
    """Of the image that our order has there."""


def offpolicy_value(ranked: Sequence[RankedCase], *, seed: int) -> OffPolicy:
    """The click rate of our order and of the logged one, or why there is none."""
    cases = [(seed + n, case) for n, case in enumerate(ranked) if case.case.is_of_value]
    pairs = [d for number, case in cases for d in _pair_decisions(case, seed=number)]
    places = [d for number, case in cases for d in _place_decisions(case, seed=number)]
    rows, unit = (pairs, "explored pairs") if pairs else (places, "placements")
    if not rows:
        return OffPolicy(problem=NO_PROPENSITIES)
    decisions = _decisions(rows)
    known = support(decisions)
    shown = Support(
        unit=unit, decisions=known.decisions, users=known.clusters, effective=known.effective,
        mean_weight=as_metric(known.mean_weight),
    )  # fmt: skip
    if known.problem is not None:
        return OffPolicy(problem=known.problem, support=shown)
    return OffPolicy(
        support=shown,
        logged=as_metric(estimate(decisions, "logged")),
        snips=as_metric(estimate(decisions, "snips")),
        snips_gain=as_metric(gain(decisions, "snips")),
        dr=as_metric(estimate(decisions, "dr")),
        dr_gain=as_metric(gain(decisions, "dr")),
    )


def _pair_decisions(case: RankedCase, *, seed: int) -> Iterator[_Decision]:
    ranking = case.case.ranking
    index = {place: n for n, place in enumerate(case.places)}
    rank = {n: r for r, n in enumerate(by_score(case.scores[OURS], seed=seed))}
    features = _features(case)
    for upper, lower in _pairs(ranking.explored):
        if upper not in index or lower not in index:
            continue
        first, second = index[upper], index[lower]
        ours_first = rank[first] < rank[second]
        yield _Decision(
            ranking.user,
            float(case.clicked[first]),
            0.5,
            float(ours_first),
            features[first],
            features[first if ours_first else second],
        )


def _pairs(explored: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Neighbors that are both marked, each place once; a mark without a neighbor is in no pair."""
    upper = 0
    while upper + 1 < len(explored):
        if explored[upper] and explored[upper + 1]:
            yield upper, upper + 1
            upper += 1
        upper += 1


def _place_decisions(case: RankedCase, *, seed: int) -> Iterator[_Decision]:
    ranking = case.case.ranking
    # An order of some of the images only does not say what is at a place of the whole list.
    if not ranking.propensities or len(case.places) < len(ranking.image_ids):
        return
    order, features = by_score(case.scores[OURS], seed=seed), _features(case)
    for place, propensity in enumerate(ranking.propensities):
        if propensity < 1:
            ours = order[place]
            yield _Decision(
                ranking.user, float(case.clicked[place]), propensity, float(ours == place),
                features[place], features[ours],
            )  # fmt: skip


def _features(case: RankedCase) -> list[tuple[float, ...]]:
    columns = [
        _standardized(case.scores[OURS]),
        _standardized(np.log1p(case.scores[POPULARITY]).tolist()),
    ]
    return [tuple(row) for row in zip(*columns, strict=True)]


def _standardized(values: Sequence[float]) -> list[float]:
    column = np.asarray(values, np.float64)
    spread = float(column.std())
    standardized = (column - column.mean()) / spread if spread > 0 else column * 0
    return [float(value) for value in standardized]


def _decisions(rows: Sequence[_Decision]) -> Decisions:
    names = {user: n for n, user in enumerate(dict.fromkeys(row.user for row in rows))}
    clusters = np.array([names[row.user] for row in rows], np.int64)
    rewards = np.array([row.reward for row in rows], np.float64)
    predicted, expected = cross_fitted(
        np.array([row.features for row in rows], np.float64), rewards, clusters,
        np.array([row.ours for row in rows], np.float64),
    )  # fmt: skip
    return Decisions(
        rewards,
        np.array([row.logged for row in rows], np.float64),
        np.array([row.target for row in rows], np.float64),
        clusters,
        predicted,
        expected,
    )
