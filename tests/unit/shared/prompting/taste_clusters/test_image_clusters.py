"""Groups of image vectors are tastes when they are as far apart as likes and dislikes."""

import numpy as np
import numpy.typing as npt
import pytest

from shared.prompting.taste_clusters.image_clusters import image_clusters

Vectors = npt.NDArray[np.float32]
BIRDS, SHIPS, FLOWERS, PORTRAITS = range(4)


def pictures(subject: int, count: int, *, seed: int = 0) -> Vectors:
    """Vectors near the direction of a subject, with a part that all pictures share.

    Flowers resemble all subjects a little more than those resemble each other.
    """
    rng = np.random.default_rng((seed, subject))
    vectors = rng.normal(0, 0.05, (count, 64))
    vectors[:, subject] += 0.8
    vectors[:, -1] += 0.8 if subject == FLOWERS else 0.5
    unit: Vectors = (vectors / np.linalg.norm(vectors, axis=1)[:, None]).astype(np.float32)
    return unit


def test_likes_of_two_kinds_are_two_tastes() -> None:
    liked = np.concatenate([pictures(BIRDS, 5), pictures(SHIPS, 4)])
    assert image_clusters(liked, pictures(FLOWERS, 5)) == [(0, 1, 2, 3, 4), (5, 6, 7, 8)]


def test_likes_of_three_kinds_are_three_tastes() -> None:
    liked = np.concatenate([pictures(kind, 5) for kind in (BIRDS, SHIPS, PORTRAITS)])
    assert len(image_clusters(liked, pictures(FLOWERS, 5))) == 3


@pytest.mark.parametrize("seed", range(10))
def test_likes_of_one_kind_are_one_taste(seed: int) -> None:
    assert image_clusters(pictures(BIRDS, 20, seed=seed), pictures(FLOWERS, 5)) == []


def test_a_second_kind_of_few_likes_is_no_taste() -> None:
    liked = np.concatenate([pictures(BIRDS, 9), pictures(SHIPS, 3)])
    assert image_clusters(liked, pictures(FLOWERS, 5)) == []


def test_without_enough_dislikes_nothing_is_compared() -> None:
    liked = np.concatenate([pictures(BIRDS, 5), pictures(SHIPS, 5)])
    assert image_clusters(liked, pictures(FLOWERS, 3)) == []


def test_two_subjects_are_one_taste_when_the_dislikes_are_further_away() -> None:
    # Birds and ships of one look; the disliked pictures have another look.
    look = np.zeros(64, np.float32)
    look[40] = 1.5
    liked = np.concatenate([pictures(BIRDS, 5), pictures(SHIPS, 5)]) + look
    liked /= np.linalg.norm(liked, axis=1)[:, None]
    assert image_clusters(liked, pictures(FLOWERS, 5)) == []
