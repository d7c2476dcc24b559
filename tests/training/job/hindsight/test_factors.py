"""Words of several elements are fitted together, and clicked pairs judge which of them change."""

from itertools import product

import numpy as np
import pytest

from shared.domain.taste import ELEMENTS, Element
from training.job.examples.hindsight.readings import Readings
from training.job.examples.hindsight.shared_words.acceptance import LEAST_Z, accepted_words
from training.job.examples.hindsight.shared_words.agreement import fit_agreement
from training.job.examples.hindsight.shared_words.clicked_pairs import ClickedPairs
from training.job.examples.hindsight.shared_words.components import joined, principal_components
from training.job.examples.hindsight.shared_words.factors import fit_factors, without
from training.job.examples.hindsight.shared_words.sides import Floats, Ints, Sides

STYLE, MEDIUM = Element.ART_STYLE, Element.MEDIUM
STYLES, MEDIUMS, IMAGES, USERS = 5, 3, 600, 80


class TwoFactors:
    """Images of a style and a medium; each side shares both, and both are often read wrongly."""

    def __init__(self, seed: int = 1) -> None:
        self.rng = np.random.default_rng(seed)
        sizes = (STYLES, MEDIUMS)
        self.truth = np.stack([self.rng.integers(size, size=IMAGES) for size in sizes], axis=1)
        means = [self.rng.normal(size=(size, 20)) for size in sizes]
        noise = 0.6 * self.rng.normal(size=(IMAGES, 20))
        self.vectors = noise + sum(m[self.truth[:, k]] for k, m in enumerate(means))
        self.combinations = list(product(range(STYLES), range(MEDIUMS)))
        self.tastes = [
            self.rng.choice(len(self.combinations), 2, replace=False) for _ in range(USERS)
        ]
        self.sides = [self._side(int(t[side])) for side in (0, 1) for t in self.tastes]
        self.users = np.array([*range(USERS), *range(USERS)])

    def _side(self, combination: int) -> Ints:
        same = np.flatnonzero((self.truth == self.combinations[combination]).all(axis=1))
        return self.rng.choice(same, 5, replace=False)

    def readings(self, right: float = 0.5) -> Readings:
        words = {e: _rows(np.zeros(IMAGES, np.int64), 2) for e in ELEMENTS}
        for k, (element, size) in enumerate(((STYLE, STYLES), (MEDIUM, MEDIUMS))):
            is_right = self.rng.random(IMAGES) < right
            read = np.where(is_right, self.truth[:, k], self.rng.integers(size, size=IMAGES))
            words[element] = _rows(read, size + 1)
        return Readings(words, np.ones(IMAGES, np.bool_))

    def pairs(self, count: int = 40) -> ClickedPairs:
        """Clicks of images that show more of what the user likes and less of the disliked."""
        rows = []
        for user, (liked, disliked) in enumerate(self.tastes):
            up, down = (np.array(self.combinations[int(n)]) for n in (liked, disliked))
            appeal = (self.truth == up).sum(axis=1) - (self.truth == down).sum(axis=1)
            for a, b in self.rng.integers(IMAGES, size=(count, 2)):
                if appeal[a] != appeal[b]:
                    rows.append((user, *((a, b) if appeal[a] > appeal[b] else (b, a))))
        user, better, worse = np.array(rows, np.int64).T
        return ClickedPairs(user, better, worse, np.ones(len(user)))


def _rows(numbers: Ints, size: int) -> Floats:
    rows = np.full((len(numbers), size), 0.03 / size)
    rows[np.arange(len(numbers)), numbers] += 0.97
    return rows


def _usual(rows: Floats) -> Floats:
    return np.asarray(rows[:, :-1] / rows[:, :-1].sum(axis=1, keepdims=True))


