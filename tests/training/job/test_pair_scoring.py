"""The probability of a pair follows from the digits; the order from the weighted totals."""

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.taste import ELEMENTS, Taste
from shared.vlm.protocol import Scores, ScoringInput
from tests.fakes.scores import COLOR_FIRST, color_scores
from tests.training.job.models import PROFILE, BrightnessModel, brightness
from training.job.scoring.feedback_cases import taste_of
from training.job.scoring.pair_scoring import ImagePair, rank_pairs
from training.statistics.score_comparison import probability_higher


def _scores(seed: int, weights: ElementWeights = EQUAL_WEIGHTS) -> Scores:
    rng = np.random.default_rng(seed)
    return Scores({e: tuple(rng.dirichlet(np.ones(6))) for e in ELEMENTS}, weights)


@pytest.mark.parametrize("weights", [EQUAL_WEIGHTS, COLOR_FIRST], ids=["equal", "color first"])
def test_the_probability_equals_that_of_sampled_digits(weights: ElementWeights) -> None:
    one, other = _scores(1, weights), _scores(2, weights)
    rng = np.random.default_rng(0)

    def drawn(scores: Scores) -> np.ndarray:
        digits = {e: rng.choice(6, size=200_000, p=scores.digits[e]) for e in ELEMENTS}
        return np.round(sum(weights[e] * digits[e] for e in ELEMENTS), 6)

    a, b = drawn(one), drawn(other)
    expected = (a > b).mean() + (a == b).mean() / 2
    assert probability_higher(one, other) == pytest.approx(expected, abs=0.004)


def test_the_probabilities_of_both_orders_sum_to_one() -> None:
    one, other = _scores(3), _scores(4)
    assert probability_higher(one, other) + probability_higher(other, one) == pytest.approx(1)


def test_a_tie_counts_half_and_the_brighter_image_wins() -> None:
    bright, dark = (Image.new("RGB", (4, 4), (level,) * 3) for level in (230, 20))
    taste = taste_of(PROFILE)
    pairs = [
        ImagePair(taste, bright, dark),
        ImagePair(taste, dark, bright),
        ImagePair(Taste(), bright, dark),
    ]
    assert [result.right for result in rank_pairs(BrightnessModel(), pairs)] == [1.0, 0.0, 0.5]


class ColorModel(BrightnessModel):
    """Bright images have the preferred color, dark images all other preferred values."""

    def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]:
        return [self._scores(brightness(c.image) > 0.5) for c in candidates]

    def _scores(self, bright: bool) -> Scores:
        color, others = (5, 2) if bright else (2, 3)
        return color_scores(color=color, others=others, weights=self.element_weights)


def test_a_pair_is_ranked_by_the_models_weights_or_by_given_ones() -> None:
    bright, dark = (Image.new("RGB", (4, 4), (level,) * 3) for level in (230, 20))
    pairs = [ImagePair(taste_of(PROFILE), bright, dark)]
    model = ColorModel(element_weights=COLOR_FIRST)
    assert [result.right for result in rank_pairs(model, pairs)] == [1.0]
    results = rank_pairs(model, pairs, weights=EQUAL_WEIGHTS)
    assert [result.right for result in results] == [0.0]
