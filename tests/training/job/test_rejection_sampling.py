"""Which samples agree with a click depends on the element weights."""

from pathlib import Path

import numpy as np

from shared.domain.element_weights import EQUAL_WEIGHTS
from shared.domain.taste import ELEMENTS, Element
from tests.fakes.scores import COLOR_FIRST, color_scores
from tests.training.job.models import feedback_case
from training.job.examples.rejection_sampling import ScoredPair, agreeing_sample


def test_a_sample_agrees_with_the_click_under_the_users_weights_only(
    tmp_path: Path,
) -> None:
    better, worse = color_scores(color=5, others=3), color_scores(color=0, others=5)
    pair = ScoredPair(feedback_case(tmp_path, "u"), better, worse)
    assert agreeing_sample(pair, EQUAL_WEIGHTS, np.random.default_rng(1)) is None
    agreed = agreeing_sample(pair, COLOR_FIRST, np.random.default_rng(1))
    assert agreed is not None
    assert agreed.better == dict.fromkeys(ELEMENTS, 3) | {Element.COLOR: 5}
    assert agreed.worse == dict.fromkeys(ELEMENTS, 5) | {Element.COLOR: 0}
