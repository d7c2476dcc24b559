"""A ranking that gives all users the same images fails the check; a personal ranking passes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from shared.domain.taste import Taste
from training.simulate.baselines import (
    Baseline,
    ClickHistory,
    Collapsed,
    Oracle,
    Popularity,
    RankingRequest,
)
from training.simulate.catalog import Catalog
from training.simulate.loop.day import Visit
from training.simulate.measure.collapse import MEASURES, CollapseCheck, check_collapse
from training.simulate.measure.day_metrics import COLLAPSED, OURS, measure_day
from training.simulate.measure.metrics import (
    RankedSlate,
    coverage,
    exposure_diversity,
    list_diversity,
)
from training.simulate.users import SimulatedUser, draw_images, draw_users

RNG = np.random.default_rng
USERS, IMAGES, SLATE = 60, 120, 12


def _catalog() -> Catalog:
    """Values only: these rankings look at no pixels."""
    return Catalog(draw_images(RNG(1), IMAGES), (), ())


def _day(ours: Baseline, users: Sequence[SimulatedUser], catalog: Catalog, day: int) -> Any:
    rng = RNG(10 + day)
    visits = []
    for number, user in enumerate(users):
        candidates = rng.permutation(IMAGES)[:SLATE]
        order = ours.rank(RankingRequest(user, candidates, Taste()))
        slate = RankedSlate(order, 5, 1)
        visits.append(Visit(number, candidates, slate, (), (), Taste(), "nano", "ok"))
    collapsed = Collapsed.of(users, catalog.shown, RNG(2))
    return measure_day(visits, {COLLAPSED: collapsed}, users, catalog, seed=(1, day))


def _most_popular(users: Sequence[SimulatedUser], catalog: Catalog) -> Baseline:
    """Popularity after clicks that follow the same order of images for everyone."""
    history = ClickHistory(USERS, IMAGES)
    for number in range(USERS):
        clicked = list(range(round(IMAGES * (number + 1) / USERS)))
        history.add(number, list(range(IMAGES)), clicked)
    return Popularity(history, RNG(3))


def _mean_taste(users: Sequence[SimulatedUser], catalog: Catalog) -> Baseline:
    return Collapsed.of(users, catalog.shown, RNG(4))


def _checks(last_day: Baseline) -> dict[str, CollapseCheck]:
    users, catalog = draw_users(USERS, seed=1), _catalog()
    days = [
        _day(ranking, users, catalog, number)
        for number, ranking in enumerate((Oracle(catalog.shown, RNG(0)), last_day))
    ]
    checks = check_collapse({1: days}, ranking=OURS, collapsed=COLLAPSED, days=2)
    assert checks is not None
    return {measure: CollapseCheck(**values) for measure, values in checks.items()}


def test_a_personal_ranking_passes() -> None:
    checks = _checks(Oracle(_catalog().shown, RNG(5)))
    assert set(checks) == set(MEASURES)
    assert all(check.is_valid and check.passed for check in checks.values())


@pytest.mark.parametrize("collapsing", [_mean_taste, _most_popular])
def test_a_collapsing_ranking_fails_both_measures(collapsing: Any) -> None:
    checks = _checks(collapsing(draw_users(USERS, seed=1), _catalog()))
    assert all(check.is_valid and not check.passed for check in checks.values())
    assert "COLLAPSED" in checks["coverage_at_5"].describe("coverage_at_5")


def test_the_whole_slate_hides_a_collapse() -> None:
    users, catalog = draw_users(USERS, seed=1), _catalog()
    collapsed = _mean_taste(users, catalog)
    rng = RNG(6)
    orders = [
        collapsed.rank(RankingRequest(user, rng.permutation(IMAGES)[:SLATE], Taste()))
        for user in users
    ]
    assert coverage(orders, top=SLATE) == 1.0
    assert coverage(orders, top=5) < 0.7


def test_a_measure_that_does_not_separate_is_not_judged() -> None:
    assert "not judged" in CollapseCheck(0.5, 0.5, 0.49).describe("coverage_at_5")


def test_metrics_of_one_image_and_of_all_images() -> None:
    shown = draw_images(RNG(3), 30)
    same = np.zeros(10, np.int64)
    assert list_diversity(same, shown) == 0
    assert 0.5 < list_diversity(np.arange(10), shown) <= 1
    first = np.arange(10)
    assert coverage([first, first]) == 0.5
    assert coverage([first, first[::-1]]) == 1.0
    assert exposure_diversity([first, first]) == pytest.approx(0.5)
    assert exposure_diversity([first, first[::-1]]) == pytest.approx(1.0)
    assert exposure_diversity([np.zeros(5, np.int64)]) == pytest.approx(1.0)  # the only candidate
