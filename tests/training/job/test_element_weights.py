"""From clicks alone it is found how much elements count, and only where that can be shown."""

import numpy as np
import pytest

from shared.domain.element_weights import EQUAL, ElementWeights
from training.job.train.element_weights import LEAST, Learned, learn

TRUE = np.array([0.1, 0.45, 0.05, 0.3, 0.1])
Clicked = tuple[np.ndarray, np.ndarray, list[str]]  # type: ignore[type-arg]


def _clicked(weights: np.ndarray, *, pairs: int, seed: int = 0) -> Clicked:  # type: ignore[type-arg]
    """Pairs of digits, the better first by people who weigh elements so and click with chance."""
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(0, 5, (pairs, 5)), rng.uniform(0, 5, (pairs, 5))
    first = rng.random(pairs) < 1 / (1 + np.exp(-1.8 * (a - b) @ weights))
    better, worse = np.where(first[:, None], a, b), np.where(first[:, None], b, a)
    return better, worse, [f"u{n % 60}" for n in range(pairs)]


def _learned(clicked: Clicked, champion: ElementWeights = EQUAL) -> Learned:
    better, worse, users = clicked
    return learn(better, worse, users=users, weights=[1.0] * len(users), champion=champion)


def test_weights_are_found() -> None:
    found = _learned(_clicked(TRUE, pairs=1_000))
    assert found.believed
    assert found.weights.in_order == pytest.approx(5 * TRUE, abs=0.35)
    assert f"color {found.weights.color:.2f}" in found.told


def test_weights_sum_to_five_to_the_last_digit_that_is_written() -> None:
    for seed in range(5):
        found = _learned(_clicked(TRUE, pairs=1_000, seed=seed)).weights.in_order
        assert sum(round(10_000 * weight) for weight in found) == 50_000


def test_people_who_count_elements_alike_change_nothing() -> None:
    clicked = (_clicked(np.full(5, 0.2), pairs=400, seed=seed) for seed in range(20))
    assert sum(_learned(one).believed for one in clicked) <= 1


def test_a_champion_that_knows_the_weights_keeps_them() -> None:
    champion = _learned(_clicked(TRUE, pairs=2_000, seed=99)).weights
    later = [_learned(_clicked(TRUE, pairs=400, seed=n), champion) for n in range(20)]
    assert sum(one.believed for one in later) <= 1
    assert later[0].weights == champion
    assert "as they did" in later[0].told


def test_people_who_changed_are_followed() -> None:
    champion = _learned(_clicked(TRUE, pairs=2_000)).weights
    other = np.array([0.45, 0.1, 0.3, 0.05, 0.1])
    found = _learned(_clicked(other, pairs=1_000, seed=5), champion)
    assert found.believed
    assert found.weights.in_order == pytest.approx(5 * other, abs=0.35)


def test_flipped_clicks_teach_nothing() -> None:
    for seed in range(10):
        better, worse, users = _clicked(TRUE, pairs=600, seed=seed)
        found = learn(worse, better, users=users, weights=[1.0] * 600, champion=EQUAL)
        assert not found.believed


def test_an_element_that_clicks_go_against_counts_least_but_counts() -> None:
    against = np.array([-0.3, 0.45, 0.2, 0.3, 0.1])
    found = _learned(_clicked(against, pairs=1_000))
    assert found.believed
    assert found.weights.art_style == LEAST == min(found.weights.in_order)


def test_nothing_to_learn_from_leaves_the_champions_weights() -> None:
    empty = np.empty((0, 5))
    assert learn(empty, empty, users=[], weights=[], champion=EQUAL) == Learned(EQUAL)
