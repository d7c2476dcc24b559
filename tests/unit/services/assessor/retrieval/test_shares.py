"""The places of a shortlist are divided by what is known of the user."""

import pytest
from pydantic import ValidationError

from services.assessor.config import AssessorSettings
from services.assessor.steps.retrieval.shares import SourceShares

SHARES = SourceShares(popular=0.1, new=0.1, explored=0.05)


@pytest.mark.parametrize(
    ("words", "likes", "expected"),
    [
        (True, False, {"taste": 0.75}),
        (False, True, {"likes": 0.75}),
        (True, True, {"taste": 0.675, "likes": 0.075}),
    ],
)
def test_the_taste_has_the_places_that_other_sources_leave(
    words: bool, likes: bool, expected: dict[str, float]
) -> None:
    shares = SHARES.for_taste(words=words, likes=likes)
    assert shares == {**expected, "popular": 0.1, "new": 0.1, "explored": 0.05}
    assert sum(shares.values()) == pytest.approx(1)


def test_a_user_without_a_taste_gets_popular_images_in_its_places() -> None:
    shares = SHARES.for_taste(words=False, likes=False)
    assert shares == {"popular": 0.85, "new": 0.1, "explored": 0.05}


def test_a_source_without_a_share_is_off() -> None:
    only_taste = SourceShares(popular=0, new=0, explored=0)
    assert only_taste.for_taste(words=True, likes=False) == {"taste": 1.0}


def test_shares_of_more_than_the_whole_are_refused_with_the_names_of_the_settings() -> None:
    with pytest.raises(
        ValidationError, match=r"PREFERSTREAM_RETRIEVAL_NEW_SHARE.* add up to 1\.05"
    ):
        AssessorSettings(retrieval_popular_share=0.5, retrieval_new_share=0.5)
    with pytest.raises(ValueError, match="more than 1"):
        SourceShares(popular=0.5, new=0.5, explored=0.1)


def test_shares_may_leave_nothing_for_the_taste() -> None:
    AssessorSettings(
        retrieval_popular_share=0.7, retrieval_new_share=0.2, retrieval_explore_share=0.1
    )
    whole = SourceShares(popular=0.7, new=0.2, explored=0.1)
    assert "taste" not in whole.for_taste(words=True, likes=True)
