"""Calibration errors and probabilities of a higher score have known values."""

import numpy as np
import pytest

from shared.domain.taste import ELEMENTS
from shared.vlm.protocol import Scores
from tests.fakes.scores import certain_scores
from training.statistics.calibration import calibration
from training.statistics.score_comparison import probability_higher


def test_equal_scores_are_an_even_chance_and_certain_ones_are_certain() -> None:
    low, high = (certain_scores(digit) for digit in (1, 3))
    assert probability_higher(high, low) == 1
    assert probability_higher(low, high) == 0
    assert probability_higher(low, low) == 0.5
    unsure = Scores(dict.fromkeys(ELEMENTS, (0.5, 0, 0, 0, 0, 0.5)))
    assert probability_higher(unsure, unsure) == pytest.approx(0.5)


def test_the_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    assert calibration([0.9] * 9 + [0.1]).error == pytest.approx(0)
    assert calibration([0.9, 0.1]).error == pytest.approx(0.4)
    assert calibration([0.5, 0.5]).error == pytest.approx(0)


def test_pairs_count_by_their_weights() -> None:
    weighted = calibration([0.9, 0.1], weights=np.array([9.0, 1.0]))
    assert weighted.error == pytest.approx(0)
    assert [b.pairs for b in weighted.bins] == [2]
    assert weighted.bins[0].right == pytest.approx(0.9)


def test_a_probability_on_an_edge_belongs_to_the_bin_that_begins_there() -> None:
    edges = [0.5 + 0.05 * k for k in range(11)]
    assert [b.pairs for b in calibration(edges).bins] == [1] * 9 + [2]


def test_a_calibration_of_no_pairs_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one pair"):
        calibration([])
