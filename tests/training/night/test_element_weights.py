"""From clicks alone it is found how much elements count, and only where that can be shown."""

import numpy as np
import pytest

from shared.reason import agrees, phrase
from training.night.element_weights import LEAST, alike, learn

TRUE = np.array([0.1, 0.45, 0.05, 0.3, 0.1])


def _clicked(weights: np.ndarray, *, pairs: int, seed: int = 0) -> tuple:  # type: ignore[type-arg]
    """Pairs of digits, the better first by people who weigh elements so and click with chance."""
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(0, 5, (pairs, 5)), rng.uniform(0, 5, (pairs, 5))
    first = rng.random(pairs) < 1 / (1 + np.exp(-1.8 * (a - b) @ weights))
    better, worse = np.where(first[:, None], a, b), np.where(first[:, None], b, a)
    users = [f"u{n % 60}" for n in range(pairs)]
    return better, worse, users


def test_weights_are_found_within_what_one_night_may_change() -> None:
    better, worse, users = _clicked(TRUE, pairs=1_000)
    found = learn(better, worse, users=users, weights=[1.0] * 1_000)
    assert found.counts[1] == 1.0
    assert found.counts[3] == pytest.approx(0.67, abs=0.12)
    assert [found.counts[n] for n in (0, 2, 4)] == [LEAST] * 3
    assert "color 1.00" in found.told


def test_people_who_count_elements_alike_change_nothing() -> None:
    changed = 0
    for seed in range(20):
        better, worse, users = _clicked(np.full(5, 0.2), pairs=400, seed=seed)
        changed += not learn(better, worse, users=users, weights=[1.0] * 400).are_equal
    assert changed <= 1


def test_flipped_clicks_turn_no_element_round() -> None:
    better, worse, users = _clicked(TRUE, pairs=600)
    found = learn(worse, better, users=users, weights=[1.0] * 600)
    assert all(LEAST <= count <= 1.0 for count in found.counts)


def test_digits_are_told_nearer_to_the_middle_and_say_the_same() -> None:
    better, worse, users = _clicked(TRUE, pairs=1_000)
    weights = learn(better, worse, users=users, weights=[1.0] * 1_000)
    rng = np.random.default_rng(1)
    told = np.stack([weights.drawn(np.full((4_000, 5), digit), rng) for digit in range(6)])
    assert told[:, :, 1].std(axis=1).max() == 0  # the weightiest as it is
    assert set(np.unique(told[5, :, 0])) == {4}
    assert set(np.unique(told[0, :, 0])) == {1}
    for digit in range(6):
        for relation in ("liked", "disliked", "toward_liked", "toward_disliked", "neither"):
            said = phrase("red", relation, anchor="blue")  # type: ignore[arg-type]
            if agrees(said, digit):
                assert all(agrees(said, int(d)) for d in np.unique(told[digit]))


def test_nothing_to_learn_from_leaves_digits_as_they_are() -> None:
    empty = np.empty((0, 5))
    assert learn(empty, empty, users=[], weights=[]) == alike()
    digits = np.arange(5)
    assert alike().drawn(digits, np.random.default_rng(0)) is digits
