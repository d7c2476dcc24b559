"""The subject is scored by the similarity to references, and weighed by what separates them."""

import numpy as np
import pytest

from shared.domain.subject_weight import subject_weight
from shared.embedding.images.affinity import affinity
from shared.embedding.images.subject import SubjectReferences, separation
from shared.embedding.protocol import Vectors

DIMENSION = 32


def images(rng: np.random.Generator, subject: int, count: int, *, noise: float = 0.5) -> Vectors:
    """Unit vectors near one axis; the noise is the same for every subject."""
    vectors = noise * rng.random((count, DIMENSION)).astype(np.float32)
    vectors[:, subject] += 1
    units: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return units


def references(*, liked: int = 0, disliked: int = 1, seed: int = 1) -> SubjectReferences:
    rng = np.random.default_rng(seed)
    return SubjectReferences(images(rng, liked, 5), images(rng, disliked, 5))


def test_a_reference_left_out_has_the_affinity_to_all_others() -> None:
    both = references()
    liked, disliked = both.left_out()
    rest = np.delete(both.liked, 2, axis=0)
    assert liked[2] == pytest.approx(affinity(both.liked[2:3], rest, both.disliked)[0], abs=1e-5)
    rest = np.delete(both.disliked, 0, axis=0)
    expected = affinity(both.disliked[:1], both.liked, rest)[0]
    assert disliked[0] == pytest.approx(expected, abs=1e-5)


def test_images_like_the_liked_references_score_high_and_others_low() -> None:
    rng = np.random.default_rng(2)
    both = references()
    assert both.scores(images(rng, 0, 8)).min() > 3.5
    assert both.scores(images(rng, 1, 8)).max() < 1.5
    between = both.scores(images(rng, 7, 8))
    assert abs(between.mean() - 2.5) < 1.2


def test_scores_stay_within_their_range() -> None:
    extreme = np.eye(DIMENSION, dtype=np.float32)[:2]
    same = SubjectReferences(np.repeat(extreme[:1], 4, 0), np.repeat(extreme[1:], 4, 0))
    scores = same.scores(extreme)
    assert ((scores >= 0) & (scores <= 5)).all()
    assert scores[0] > 4.9 > 0.1 > scores[1]


def test_references_that_share_the_subject_are_hardly_separated() -> None:
    different = separation(*references(liked=0, disliked=1).left_out())
    alike = np.mean(
        [separation(*references(liked=0, disliked=0, seed=s).left_out()) for s in range(20)]
    )
    assert different > 3
    assert alike < 0.5


def test_the_separation_is_in_standard_deviations() -> None:
    assert separation([3, 4, 5], [1, 2, 3]) == pytest.approx(2)
    assert separation([1, 2, 3], [3, 4, 5]) == pytest.approx(-2)
    assert np.isfinite(separation([1, 1, 1], [0, 0, 0]))


@pytest.mark.parametrize(
    ("subject", "look", "low", "high"),
    [(5.0, 1.0, 0.99, 1.0), (1.2, 1.5, 0.0, 0.1), (2.0, 1.5, 0.5, 0.5), (900.0, 0.0, 0.99, 1.0),
     (-900.0, 0.0, 0.0, 0.01)],
)  # fmt: skip
def test_the_weight_follows_what_separates_the_references_better(
    subject: float, look: float, low: float, high: float
) -> None:
    assert low <= subject_weight(subject=subject, look=look).weight <= high


@pytest.mark.parametrize(
    ("liked", "disliked", "enough"), [(3, 3, True), (2, 9, False), (9, 0, False)]
)
def test_three_references_of_each_side_are_needed(liked: int, disliked: int, enough: bool) -> None:
    rng = np.random.default_rng(3)
    both = SubjectReferences(images(rng, 0, liked), images(rng, 1, disliked))
    assert both.are_enough is enough
