"""The subject is scored by the similarity to references, and weighed by what separates them."""

import numpy as np
import pytest

from shared.embedding.images.affinity import affinity
from shared.embedding.images.subject import SubjectReferences, no_vectors, separation
from shared.embedding.images.weighed_references import SUBJECT_DEVIATION
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
    def separated(disliked: int, seed: int = 1) -> float:
        sides = references(liked=0, disliked=disliked, seed=seed).left_out()
        return separation(*sides, prior_deviation=SUBJECT_DEVIATION)

    different = separated(1)
    alike = np.mean([separated(0, seed) for seed in range(20)])
    assert different > 3
    assert alike < 0.5


def test_the_separation_is_in_standard_deviations() -> None:
    many = np.tile([3.0, 4.0, 5.0], 1000)
    apart = separation(many, many - 2, prior_deviation=1)
    assert apart == pytest.approx(2 / many.std(), rel=0.01)
    assert separation(many - 2, many, prior_deviation=1) == -apart


def test_a_few_equal_scores_do_not_count_as_completely_apart() -> None:
    few, many = (separation([1.0] * count, [0.0] * count, prior_deviation=0.5) for count in (2, 20))
    assert few == pytest.approx(1 / np.sqrt(4 * 0.25 / 6))
    assert few < many < 10


@pytest.mark.parametrize(
    ("liked", "disliked", "enough"), [(3, 3, True), (2, 9, False), (9, 0, False)]
)
def test_three_references_of_each_side_are_needed(liked: int, disliked: int, enough: bool) -> None:
    rng = np.random.default_rng(3)
    both = SubjectReferences(images(rng, 0, liked), images(rng, 1, disliked))
    assert both.are_enough is enough


def background(seed: int = 7) -> Vectors:
    """Images of four other subjects and of the two that `one_sided` users see."""
    rng = np.random.default_rng(seed)
    return np.concatenate([images(rng, subject, 5) for subject in range(6)])


@pytest.mark.parametrize("count", [1, 2, 5])
def test_likes_alone_are_compared_with_other_images(count: int) -> None:
    rng = np.random.default_rng(4)
    likes = SubjectReferences(images(rng, 0, count), no_vectors(), background())
    assert likes.can_score
    alike, others = likes.scores(images(rng, 0, 8)), likes.scores(images(rng, 3, 8))
    assert alike.min() > others.max()
    assert alike.mean() > 2.5 > others.mean()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_dislikes_alone_lower_the_images_that_resemble_them(count: int) -> None:
    rng = np.random.default_rng(5)
    dislikes = SubjectReferences(no_vectors(), images(rng, 1, count), background())
    alike, others = dislikes.scores(images(rng, 1, 8)), dislikes.scores(images(rng, 4, 8))
    assert alike.max() < others.min()
    assert alike.mean() < 2.5 < others.mean()


def test_one_like_and_one_dislike_are_enough_with_a_background() -> None:
    rng = np.random.default_rng(6)
    both = SubjectReferences(images(rng, 0, 1), images(rng, 1, 1), background())
    liked, disliked = both.scores(images(rng, 0, 8)), both.scores(images(rng, 1, 8))
    assert liked.min() > 2.5 > disliked.max()


def test_two_other_images_give_a_moderate_scale() -> None:
    rng = np.random.default_rng(8)
    few = SubjectReferences(images(rng, 0, 1), no_vectors(), images(rng, 5, 2))
    scores = few.scores(images(rng, 0, 8))
    assert ((scores > 2.5) & (scores < 5)).all()


@pytest.mark.parametrize(
    ("liked", "disliked", "others", "possible"),
    [(2, 2, 0, True), (1, 5, 0, False), (1, 5, 8, True), (1, 0, 0, False), (0, 0, 9, False),
     (0, 1, 2, True)],
)  # fmt: skip
def test_scores_need_two_references_of_each_side_or_other_images(
    liked: int, disliked: int, others: int, possible: bool
) -> None:
    rng = np.random.default_rng(9)
    references = SubjectReferences(
        images(rng, 0, liked) if liked else no_vectors(),
        images(rng, 1, disliked) if disliked else no_vectors(),
        images(rng, 5, others) if others else no_vectors(),
    )
    assert references.can_score is possible
    if not possible:
        with pytest.raises(ValueError, match="check `can_score` first"):
            references.scores(images(rng, 0, 1))
