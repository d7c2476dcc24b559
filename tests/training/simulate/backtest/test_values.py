"""Orders are measured by their clicks, and choices of chance value an order without bias."""

from datetime import UTC, datetime

import numpy as np
import pytest

from training.evaluation.controls import USER_BLIND
from training.simulate.backtest.cases import Case, Known
from training.simulate.backtest.history import Ranking
from training.simulate.backtest.measure_orders import method_results
from training.simulate.backtest.offpolicy_value import NO_PROPENSITIES, _pairs, offpolicy_value
from training.simulate.backtest.order_metrics import by_score, order_metrics, random_metrics
from training.simulate.backtest.ranked_case import LOGGED, OURS, POPULARITY, RankedCase

AT = datetime(2026, 5, 1, tzinfo=UTC)


def test_ndcg_and_mrr_are_those_of_the_literature() -> None:
    assert order_metrics([True, False, False]) == (1.0, 1.0)
    ndcg, mrr = order_metrics([False, True, True])
    assert ndcg == pytest.approx((1 / np.log2(3) + 1 / 2) / (1 + 1 / np.log2(3)))
    assert mrr == 0.5
    assert random_metrics([True, False], seed=0).mrr == pytest.approx(0.75, abs=0.06)


def test_ties_are_broken_at_random_and_not_by_the_logged_order() -> None:
    orders = {tuple(by_score([1.0, 1.0, 1.0], seed=seed)) for seed in range(60)}
    assert len(orders) == 6
    assert by_score([1.0, 3.0, 2.0], seed=0) == [1, 2, 0]


def case(
    user: str, scores: list[float], clicked: set[int], *, explored: bool = False,
    propensities: tuple[float, ...] = (),
) -> RankedCase:  # fmt: skip
    ids = tuple(f"i{n}" for n in range(len(scores)))
    flags = (True, True, *(False for _ in ids[2:])) if explored else ()
    ranking = Ranking(
        ("default", user), "r", AT, ids, frozenset(f"i{n}" for n in clicked),
        propensities or tuple(0.5 if flag else 1.0 for flag in flags), flags,
    )  # fmt: skip
    by_method = {
        OURS: scores, LOGGED: [-float(n) for n in range(len(ids))],
        POPULARITY: [0.0] * len(ids), USER_BLIND: [0.0] * len(ids),
    }  # fmt: skip
    return RankedCase(Case(ranking, Known(), None, {}), tuple(range(len(ids))), by_method)


def test_gains_are_paired_and_their_intervals_are_over_users() -> None:
    ranked = [case(f"u{n % 7}", [0.0, 1.0, 2.0], {2}) for n in range(40)]
    results = method_results(ranked, seed=0)
    assert results[OURS].ndcg.value == 1
    assert results[OURS].users == 7
    assert results[OURS].ndcg_gain.value == pytest.approx(1 - results[LOGGED].ndcg.value)
    assert results[LOGGED].ndcg_gain.interval == (0.0, 0.0)
    assert "other_user" not in results


def test_explored_pairs_give_the_click_rate_of_our_order() -> None:
    """Chance orders a liked image and another one; the liked one gets clicks of .6 if first.

    The truth of an order by taste is .6, of the logged order .35, of the reversed order .1.
    """
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(30):
        ranked = []
        for n in range(400):
            liked_first = rng.random() < 0.5
            clicks = rng.random() < (0.6 if liked_first else 0.1)
            scores = [5.0, 1.0, 0.0] if liked_first else [1.0, 5.0, 0.0]
            ranked.append(case(f"u{n % 60}", scores, {0} if clicks else {2}, explored=True))
        value = offpolicy_value(ranked, seed=0)
        assert value.snips is not None
        assert value.snips.interval is not None
        low, high = value.snips.interval
        covered += low <= 0.6 <= high
        assert value.dr is not None
        assert value.dr.value == pytest.approx(0.6, abs=0.12)
        assert value.support is not None
        assert value.support.unit == "explored pairs"
    assert covered >= 26
    assert value.logged is not None
    assert value.logged.value == pytest.approx(0.35, abs=0.08)


def test_a_mark_without_its_neighbor_is_in_no_pair() -> None:
    assert list(_pairs([True, False, True, True, False, True])) == [(2, 3)]
    assert list(_pairs([True, True, True, True])) == [(0, 1), (2, 3)]


def test_lists_without_a_click_count_in_the_value_and_not_in_the_orders() -> None:
    ranked = [
        case(f"u{n % 50}", [5.0, 1.0], {0} if n % 5 == 0 else set(), explored=True)
        for n in range(200)
    ]
    value = offpolicy_value(ranked, seed=0)
    assert value.logged is not None
    assert value.logged.value == pytest.approx(0.2)
    assert method_results(ranked, seed=0)[OURS].rankings == 40


def test_a_history_without_propensities_says_why_there_is_no_estimate() -> None:
    ranked = [case(f"u{n}", [0.0, 1.0], {1}) for n in range(40)]
    assert offpolicy_value(ranked, seed=0).problem == NO_PROPENSITIES
    certain = [case(f"u{n}", [0.0, 1.0], {1}, propensities=(1.0, 1.0)) for n in range(40)]
    assert offpolicy_value(certain, seed=0).problem == NO_PROPENSITIES


def test_propensities_that_cannot_reach_our_order_are_named() -> None:
    ranked = [
        case(f"u{n % 50}", [0.0, 1.0, float(n % 10 == 0)], {1}, propensities=(0.5, 0.5, 0.9))
        for n in range(600)
    ]
    value = offpolicy_value(ranked, seed=0)
    assert value.problem is not None
    assert value.snips is None
    assert value.support is not None


def test_placements_of_a_random_order_give_the_click_rate_of_our_order() -> None:
    """One of four images is liked (.6, others .1), and users look at fewer later places."""
    rng = np.random.default_rng(9)
    looks = np.array([1, 0.5, 0.25, 0.125])
    truth = (0.6 + 0.1 * looks[1:].sum()) / 4
    covered = 0
    for _ in range(25):
        ranked = []
        for n in range(300):
            liked = int(rng.integers(4))
            rates = looks * np.where(np.arange(4) == liked, 0.6, 0.1)
            clicked = set(np.flatnonzero(rng.random(4) < rates).tolist())
            scores = [5.0 if place == liked else rng.random() for place in range(4)]
            ranked.append(case(f"u{n % 50}", scores, clicked, propensities=(0.25,) * 4))
        value = offpolicy_value(ranked, seed=0)
        assert value.snips is not None
        assert value.snips.interval is not None
        covered += value.snips.interval[0] <= truth <= value.snips.interval[1]
    assert covered >= 22
    assert value.support is not None
    assert value.support.unit == "placements"
