"""The weights of a user follow what separates liked images, and start at the population's."""

import numpy as np
import pytest

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.taste import ELEMENTS, Element
from shared.domain.weights.weight_estimation import (
    PRIOR_SUBJECT,
    ScoredImages,
    Separations,
    own_element_weights,
    subject_share,
)

POPULATION = ElementWeights(art_style=0.5, color=2.25, medium=0.25, saturation=1.5, detail=0.5)
COLOR = ELEMENTS.index(Element.COLOR)


def images(*, by: int, count: int, seed: int = 1) -> ScoredImages:
    """Images with random digits, of which the user likes those with a high score of one element."""
    scores = np.random.default_rng(seed).choice([0.0, 2.5, 2.5, 5.0], size=(count, len(ELEMENTS)))
    return ScoredImages(scores, scores[:, by] > 2.5, np.ones(count))


def test_a_user_who_goes_by_one_element_gets_its_weight() -> None:
    for by, element in enumerate(ELEMENTS):
        weights = own_element_weights(images(by=by, count=120), EQUAL_WEIGHTS)
        assert max(ELEMENTS, key=lambda e: weights[e]) == element
        assert weights[element] > 1.8


def test_the_weights_move_away_from_the_population_with_the_evidence() -> None:
    by_detail = ELEMENTS.index(Element.DETAIL)
    few, some, many = (
        own_element_weights(images(by=by_detail, count=n), POPULATION).detail for n in (6, 40, 300)
    )
    assert POPULATION.detail < few + 0.1 < some < many


@pytest.mark.parametrize("liked", [True, False])
def test_images_of_one_side_alone_leave_the_population_weights(liked: bool) -> None:
    one_side = ScoredImages(np.full((9, 5), 5.0), np.full(9, liked), np.ones(9))
    assert own_element_weights(one_side, POPULATION) == POPULATION
    nothing = ScoredImages(np.zeros((0, 5)), np.zeros(0, np.bool_), np.zeros(0))
    assert own_element_weights(nothing, POPULATION) == POPULATION


def test_references_that_every_element_separates_hardly_change_the_population_weights() -> None:
    stated = ScoredImages(
        np.repeat([5.0, 0.0], 5)[:, None] * np.ones(5), np.arange(10) < 5, np.ones(10)
    )
    weights = own_element_weights(stated, POPULATION)
    for element in ELEMENTS:
        assert weights[element] == pytest.approx(POPULATION[element], abs=0.15)


def test_images_with_contradictory_feedback_keep_the_weights_near_the_population() -> None:
    both = images(by=COLOR, count=20)
    contradictory = ScoredImages(
        np.concatenate([both.elements, both.elements]),
        np.concatenate([both.is_liked, ~both.is_liked]),
        np.ones(40),
    )
    weights = own_element_weights(contradictory, EQUAL_WEIGHTS)
    assert max(abs(weight - 1) for weight in weights.in_order) < 0.3


@pytest.mark.parametrize(
    ("separations", "low", "high"),
    [
        (None, PRIOR_SUBJECT, PRIOR_SUBJECT),
        (Separations(5.0, 1.0, references=5), 0.9, 1.0),
        (Separations(1.2, 1.6, references=5), 0.1, 0.2),
        (Separations(900.0, 0.0, references=5), 0.99, 1.0),
        # Both separate everything: the words explain it.
        (Separations(9.0, 2500.0, references=5), 0.1, 0.3),
        (Separations(-900.0, 900.0, references=5), PRIOR_SUBJECT * 4 / 9, PRIOR_SUBJECT * 4 / 9),
        (Separations(-900.0, 900.0, references=40), 0.03, 0.05),
    ],
)  # fmt: skip
def test_the_share_of_the_subject_follows_what_separates_better(
    separations: Separations | None, low: float, high: float
) -> None:
    assert low <= subject_share(separations) <= high


def test_thin_evidence_leaves_the_share_near_that_of_all_users() -> None:
    def distance(references: int, *, one_sided: bool) -> float:
        separations = Separations(2.0, 0.5, references, one_sided=one_sided)
        return subject_share(separations) - PRIOR_SUBJECT

    by_count = [distance(n, one_sided=False) for n in (2, 3, 5, 20)]
    assert by_count == sorted(by_count)
    assert 0 < distance(2, one_sided=True) < distance(2, one_sided=False)


def test_a_look_that_is_known_in_part_leaves_more_to_the_subject() -> None:
    shares = [
        subject_share(Separations(1.5, 1.0, references=5, known_look=known))
        for known in (1.0, 0.6, 0.0)
    ]
    assert shares == sorted(shares)
    assert shares[0] < PRIOR_SUBJECT < 0.45 < shares[1]
