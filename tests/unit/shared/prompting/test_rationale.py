"""A rationale agrees with a score only if it claims the matching relation."""

import pytest

from shared.prompting.rationale import RELATIONS, Relation, agrees, claimed_relation, rationale


@pytest.mark.parametrize("relation", RELATIONS)
def test_the_claim_of_a_written_rationale_is_recognized(relation: Relation) -> None:
    assert claimed_relation(rationale("cubism", relation, anchor="mosaic")) == relation


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
def test_each_claim_agrees_only_with_its_scores(relation: Relation, digits: set[int]) -> None:
    text = rationale("cubism", relation, anchor="mosaic")
    assert {digit for digit in range(6) if agrees(text, digit)} == digits


@pytest.mark.parametrize("text", ["", "cubism", "a nice picture", "it looks like rain"])
def test_a_rationale_without_a_claim_agrees_with_no_score(text: str) -> None:
    assert claimed_relation(text) is None
    assert not any(agrees(text, digit) for digit in range(6))


def test_capitals_do_not_matter() -> None:
    assert claimed_relation("Red Is DISLIKED") == "disliked"
