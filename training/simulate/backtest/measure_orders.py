"""Rank every list by each method, and average the metrics with intervals over users."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from shared.jobs.backtest_report import MethodResult, Metric
from training.evaluation.controls import OTHER_USER, USER_BLIND
from training.simulate.backtest.cases import MOST_IMAGES, Case, Known
from training.simulate.backtest.image_files import Images, Key
from training.simulate.backtest.order_metrics import (
    OrderMetrics,
    by_score,
    order_metrics,
    random_metrics,
)
from training.simulate.backtest.ranked_case import (
    LOGGED,
    METHODS,
    OURS,
    POPULARITY,
    RANDOM,
    RankedCase,
)
from training.simulate.backtest.ranker import ServingRanker
from training.statistics.bootstrap import DRAWS, weighted_means
from training.statistics.interval import Interval
from training.statistics.resampling import Resampling

TOO_FEW_IMAGES: Final = "fewer than two images could be loaded, or only clicked or unclicked ones"
NO_REFERENCES: Final = "no image of an earlier click could be loaded"


async def rank_case(case: Case, images: Images, ranker: ServingRanker) -> RankedCase | str:
    """The scores of every method, or why the list cannot be measured."""
    tenant = case.ranking.user[0]
    ids = case.ranking.image_ids[:MOST_IMAGES]
    loaded = await images.load(
        (tenant, image_id)
        for image_id in (*ids, *case.known.image_ids, *(case.other or Known()).image_ids)
    )
    places = tuple(place for place, image_id in enumerate(ids) if (tenant, image_id) in loaded)
    kept = [ids[place] for place in places]
    is_mixed = 0 < len(case.ranking.clicked & set(kept)) < len(kept)
    if len(kept) < 2 or not (is_mixed or case.ranking.has_chance):
        return TOO_FEW_IMAGES
    if not any(key in loaded for key in _keys(tenant, case.known.liked)):
        return NO_REFERENCES
    scores: dict[str, Sequence[float]] = {
        OURS: await ranker.score(tenant, case.known, kept, loaded),
        LOGGED: [-float(place) for place in places],
        POPULARITY: [float(case.popularity[image_id]) for image_id in kept],
        USER_BLIND: await ranker.score(tenant, Known(), kept, loaded),
    }
    if case.other is not None:
        scores[OTHER_USER] = await ranker.score(tenant, case.other, kept, loaded)
    return RankedCase(case, places, scores)


def method_results(ranked: Sequence[RankedCase], *, seed: int) -> dict[str, MethodResult]:
    """Each method's metrics, and their difference from the logged order on the same lists."""
    by_method = {method: _by_case(ranked, method, seed=seed) for method in METHODS}
    logged = by_method[LOGGED]
    results = {}
    for method, metrics in by_method.items():
        if not metrics:
            continue
        users = [ranked[number].case.ranking.user for number in metrics]
        results[method] = MethodResult(
            rankings=len(metrics),
            users=len(set(users)),
            ndcg=_over_users([m.ndcg for m in metrics.values()], users, seed=seed),
            mrr=_over_users([m.mrr for m in metrics.values()], users, seed=seed),
            ndcg_gain=_over_users(
                [m.ndcg - logged[n].ndcg for n, m in metrics.items()], users, seed=seed
            ),
            mrr_gain=_over_users(
                [m.mrr - logged[n].mrr for n, m in metrics.items()], users, seed=seed
            ),
        )
    return results


def _by_case(ranked: Sequence[RankedCase], method: str, *, seed: int) -> dict[int, OrderMetrics]:
    """By number of the list; a list that the method or its clicks cannot rank is missing."""
    metrics = {
        number: _metrics(case, method, seed=seed + number)
        for number, case in enumerate(ranked)
        if case.is_mixed
    }
    return {number: each for number, each in metrics.items() if each is not None}


def _metrics(case: RankedCase, method: str, *, seed: int) -> OrderMetrics | None:
    if method == RANDOM:
        return random_metrics(case.clicked, seed=seed)
    if method not in case.scores:
        return None
    clicked = case.clicked
    return order_metrics([clicked[place] for place in by_score(case.scores[method], seed=seed)])


def _over_users(values: Sequence[float], users: Sequence[tuple[str, str]], *, seed: int) -> Metric:
    names = list(dict.fromkeys(users))
    number = {user: n for n, user in enumerate(names)}
    counts, sums = np.zeros(len(names)), np.zeros(len(names))
    for user, value in zip(users, values, strict=True):
        counts[number[user]] += 1
        sums[number[user]] += value
    resampling = Resampling(draws=DRAWS, seed=seed)
    return as_metric(weighted_means(counts, {"value": sums}, resampling)["value"])


def as_metric(interval: Interval) -> Metric:
    """For the report; an interval without an end, as with one user, is left open."""
    ends = (interval.low, interval.high)
    return Metric(value=interval.value, interval=ends if np.isfinite(ends).all() else None)


def _keys(tenant: str, image_ids: Sequence[str]) -> list[Key]:
    return [(tenant, image_id) for image_id in image_ids]
