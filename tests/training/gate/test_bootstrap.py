"""Intervals over users: as wide as theory says, and the same every time."""

from dataclasses import replace

import numpy as np
import pytest

from training.gate.evidence import Control, Pair, PairSet
from training.gate.nights.user_weights import intervals, sum_by_user
from training.gate.rules import Rules
from training.statistics.resampling import Resampling

RULES = Rules(draws=4_000)


def _pairs(users: int, each: int, *, seed: int = 0) -> PairSet:
    rng = np.random.default_rng(seed)
    n = users * each
    return PairSet(
        users=np.repeat(np.arange(users), each),
        weights=np.ones(n),
        champion=np.zeros(n),
        challenger=(rng.random(n) < 0.5).astype(float),
    )


def test_the_interval_of_independent_answers_is_as_wide_as_the_formula_says() -> None:
    by_column = intervals(sum_by_user(_pairs(400, 1), RULES), Resampling(draws=4_000, seed=1))
    width = by_column["challenger"].high - by_column["challenger"].low
    assert width == pytest.approx(2 * 1.96 * 0.5 / 400**0.5, rel=0.08)


def test_repeated_answers_of_a_user_do_not_narrow_the_interval() -> None:
    once = _pairs(200, 1)
    often = PairSet(
        users=np.repeat(once.users, 10),
        weights=np.ones(2_000),
        champion=np.zeros(2_000),
        challenger=np.repeat(once.challenger, 10),
    )
    samples = Resampling(draws=2_000, seed=1)
    assert intervals(sum_by_user(often, RULES), samples) == intervals(
        sum_by_user(once, RULES), samples
    )


def test_the_same_seed_gives_the_same_interval_with_and_without_the_cache() -> None:
    users = sum_by_user(_pairs(300, 2), RULES)
    kept = Resampling(draws=2_000, seed=3)
    first = intervals(users, kept)
    assert intervals(users, kept) == first
    assert intervals(users, Resampling(draws=2_000, seed=3)) == first
    table = users.weights[:, None] * np.arange(300)[:, None]
    assert (kept.sums(table) != Resampling(draws=2_000, seed=4).sums(table)).any()


def test_samples_of_many_users_are_drawn_in_chunks() -> None:
    users = sum_by_user(_pairs(30_000, 1), RULES)
    interval = intervals(users, Resampling(draws=1_500, seed=0))["challenger"]
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * 0.5 / 30_000**0.5, rel=0.15)


def test_an_active_user_weighs_at_most_as_much_as_four_and_keeps_the_own_mean() -> None:
    rows = [Pair(user=f"u{n}", champion=0, challenger=0) for n in range(100)]
    rows += [Pair(user="active", champion=0, challenger=n % 2) for n in range(50)]
    users = sum_by_user(PairSet.of(rows), RULES)
    assert users.weights.max() == pytest.approx(4.0)
    assert users.mean("difference").max() == pytest.approx(0.5)


def test_a_pair_weighs_at_most_as_much_as_ten() -> None:
    rows = [Pair(user=f"u{n}", champion=0, challenger=0) for n in range(100)]
    rows.append(Pair(user="rare", champion=0, challenger=1, weight=1e9))
    rules = Rules(draws=100, max_user_weight=1e12)
    assert sum_by_user(PairSet.of(rows), rules).weights.max() == pytest.approx(10.0)


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), -1.0])
def test_an_invalid_weight_is_rejected(weight: float) -> None:
    with pytest.raises(ValueError, match="weight holds a value"):
        PairSet.of([Pair(user="u", champion=1, challenger=1, weight=weight)])


def test_an_answer_above_one_is_rejected() -> None:
    with pytest.raises(ValueError, match="right is 1, wrong 0"):
        PairSet.of([Pair(user="u", champion=25, challenger=1)])


def test_a_control_may_cover_some_pairs_and_other_columns_cover_all() -> None:
    rows = [Pair(user=f"u{n}", champion=1, challenger=1) for n in range(3)]
    pairs = PairSet.of([rows[0], replace(rows[1], user_blind=0.5), rows[2]])
    assert pairs.controls["user_blind"].places.tolist() == [1]
    assert "other_user" not in pairs.controls
    subset = pairs.controlled("user_blind")
    assert (subset.pairs, subset.user_count) == (1, 1)
    assert subset.more["user_blind"].tolist() == [0.5]
    with pytest.raises(ValueError, match="give all or none"):
        PairSet.of([rows[0], replace(rows[1], champion_probability=0.5)])


@pytest.mark.parametrize("places", [[3], [-1], [1, 1], [2, 0], [0, 1, 2, 3]])
def test_a_control_on_pairs_outside_the_set_is_rejected(places: list[int]) -> None:
    pairs = PairSet.of([Pair(user=f"u{n}", champion=1, challenger=1) for n in range(3)])
    with pytest.raises(ValueError, match="control"):
        replace(
            pairs, controls={"user_blind": Control(np.array(places), np.full(len(places), 0.5))}
        )
