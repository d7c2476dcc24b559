"""Words that references share are learned where they predict other users, and nowhere else."""

import numpy as np
import pytest

from shared.domain.taste import ELEMENTS, Element
from training.job.examples.hindsight.readings import Readings
from training.job.examples.hindsight.shared_words.acceptance import (
    LEAST_USERS,
    LEAST_Z,
    SharedWords,
    accepted_words,
)
from training.job.examples.hindsight.shared_words.components import principal_components
from training.job.examples.hindsight.shared_words.sides import Floats, Ints, Sides, ratio_to_mean

CLASSES, WORDS = 4, 8
STYLE, COLOR = Element.ART_STYLE, Element.COLOR


class Planted:
    """Users whose sides share a style and a color; a style is read as any word of two."""

    def __init__(self, *, users: int = 48, images: int = 320, seed: int = 1) -> None:
        self.rng = np.random.default_rng(seed)
        self.truth = self.rng.integers(CLASSES, size=images)
        self.color = self.rng.integers(CLASSES, size=images)
        centers = self.rng.normal(size=(CLASSES, 24))
        self.vectors = centers[self.truth] + 0.7 * self.rng.normal(size=(images, 24))
        self.users = np.array([*range(users), *range(users)])
        # Every side shares one style and one color in five images of six.
        self.sides = [self._side() for _ in self.users]

    def _side(self, size: int = 6) -> Ints:
        style, color = self.rng.integers(CLASSES, size=2)
        both = np.flatnonzero((self.truth == style) & (self.color == color))
        chosen = self.rng.permutation(both)[: size - 1]
        return np.unique([*chosen, self.rng.integers(len(self.truth))])

    def readings(self) -> Readings:
        """Styles are scattered over two words and often wrong, colors are right, others one."""
        images = len(self.truth)
        scattered = 2 * self.truth + self.rng.integers(2, size=images)
        is_wrong = self.rng.random(images) < 0.4
        scattered = np.where(is_wrong, self.rng.integers(WORDS, size=images), scattered)
        words = {e: _rows(np.zeros(images, np.int64), 2) for e in ELEMENTS}
        words |= {STYLE: _rows(scattered, WORDS + 1), COLOR: _rows(self.color, CLASSES + 1)}
        return Readings(words, np.ones(images, np.bool_))

    def accepted(self) -> dict[Element, SharedWords]:
        return accepted_words(self.readings(), self.vectors, self.sides, self.users)


def _rows(numbers: Ints, size: int) -> Floats:
    rows = np.full((len(numbers), size), 0.03 / size)
    rows[np.arange(len(numbers)), numbers] += 0.97
    return rows


def _right(truth: Ints, words: Floats) -> float:
    """Share of the images whose word is that of most images of their class."""
    named = words.argmax(axis=1)
    counts = np.zeros((CLASSES, words.shape[1]))
    np.add.at(counts, (truth, named), 1)
    assert len(set(counts.argmax(axis=1).tolist())) == CLASSES, "two classes got one word"
    return float(counts.max(axis=1).sum() / len(truth))


def test_classes_that_are_read_as_several_words_get_one_word_and_right_readings_stay() -> None:
    planted = Planted()
    accepted = planted.accepted()
    assert set(accepted) == {STYLE}, "colors are read right, and others have one word"
    style = accepted[STYLE]
    assert style.z >= LEAST_Z
    assert style.gain > 0.1
    before = _right(planted.truth, planted.readings().words[STYLE])
    assert before < 0.5
    assert _right(planted.truth, style.images) > 0.85
    assert np.allclose(style.images.sum(axis=1), 1)
    assert np.allclose(style.sides.sum(axis=1), 1)
    assert style.images.shape == (320, WORDS + 1)
    assert style.sides.shape == (96, WORDS + 1)
    assert not style.images[:, -1].any(), "no image gets the place of all other words"


def test_sides_get_the_word_of_their_images() -> None:
    planted = Planted()
    style = planted.accepted()[STYLE]
    named = style.images.argmax(axis=1)
    right = [
        (named[side] == words.argmax()).sum() >= len(side) / 2
        for side, words in zip(planted.sides, style.sides, strict=True)
    ]
    assert np.mean(right) > 0.9


@pytest.mark.parametrize("seed", range(6))
def test_random_references_teach_nothing(seed: int) -> None:
    planted = Planted(users=32, images=160, seed=seed)
    planted.sides = [planted.rng.choice(160, 6, replace=False) for _ in planted.users]
    assert planted.accepted() == {}


def test_too_few_users_teach_nothing_even_with_many_sides() -> None:
    planted = Planted()
    planted.users = planted.users % (LEAST_USERS - 1)
    assert planted.accepted() == {}
    planted.users = np.zeros_like(planted.users)
    assert planted.accepted() == {}
    planted.users, planted.sides = planted.users[:0], []
    assert planted.accepted() == {}


def test_constant_vectors_merge_nothing_and_raise_no_error() -> None:
    planted = Planted(users=32, images=160)
    planted.vectors = np.ones_like(planted.vectors)
    assert principal_components(planted.vectors, 16).shape == (160, 1)
    assert COLOR not in planted.accepted()


def test_components_are_standardized_and_at_most_as_many_as_wanted() -> None:
    features = principal_components(np.random.default_rng(1).normal(size=(200, 40)), 16)
    assert features.shape == (200, 17)
    assert np.allclose(features[:, :-1].mean(axis=0), 0, atol=1e-9)
    assert np.allclose((features**2).mean(axis=0), 1)
    few = principal_components(np.random.default_rng(1).normal(size=(5, 40)), 16)
    assert few.shape == (5, 5)


def test_elements_without_words_or_with_one_are_left_as_they_are() -> None:
    planted = Planted(users=32, images=160)
    readings = planted.readings()
    readings.words[Element.MEDIUM] = np.ones((160, 1))
    accepted = accepted_words(readings, planted.vectors, planted.sides, planted.users)
    assert set(accepted) <= {STYLE}


def test_an_image_on_several_sides_counts_as_often() -> None:
    words = np.array([[0.7, 0.3], [0.6, 0.4], [0.2, 0.8]])
    sides = Sides.of([np.array([0, 1]), np.array([0, 2])])
    mean = words.mean(axis=0)
    targets = sides.targets(words, ratio_to_mean(words, mean), mean)
    assert np.allclose(targets.sum(axis=1), 1)
    assert targets[0, 0] > 0.7 > targets[2, 0], "each side draws the image to its own word"


def test_no_element_is_fitted_after_the_deadline() -> None:
    planted = Planted(users=32, images=160)
    accepted = accepted_words(
        planted.readings(), planted.vectors, planted.sides, planted.users, is_late=lambda: True
    )
    assert accepted == {}
