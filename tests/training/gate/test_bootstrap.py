"""Intervals over users: as wide as theory says, and the same every time."""

from dataclasses import replace

import numpy as np
import pytest

from training.gate.evidence import Control, Pair, PairSet
from training.gate.rules import Rules
from training.gate.user_weights import intervals, sum_by_user
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
    found = intervals(sum_by_user(_pairs(400, 1), RULES), Resampling(draws=4_000, seed=1))
    wide = found["challenger"].high - found["challenger"].low
    assert wide == pytest.approx(2 * 1.96 * 0.5 / 400**0.5, rel=0.08)


def test_answers_that_repeat_within_a_user_narrow_nothing() -> None:
    once = _pairs(200, 1)
    often = PairSet(
        users=np.repeat(once.users, 10),
        weights=np.ones(2_000),
        champion=np.zeros(2_000),
        challenger=np.repeat(once.challenger, 10),
    )
    again = Resampling(draws=2_000, seed=1)
    assert intervals(sum_by_user(often, RULES), again) == intervals(sum_by_user(once, RULES), again)


def test_the_same_seed_gives_the_same_interval_whether_samples_are_kept_or_not() -> None:
    users = sum_by_user(_pairs(300, 2), RULES)
    kept = Resampling(draws=2_000, seed=3)
    first = intervals(users, kept)
    assert intervals(users, kept) == first
    assert intervals(users, Resampling(draws=2_000, seed=3)) == first
    table = users.weights[:, None] * np.arange(300)[:, None]
    assert (kept.sums(table) != Resampling(draws=2_000, seed=4).sums(table)).any()


def test_more_users_than_are_kept_at_once_are_drawn_in_parts() -> None:
    users = sum_by_user(_pairs(30_000, 1), RULES)
    found = intervals(users, Resampling(draws=1_500, seed=0))["challenger"]
    assert found.high - found.low == pytest.approx(2 * 1.96 * 0.5 / 30_000**0.5, rel=0.15)


def test_a_busy_user_weighs_as_much_as_four_and_keeps_the_own_mean() -> None:
    rows = [Pair(user=f"u{n}", champion=0, challenger=0) for n in range(100)]
    rows += [Pair(user="busy", champion=0, challenger=n % 2) for n in range(50)]
    users = sum_by_user(PairSet.of(rows), RULES)
    assert users.weights.max() == pytest.approx(4.0)
    assert users.mean("difference").max() == pytest.approx(0.5)


def test_a_pair_weighs_as_much_as_ten_at_most() -> None:
    rows = [Pair(user=f"u{n}", champion=0, challenger=0) for n in range(100)]
    rows.append(Pair(user="rare", champion=0, challenger=1, weight=1e9))
    rules = Rules(draws=100, most_user_weight=1e12)
    assert sum_by_user(PairSet.of(rows), rules).weights.max() == pytest.approx(10.0)


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), -1.0])
def test_a_weight_that_is_no_weight_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="weight holds a value"):
        PairSet.of([Pair(user="u", champion=1, challenger=1, weight=weight)])


def test_an_answer_above_one_is_refused() -> None:
    with pytest.raises(ValueError, match="right is 1, wrong 0"):
        PairSet.of([Pair(user="u", champion=25, challenger=1)])


def test_a_control_may_be_asked_on_some_of_the_pairs_and_anything_else_on_all() -> None:
    rows = [Pair(user=f"u{n}", champion=1, challenger=1) for n in range(3)]
    asked = PairSet.of([rows[0], replace(rows[1], blind=0.5), rows[2]])
    assert asked.controls["blind"].places.tolist() == [1]
    assert "another" not in asked.controls
    some = asked.controlled("blind")
    assert (some.pairs, some.user_count, some.more["blind"].tolist()) == (1, 1, [0.5])
    with pytest.raises(ValueError, match="give all or none"):
        PairSet.of([rows[0], replace(rows[1], champion_probability=0.5)])


@pytest.mark.parametrize("places", [[3], [-1], [1, 1], [2, 0], [0, 1, 2, 3]])
def test_a_control_on_pairs_that_are_not_there_is_refused(places: list[int]) -> None:
    pairs = PairSet.of([Pair(user=f"u{n}", champion=1, challenger=1) for n in range(3)])
    with pytest.raises(ValueError, match="control"):
        replace(pairs, controls={"blind": Control(np.array(places), np.full(len(places), 0.5))})
