"""Bets find a gain, and deceive seldom, however often one looks and whoever returns."""

import numpy as np
import pytest

from training.gate.nights.betting import gain_interval, log_capital

BOUND = 0.15
LIMIT = np.log(20)
RUNS = 400


def _ever_found(nights: list[np.ndarray], mean: float = 0.0) -> bool:
    capital = log_capital(nights, [mean] * len(nights), bound=BOUND)
    return bool((capital >= LIMIT).any())


def _gains(rng: np.random.Generator, people: int, mean: float, spread: float = 0.08) -> np.ndarray:
    """Two-point gains: their mean is exact, and they stay within the bound."""
    return mean + spread * rng.choice([-1.0, 1.0], size=people)


def test_equal_people_are_seldom_taken_for_better_on_any_of_thirty_nights() -> None:
    rng = np.random.default_rng(0)
    better = sum(_ever_found([_gains(rng, 60, 0.0) for _ in range(30)]) for _ in range(RUNS))
    assert better / RUNS <= 0.05


def test_skewed_gains_of_mean_zero_are_seldom_taken_for_better() -> None:
    rng = np.random.default_rng(1)

    def night() -> np.ndarray:
        return np.where(rng.random(60) < 0.9, 0.0166, -0.15)  # many small gains, few losses

    better = sum(_ever_found([night() for _ in range(7)]) for _ in range(RUNS))
    assert better / RUNS <= 0.05


def test_people_who_differ_and_return_every_night_do_not_make_an_equal_model_better() -> None:
    rng = np.random.default_rng(2)
    better = 0
    for _ in range(RUNS):
        own = rng.normal(0, 0.03, 60).clip(-0.07, 0.07)
        own -= own.mean()
        better += _ever_found([own + _gains(rng, 60, 0.0, 0.06) for _ in range(7)])
    assert better / RUNS <= 0.05


def test_a_gain_is_found() -> None:
    rng = np.random.default_rng(3)
    better = sum(_ever_found([_gains(rng, 80, 0.02) for _ in range(7)]) for _ in range(100))
    assert better >= 95


def test_the_interval_covers_the_mean_on_all_nights_at_once() -> None:
    rng = np.random.default_rng(4)
    missed = 0
    for _ in range(100):
        nights: list[np.ndarray] = []
        outside = False
        for _ in range(4):
            nights.append(_gains(rng, 40, 0.01))
            interval = gain_interval(nights, bound=BOUND)
            outside |= not interval.low <= 0.01 <= interval.high
        missed += outside
    assert missed <= 5


def test_the_interval_holds_the_means_that_no_bet_refutes() -> None:
    gains = _gains(np.random.default_rng(5), 200, 0.03)
    interval = gain_interval([gains], bound=BOUND, tail=0.025)
    inside = log_capital([gains], [interval.low + 1e-4], bound=BOUND)[0]
    outside = log_capital([gains], [interval.low - 1e-4], bound=BOUND)[0]
    assert inside < np.log(40) <= outside
    assert interval.low < gains.mean() < interval.high


@pytest.mark.parametrize("people", [0, 1])
def test_nobody_and_one_person_show_nothing(people: int) -> None:
    nights = [np.full(people, 0.15)]
    assert log_capital(nights, [0.0], bound=BOUND)[0] < LIMIT
    interval = gain_interval(nights, bound=BOUND)
    assert interval.low < -0.14
    assert interval.high == BOUND


def test_gains_of_exactly_zero_leave_the_stake_as_it_is() -> None:
    capital = log_capital([np.zeros(50), np.zeros(50)], [0.0, 0.0], bound=BOUND)
    assert capital == pytest.approx([0.0, 0.0])


@pytest.mark.parametrize("bad", [np.nan, 0.2, -np.inf])
def test_a_gain_outside_the_bound_is_an_error(bad: float) -> None:
    with pytest.raises(ValueError, match="night 2"):
        log_capital([np.zeros(3), np.array([0.0, bad])], [0.0, 0.0], bound=BOUND)


def test_the_order_of_nights_does_not_change_the_capital_after_all_of_them() -> None:
    rng = np.random.default_rng(6)
    nights = [_gains(rng, 30, 0.01), _gains(rng, 50, -0.01), np.empty(0)]
    one = log_capital(nights, [0.003] * 3, bound=BOUND)[-1]
    other = log_capital(nights[::-1], [0.003] * 3, bound=BOUND)[-1]
    assert one == pytest.approx(other)
