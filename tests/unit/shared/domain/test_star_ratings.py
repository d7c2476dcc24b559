"""Stars follow the scores: by the place in the folder, or by the score."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.images.star_ratings import By, stars_of


def test_quantiles_give_the_documented_shares() -> None:
    stars = stars_of({n: float(n) for n in range(1000)}, by="quantile")
    assert Counter(stars.values()) == {5: 100, 4: 200, 3: 400, 2: 200, 1: 100}
    assert stars[999] == 5
    assert stars[0] == 1


def test_score_bands_are_equal_parts_of_the_scale() -> None:
    stars = stars_of({n: n for n in (0.0, 4.99, 5.0, 12.5, 19.99, 20.0, 25.0)}, by="score")
    assert stars == {0.0: 1, 4.99: 1, 5.0: 2, 12.5: 3, 19.99: 4, 20.0: 5, 25.0: 5}


def test_one_photograph_is_in_the_middle_of_its_folder() -> None:
    assert stars_of({"a": 3.0}, by="quantile") == {"a": 3}
    assert stars_of({}, by="quantile") == {}


@pytest.mark.parametrize("by", ["quantile", "score"])
@given(scores=st.lists(st.floats(0, 25), max_size=30))
def test_a_higher_score_never_has_fewer_stars(by: By, scores: list[float]) -> None:
    stars = stars_of(dict(enumerate(scores)), by=by)
    for a, score in enumerate(scores):
        for b, other in enumerate(scores):
            assert score < other or stars[a] >= stars[b]
            assert score != other or stars[a] == stars[b]
