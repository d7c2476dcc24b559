"""A reason is kept only when it says the same as its score."""

import pytest

from shared.prompting.rationale import RELATIONS, Relation, agrees, phrase, relation_of


@pytest.mark.parametrize("relation", RELATIONS)
def test_what_a_phrase_claims_is_understood(relation: Relation) -> None:
    assert relation_of(phrase("cubism", relation, anchor="mosaic")) == relation


@pytest.mark.parametrize(
    ("relation", "digits"),
    [
        ("liked", {4, 5}),
        ("disliked", {0, 1}),
        ("neither", {1, 2, 3}),
        ("unknown", {1, 2, 3}),
        ("toward_liked", {3, 4, 5}),
        ("toward_disliked", {0, 1, 2}),
    ],
)
def test_each_claim_agrees_with_its_digits_alone(relation: Relation, digits: set[int]) -> None:
    told = phrase("cubism", relation, anchor="mosaic")
    assert {digit for digit in range(6) if agrees(told, digit)} == digits


@pytest.mark.parametrize("claimless", ["", "cubism", "a nice picture", "it looks like rain"])
def test_a_reason_that_claims_nothing_agrees_with_no_score(claimless: str) -> None:
    assert relation_of(claimless) is None
    assert not any(agrees(claimless, digit) for digit in range(6))


def test_capitals_do_not_matter() -> None:
    assert relation_of("Red Is DISLIKED") == "disliked"