def test_factors_tell_both_elements_better_than_the_readings() -> None:
    world = TwoFactors()
    readings = world.readings()
    words = {e: _usual(readings.words[e]) for e in (STYLE, MEDIUM)}
    doubted = {e: 0.85 * rows + 0.15 * rows.mean(axis=0) for e, rows in words.items()}
    sides = Sides.of(world.sides)
    agreed = fit_agreement(
        doubted, [STYLE, MEDIUM], principal_components(world.vectors, 16), sides, turns=15
    )
    features = principal_components(world.vectors, 16)[:, :-1]
    fitted = fit_factors(list(words.values()), list(agreed.values()), features, sides, turns=15)
    for k, of_element in enumerate(fitted):
        right = (of_element.alone.argmax(axis=1) == world.truth[:, k]).mean()
        assert right > 0.9, "the words of images keep their names"
        for rows in (of_element.alone, of_element.images, of_element.sides):
            assert np.allclose(rows.sum(axis=1), 1)
        named = of_element.sides.argmax(axis=1)
        true = [world.combinations[int(t[side])][k] for side in (0, 1) for t in world.tastes]
        assert (named == true).mean() > 0.9


def test_both_elements_are_accepted_and_constant_ones_stay() -> None:
    world = TwoFactors()
    accepted = accepted_words(world.readings(), world.vectors, world.sides, world.users)
    assert set(accepted) == {STYLE, MEDIUM}
    assert all(words.z >= LEAST_Z for words in accepted.values())
    for k, element in enumerate((STYLE, MEDIUM)):
        assert (accepted[element].images.argmax(axis=1) == world.truth[:, k]).mean() > 0.9


def test_clicked_pairs_add_an_element_that_references_alone_refuse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from training.job.examples.hindsight.shared_words import acceptance

    world = TwoFactors()
    readings, pairs = world.readings(), world.pairs()
    original = acceptance._Judge.gain

    def refuses_the_medium(self, element, fits, *, given_others=False):  # type: ignore[no-untyped-def]
        if given_others and element is MEDIUM:
            return 0.0, 0.0
        return original(self, element, fits, given_others=given_others)

    monkeypatch.setattr(acceptance._Judge, "gain", refuses_the_medium)
    arguments = (readings, world.vectors, world.sides, world.users)
    assert set(accepted_words(*arguments)) == {STYLE}
    assert set(accepted_words(*arguments, pairs=pairs)) == {STYLE, MEDIUM}
    flipped = ClickedPairs(pairs.user, pairs.worse, pairs.better, pairs.weight)
    assert set(accepted_words(*arguments, pairs=flipped)) == {STYLE}


def test_pairs_are_right_where_the_clicked_image_shows_the_liked_words() -> None:
    words = {STYLE: np.array([[0.99, 0.01], [0.01, 0.99], [0.99, 0.01], [0.01, 0.99]])}
    sides = Sides.of([np.array([0]), np.array([1])])
    pairs = ClickedPairs(
        np.array([0, 0, 0]), np.array([2, 3, 2]), np.array([3, 2, 0]), np.array([1.0, 2.0, 4.0])
    )
    assert pairs.right(words, sides).tolist() == [1.0 + 0.5 * 4.0]
    assert pairs.z(np.array([2.0, 1.0]), np.array([2.0, 1.0])) == 0


def test_known_words_leave_no_trace_in_features() -> None:
    rng = np.random.default_rng(3)
    color = _rows(rng.integers(4, size=400), 4)
    features = color @ rng.normal(size=(4, 8)) + 0.1 * rng.normal(size=(400, 8))
    rest = without(features, [color])
    assert rest.std() < 0.2 < features.std()


def test_each_encoder_has_the_same_total_variance() -> None:
    rng = np.random.default_rng(1)
    both = joined([100 * rng.normal(size=(50, 3)), 0.01 * rng.normal(size=(50, 6))])
    assert both.shape == (50, 9)
    totals = [(both[:, part] ** 2).sum(axis=1).mean() for part in (slice(3), slice(3, 9))]
    assert np.allclose(totals, 1)
    assert np.isfinite(joined([np.ones((4, 2))])).all()
