"""Element weights are learned from clicks, and used only where their gain is shown."""

import numpy as np
import pytest

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from training.job.examples.element_weights import MIN_WEIGHT, LearnedWeights, learn_weights

TRUE = np.array([0.1, 0.45, 0.05, 0.3, 0.1])
Clicked = tuple[np.ndarray, np.ndarray, list[str]]  # type: ignore[type-arg]


def _clicked(weights: np.ndarray, *, pairs: int, seed: int = 0) -> Clicked:  # type: ignore[type-arg]
    """Pairs of digits; users with these weights click on the first image, with noise."""
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(0, 5, (pairs, 5)), rng.uniform(0, 5, (pairs, 5))
    first = rng.random(pairs) < 1 / (1 + np.exp(-1.8 * (a - b) @ weights))
    better, worse = np.where(first[:, None], a, b), np.where(first[:, None], b, a)
    return better, worse, [f"u{n % 60}" for n in range(pairs)]


def _learned(clicked: Clicked, champion: ElementWeights = EQUAL_WEIGHTS) -> LearnedWeights:
    better, worse, users = clicked
    return learn_weights(better, worse, users=users, weights=[1.0] * len(users), champion=champion)


def test_the_true_weights_are_learned() -> None:
    learned = _learned(_clicked(TRUE, pairs=1_000))
    assert learned.accepted
    assert learned.weights.in_order == pytest.approx(5 * TRUE, abs=0.35)
    assert f"color {learned.weights.color:.2f}" in learned.summary


def test_the_rounded_weights_sum_to_five_exactly() -> None:
    for seed in range(5):
        weights = _learned(_clicked(TRUE, pairs=1_000, seed=seed)).weights.in_order
        assert sum(round(10_000 * weight) for weight in weights) == 50_000


def test_users_with_equal_weights_change_nothing() -> None:
    clicked = (_clicked(np.full(5, 0.2), pairs=400, seed=seed) for seed in range(20))
    assert sum(_learned(pairs).accepted for pairs in clicked) <= 1


def test_a_champion_with_the_right_weights_keeps_them() -> None:
    champion = _learned(_clicked(TRUE, pairs=2_000, seed=99)).weights
    later = [_learned(_clicked(TRUE, pairs=400, seed=n), champion) for n in range(20)]
    assert sum(learned.accepted for learned in later) <= 1
    assert later[0].weights == champion
    assert "unchanged" in later[0].summary


def test_changed_users_get_new_weights() -> None:
    champion = _learned(_clicked(TRUE, pairs=2_000)).weights
    other = np.array([0.45, 0.1, 0.3, 0.05, 0.1])
    learned = _learned(_clicked(other, pairs=1_000, seed=5), champion)
    assert learned.accepted
    assert learned.weights.in_order == pytest.approx(5 * other, abs=0.35)


def test_flipped_clicks_teach_nothing() -> None:
    for seed in range(10):
        better, worse, users = _clicked(TRUE, pairs=600, seed=seed)
        learned = learn_weights(
            worse, better, users=users, weights=[1.0] * 600, champion=EQUAL_WEIGHTS
        )
        assert not learned.accepted


def test_an_element_that_clicks_contradict_gets_the_least_weight() -> None:
    against = np.array([-0.3, 0.45, 0.2, 0.3, 0.1])
    learned = _learned(_clicked(against, pairs=1_000))
    assert learned.accepted
    assert learned.weights.art_style == MIN_WEIGHT == min(learned.weights.in_order)


def test_without_pairs_the_champions_weights_stay() -> None:
    empty = np.empty((0, 5))
    learned = learn_weights(empty, empty, users=[], weights=[], champion=EQUAL_WEIGHTS)
    assert learned == LearnedWeights(EQUAL_WEIGHTS)
