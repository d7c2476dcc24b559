"""How sure a model is of a pair comes from its digits, and adds up."""

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from shared.domain.element_weights import EQUAL, ElementWeights
from shared.domain.taste import ELEMENTS, Element, Taste
from shared.vlm.protocol import Candidate, Scores
from tests.training.job.models import PROFILE, Known, brightness
from training.job.evidence.cases import taste_of
from training.job.evidence.pair_scoring import Asked, rank
from training.statistics.score_comparison import probability_higher

COLOR_FIRST = ElementWeights(art_style=0.5, color=2.25, medium=0.25, saturation=1.5, detail=0.5)


def _scores(seed: int, weights: ElementWeights = EQUAL) -> Scores:
    rng = np.random.default_rng(seed)
    return Scores({e: tuple(rng.dirichlet(np.ones(6))) for e in ELEMENTS}, weights)


@pytest.mark.parametrize("weights", [EQUAL, COLOR_FIRST], ids=["alike", "color first"])
def test_the_probability_is_what_drawing_the_digits_gives(weights: ElementWeights) -> None:
    one, other = _scores(1, weights), _scores(2, weights)
    rng = np.random.default_rng(0)

    def drawn(scores: Scores) -> np.ndarray:
        digits = {e: rng.choice(6, size=200_000, p=scores.digits[e]) for e in ELEMENTS}
        return np.round(sum(weights[e] * digits[e] for e in ELEMENTS), 6)

    a, b = drawn(one), drawn(other)
    expected = (a > b).mean() + (a == b).mean() / 2
    assert probability_higher(one, other) == pytest.approx(expected, abs=0.004)


def test_both_sides_of_a_pair_add_up_to_one() -> None:
    one, other = _scores(3), _scores(4)
    assert probability_higher(one, other) + probability_higher(other, one) == pytest.approx(1)


def test_a_tie_counts_half_and_the_brighter_image_wins() -> None:
    bright, dark = (Image.new("RGB", (4, 4), (level,) * 3) for level in (230, 20))
    taste = taste_of(PROFILE)
    asked = [Asked(taste, bright, dark), Asked(taste, dark, bright), Asked(Taste(), bright, dark)]
    assert [answer.right for answer in rank(Known(), asked)] == [1.0, 0.0, 0.5]


class ColorAlone(Known):
    """Bright pictures have the color, dark ones everything else."""

    def score(self, candidates: Sequence[Candidate]) -> list[Scores]:
        return [self._told(brightness(one.image) > 0.5) for one in candidates]

    def _told(self, bright: bool) -> Scores:
        digits = dict.fromkeys(ELEMENTS, 2 if bright else 3) | {Element.COLOR: 5 if bright else 2}
        rows = {e: tuple(float(d == digit) for d in range(6)) for e, digit in digits.items()}
        return Scores(rows, self.element_weights)


def test_a_pair_is_ordered_by_the_models_weights_or_by_those_that_are_given() -> None:
    bright, dark = (Image.new("RGB", (4, 4), (level,) * 3) for level in (230, 20))
    asked = [Asked(taste_of(PROFILE), bright, dark)]
    model = ColorAlone(element_weights=COLOR_FIRST)
    assert [answer.right for answer in rank(model, asked)] == [1.0]
    assert [answer.right for answer in rank(model, asked, weights=EQUAL)] == [0.0]
