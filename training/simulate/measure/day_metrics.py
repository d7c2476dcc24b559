"""Measure all rankings of one day: ours and every baseline on the same visits."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from training.simulate.baselines import Baseline, RankingRequest
from training.simulate.catalog import Catalog
from training.simulate.loop.day import Visit
from training.simulate.measure.metrics import (
    DayMetrics,
    RankedSlate,
    coverage,
    exposure_diversity,
    list_diversity,
    ndcg,
)
from training.simulate.population import AnyUser
from training.simulate.users import clicks, viewed_ranks

OURS: Final = "ours"
COLLAPSED: Final = "collapsed"
FROZEN: Final = "frozen"


def measure_day(
    visits: Sequence[Visit], baselines: Mapping[str, Baseline], users: Sequence[AnyUser],
    catalog: Catalog, *, seed: tuple[int, int],
) -> dict[str, Any]:  # fmt: skip
    """Metrics by ranking, and NDCG by ranking and user, as plain values."""
    slates: dict[str, list[RankedSlate]] = {OURS: [visit.slate for visit in visits]}
    for place, (name, baseline) in enumerate(baselines.items()):
        rng = np.random.default_rng((*seed, 0xC11C, place))
        slates[name] = [_rank(baseline, visit, users, catalog, rng) for visit in visits]
    numbers = [visit.user for visit in visits]
    by_user = {
        name: _ndcg_by_user(of_ranking, numbers, users, catalog)
        for name, of_ranking in slates.items()
    }
    return {
        "rankings": {
            name: asdict(_metrics(of_ranking, by_user[name], catalog))
            for name, of_ranking in slates.items()
        },
        "ndcg_by_user": by_user,
    }


def _rank(
    baseline: Baseline, visit: Visit, users: Sequence[AnyUser], catalog: Catalog,
    rng: np.random.Generator,
) -> RankedSlate:  # fmt: skip
    """The baseline's order of the visit's candidates, viewed and clicked by the same user."""
    user = users[visit.user]
    order = baseline.rank(
        RankingRequest(user, visit.candidates, visit.taste, visit.model_version, visit.scores)
    )
    viewed = order[: viewed_ranks(rng, len(order))]
    clicked = clicks(rng, user.appeal(catalog.shown[viewed]))
    return RankedSlate(order, len(viewed), int(clicked.sum()))


def _metrics(
    slates: Sequence[RankedSlate], ndcg_by_user: Mapping[str, float], catalog: Catalog
) -> DayMetrics:
    viewed = sum(slate.viewed for slate in slates)
    orders = [slate.order for slate in slates]
    return DayMetrics(
        ctr=sum(slate.clicked for slate in slates) / viewed if viewed else 0.0,
        ndcg=float(np.mean(list(ndcg_by_user.values()))),
        coverage_at_5=coverage(orders),
        exposure_diversity_at_5=exposure_diversity(orders),
        list_diversity_at_5=float(np.mean([list_diversity(o, catalog.shown) for o in orders])),
        users=len(ndcg_by_user),
    )


def _ndcg_by_user(
    slates: Sequence[RankedSlate], numbers: Sequence[int], users: Sequence[AnyUser],
    catalog: Catalog,
) -> dict[str, float]:  # fmt: skip
    values: dict[int, list[float]] = {}
    for slate, number in zip(slates, numbers, strict=True):
        appeal = users[number].appeal(catalog.shown)
        values.setdefault(number, []).append(ndcg(slate.order, appeal))
    return {str(number): float(np.mean(of_user)) for number, of_user in values.items()}
