"""Clicks a slate are those of the Open Bandit Pipeline, and placements are those of FairPairs."""

from uuid import UUID

import numpy as np
import pytest

from services.assessor.steps.reranking.exploration import fair_pairs, propensity
from training.statistics.offpolicy.examination import look_rates, placements
from training.statistics.offpolicy.slate_value import ShownImages, Value, slate_sums, value_of

RATES = np.array([0.9, 0.6, 0.3])
IMAGES = ShownImages(
    slates=np.repeat(np.arange(4), 3),
    viewed=np.array([1, 1, 0, 1, 0, 0, 1, 1, 1, 1, 1, 0.0]),
    clicked=np.array([1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0.0]),
    logged=np.array([0.88, 0.61, 0.31, 0.9, 0.58, 0.3, 0.87, 0.63, 0.29, 0.9, 0.6, 0.3]),
    predicted=np.array([0.5, 0.4, 0.1, 0.2, 0.6, 0.3, 0.7, 0.2, 0.4, 0.3, 0.5, 0.2]),
)
TARGET = RATES[np.array([1, 0, 2, 2, 1, 0, 0, 2, 1, 1, 0, 2])]


@pytest.mark.parametrize(
    ("kind", "value"),
    [("logged", 1.0), ("snips", 1.2833196421170534), ("dr", 1.1726411331272835)],
)
def test_values_are_those_of_the_open_bandit_pipeline(kind: Value, value: float) -> None:
    """Computed once by obp 0.4.1: SNIPS of the looks, and DR with a look as one of two actions of
    each image, each times the decisions a slate."""
    sums = slate_sums(IMAGES, TARGET).sum(axis=0)
    assert value_of(sums, np.array(4.0))[kind] == pytest.approx(value, abs=1e-12)


def test_the_weighted_clicks_are_those_of_the_item_position_model() -> None:
    """`SlateIndependentIPS` of obp 0.4.1 (Li et al. 2018) with the same propensities."""
    assert slate_sums(IMAGES, TARGET)[:, 2].sum() / 4 == pytest.approx(1.3213166144200628)


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("count", [2, 3, 7, 8])
def test_placements_have_the_probabilities_of_the_assessor(share: float, count: int) -> None:
    for seed in range(40):
        shown = fair_pairs(count, share=share, seed=UUID(int=seed))
        result = placements(
            tuple(place.propensity for place in shown), tuple(place.explored for place in shown)
        )
        assert result.ranks[:, 0].tolist() == [place.origin for place in shown]
        assert result.probabilities.sum(axis=1) == pytest.approx(1)
        for row, place in enumerate(shown):
            for rank, chance in zip(result.ranks[row], result.probabilities[row], strict=True):
                if chance:
                    expected = propensity(place.origin, int(rank), count=count, share=share)
                    assert chance == pytest.approx(expected)


def test_an_image_placed_in_another_way_counts_as_placed_where_it_is() -> None:
    result = placements((0.1, 0.1, 0.1), (False, False, False))
    assert result.looks(RATES) == pytest.approx(RATES)


def test_the_looks_of_a_swapped_image_are_those_of_its_own_rank() -> None:
    shown = next(
        places
        for seed in range(99)
        if (places := fair_pairs(3, share=1.0, seed=UUID(int=seed)))[0].origin == 1
    )
    looks = placements(
        tuple(place.propensity for place in shown), tuple(place.explored for place in shown)
    ).looks(RATES)
    assert looks[0] == pytest.approx(0.5 * RATES[1] + 0.25 * RATES[0] + 0.25 * RATES[2])


def test_a_rank_without_a_look_is_rare_and_not_impossible() -> None:
    assert look_rates(np.array([99.0, 9.0]), np.array([99.0, 0.0])) == pytest.approx([0.995, 0.05])
