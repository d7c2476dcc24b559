"""Intervals over users have known values, and cover the truth also where nearly all are right."""

from math import comb

import numpy as np
import pytest

from training.statistics.bootstrap import (
    DRAWS,
    mean,
    mean_over_seeds,
    paired_difference,
    share,
    weighted_means,
)
from training.statistics.interval import Interval
from training.statistics.resampling import Resampling
from training.statistics.wilson import wilson


@pytest.mark.parametrize(
    ("value", "count", "low", "high"),
    [
        (1.0, 300, 0.9874, 1.0),
        (1.0, 150, 0.9750, 1.0),
        (0.0, 300, 0.0, 0.0126),
        (0.5, 100, 0.4038, 0.5962),
        # Newcombe, Statistics in Medicine 17 (1998), table I:
        (81 / 263, 263, 0.2553, 0.3662),
        (15 / 148, 148, 0.0624, 0.1605),
        (0 / 20, 20, 0.0, 0.1611),
        (1 / 29, 29, 0.0061, 0.1718),
        (1.0, 1, 0.2065, 1.0),
    ],
)
def test_a_wilson_interval_has_its_known_ends(
    value: float, count: int, low: float, high: float
) -> None:
    assert wilson(value, count) == pytest.approx((low, high), abs=1e-4)


def test_a_wilson_interval_of_no_trial_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one trial"):
        wilson(1.0, 0)


@pytest.mark.parametrize("answers", [1, 5])
@pytest.mark.parametrize(("right", "low", "high"), [(1.0, 0.9874, 1.0), (0.0, 0.0, 0.0126)])
def test_where_all_users_agree_a_share_has_a_wilson_interval_with_one_trial_a_user(
    answers: int, right: float, low: float, high: float
) -> None:
    interval = share([[right] * answers] * 300, seed=1)
    assert (interval.value, interval.count, interval.users) == (right, 300 * answers, 300)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=1e-4)


def test_one_user_and_users_with_only_ties_have_an_interval_with_a_width() -> None:
    assert share([[1.0, 0.0]], seed=1).high - share([[1.0, 0.0]], seed=1).low > 0.8
    ties = share([[0.5]] * 100, seed=1)
    assert (ties.low, ties.high) == pytest.approx((0.4038, 0.5962), abs=1e-4)


@pytest.mark.parametrize("users", [20, 60, 300])
@pytest.mark.parametrize("truth", [0.5, 0.8, 0.95, 0.985, 0.999])
def test_a_share_covers_the_truth_in_nine_of_ten_samples_also_at_the_edge(
    users: int, truth: float
) -> None:
    covered = 0.0
    for right in range(users + 1):
        probability = comb(users, right) * truth**right * (1 - truth) ** (users - right)
        if probability > 1e-4:
            interval = share([[1.0]] * right + [[0.0]] * (users - right), seed=right)
            covered += probability * (interval.low - 1e-9 <= truth <= interval.high + 1e-9)
    assert covered > 0.9


@pytest.mark.parametrize("seed", range(20))
def test_a_share_is_inside_its_interval_and_the_interval_inside_0_and_1(seed: int) -> None:
    rng = np.random.default_rng(seed)
    users = int(rng.integers(1, 40))
    chance = rng.choice([0.0, 0.02, 0.5, 0.98, 1.0])
    answers = [(rng.random(int(rng.integers(1, 6))) < chance).astype(float) for _ in range(users)]
    interval = share([row.tolist() for row in answers], seed=seed)
    assert 0 <= interval.low <= interval.value <= interval.high <= 1
    assert interval.low < interval.high


def test_an_interval_is_wider_when_the_answers_of_a_user_are_the_same() -> None:
    rng = np.random.default_rng(0)
    answers = rng.random((60, 10)) < 0.7
    repeated = np.repeat(answers[:, :1], 10, axis=1)
    independent, dependent = share(answers.tolist(), seed=1), share(repeated.tolist(), seed=1)
    assert dependent.high - dependent.low > 2 * (independent.high - independent.low)
    assert independent.low < 0.7 < independent.high
    assert independent == share(answers.tolist(), seed=1)


def test_a_share_of_no_answers_is_an_error_and_a_user_without_answers_does_not_count() -> None:
    with pytest.raises(ValueError, match="no answer"):
        share([[]], seed=1)
    assert share([[], [1.0], [1.0]], seed=1).users == 2


def test_a_mean_is_inside_its_interval_and_one_value_has_no_width() -> None:
    interval = mean(np.random.default_rng(5).normal(0.3, 0.1, 200).tolist())
    assert interval.low < 0.3 < interval.high
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * 0.1 / 200**0.5, rel=0.2)
    single = mean([0.5])
    assert single.low == single.value == single.high == 0.5


def test_a_paired_difference_is_narrower_than_the_two_means() -> None:
    rng = np.random.default_rng(2)
    second = rng.normal(0.5, 0.2, 300)
    first = second + rng.normal(0.05, 0.02, 300)
    difference = paired_difference(first.tolist(), second.tolist())
    assert difference.low < 0.05 < difference.high
    of_first = mean(first.tolist())
    assert difference.high - difference.low < 0.01 < of_first.high - of_first.low
    with pytest.raises(ValueError, match="3 values cannot be paired with 2"):
        paired_difference([1, 2, 3], [1, 2])


def test_a_difference_of_zero_for_every_user_is_no_share_and_has_no_width() -> None:
    columns = {"right": np.ones(50), "difference": np.zeros(50)}
    resampling = Resampling(draws=DRAWS, seed=0)
    intervals = weighted_means(np.ones(50), columns, resampling, shares=["right"])
    assert intervals["difference"].low == intervals["difference"].high == 0
    assert intervals["right"].low == pytest.approx(wilson(1.0, 50)[0])


def test_a_mean_over_seeds_counts_each_set_the_same_and_varies_with_seeds_and_users() -> None:
    rng = np.random.default_rng(1)
    sets = [(rng.random(100) < 0.6).astype(float), (rng.random(20) < 0.9).astype(float)]
    one_seed = mean_over_seeds([sets])
    assert one_seed.value == pytest.approx((sets[0].mean() + sets[1].mean()) / 2)
    assert one_seed.low < one_seed.value < one_seed.high
    shifted = [np.clip(split - 0.3, 0, 1) for split in sets]
    two_seeds = mean_over_seeds([sets, shifted])
    assert two_seeds.high - two_seeds.low > one_seed.high - one_seed.low
    certain = mean_over_seeds([[np.ones(30), np.ones(30)]])
    assert (certain.low, certain.high) == pytest.approx(wilson(1.0, 60))


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        (Interval(0.9812, 0.9734, 0.9881), "0.981 (0.973-0.988)"),
        (Interval(0.9998, 0.9996, 0.9999), "1.000 (0.999-1.000)"),
        (Interval(0.0001, 0.0, 0.0002), "0.000 (0.000-0.001)"),
        (Interval(-0.02, -0.03, -0.01), "-0.020 (-0.030--0.010)"),
    ],
)
def test_an_interval_is_never_rounded_to_no_width(interval: Interval, text: str) -> None:
    assert str(interval) == text
