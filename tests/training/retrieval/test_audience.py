"""The measure of audiences: matched pairs, baselines with as many, references that never count."""

import numpy as np
import pytest

from training.evaluation.controls import OTHER_USER, USER_BLIND
from training.retrieval.audience import RANDOM, Pairs, rows

LIKES = np.array([[True, False, True, False], [False, True, False, False]])


def pairs(scores: list[list[float]]) -> Pairs:
    return Pairs(np.array(scores), LIKES)


def test_the_audience_is_right_where_scores_agree_with_likes() -> None:
    measured = {row.name: row for row in rows(pairs([[20, 5, 18, 5], [5, 20, 5, 5]]), 15.0, seed=0)}
    assert [*measured] == ["audience from 15", RANDOM, USER_BLIND, OTHER_USER]
    audience = measured["audience from 15"]
    assert (audience.precision.value, audience.recall.value) == (1.0, 1.0)
    assert {row.precision.count for row in measured.values()} == {3}
    # The other user's scores are high exactly where this user dislikes the image.
    assert measured[OTHER_USER].precision.value == 0.0


def test_references_are_no_pairs() -> None:
    nan = float("nan")
    (audience, *others) = rows(pairs([[nan, 20, 18, 5], [5, 20, 5, nan]]), 15.0, seed=0)
    assert audience.precision.count == 3
    # Of the three likes one is of a reference.
    assert audience.recall.count == 2
    assert all(row.precision.count == 3 for row in others)


def test_a_score_that_no_pair_has_is_an_error() -> None:
    with pytest.raises(ValueError, match="no answer"):
        rows(pairs([[1, 1, 1, 1], [1, 1, 1, 1]]), 15.0, seed=0)
