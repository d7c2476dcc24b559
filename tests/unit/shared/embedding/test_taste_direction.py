"""A taste becomes a direction for each vector of an image, whose product orders the catalog."""

import numpy as np
import pytest

from shared.domain.element_weights import EQUAL_WEIGHTS
from shared.domain.taste import ELEMENTS
from shared.domain.weights.ranking_weights import RankingWeights
from shared.domain.weights.retrieval_weights import RetrievalWeights
from shared.embedding.protocol import Vectors
from shared.embedding.taste_direction import taste_directions
from shared.store.protocol import TasteVectors

SIZE = 4
WEIGHTS = RankingWeights.of(EQUAL_WEIGHTS, subject=0.5)


def axis(number: int) -> Vectors:
    vector: Vectors = np.eye(SIZE, dtype=np.float32)[number]
    return vector


def words(*, liked: int | None, disliked: int | None) -> TasteVectors:
    """One word of color a side, as blocks of the length that taste vectors have."""
    sides = []
    for word in (liked, disliked):
        blocks = np.zeros((len(ELEMENTS), SIZE), np.float32)
        if word is not None:
            blocks[1] = axis(word) / np.sqrt(5)
        sides.append(blocks.reshape(-1))
    return TasteVectors(*sides)


def test_the_liked_words_have_the_weight_of_their_element() -> None:
    directions = taste_directions(words(liked=0, disliked=1), (), (), weights=WEIGHTS)
    assert set(directions) == {"color"}
    assert directions["color"] @ axis(0) == pytest.approx(0.1 * 2.5)
    assert directions["color"] @ axis(1) == pytest.approx(-0.1 * 2.5)
    assert directions["color"] @ axis(2) == pytest.approx(0)


def test_the_references_count_as_the_subject_does() -> None:
    directions = taste_directions(None, [axis(0), axis(1)], [axis(2)], weights=WEIGHTS)
    np.testing.assert_allclose(directions["image"], [2.5, 2.5, -5, 0])
    assert directions["image"].dtype == np.float32


def test_nearly_equal_words_are_not_blown_up() -> None:
    same = taste_directions(words(liked=0, disliked=0), (), (), weights=WEIGHTS)
    assert same == {}


def test_one_side_alone_gives_a_direction() -> None:
    only_disliked = words(liked=None, disliked=1)
    directions = taste_directions(only_disliked, (), [axis(2)], weights=WEIGHTS)
    assert directions["color"] @ axis(1) < 0
    assert directions["image"] @ axis(2) < 0


def test_a_user_without_known_weights_goes_by_the_look() -> None:
    directions = taste_directions(words(liked=0, disliked=1), [axis(0)], (), weights=None)
    assert set(directions) == {"color"}


def test_other_factors_change_the_parts_and_leave_out_what_counts_nothing() -> None:
    factors = RetrievalWeights(color=5, subject=0)
    directions = taste_directions(
        words(liked=0, disliked=1), [axis(0)], (), weights=WEIGHTS, factors=factors
    )
    assert set(directions) == {"color"}
    assert directions["color"] @ axis(0) == pytest.approx(0.1 * 5)


def test_a_user_without_words_and_references_has_no_direction() -> None:
    assert taste_directions(None, (), (), weights=WEIGHTS) == {}
