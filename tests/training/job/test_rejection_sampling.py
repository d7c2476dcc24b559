"""What a drawing's totals say depends on what elements count to those who clicked."""

from pathlib import Path

import numpy as np

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.taste import ELEMENTS, Element
from shared.vlm.protocol import Scores
from tests.fakes.model import certain
from tests.training.job.models import heard
from training.job.examples.rejection_sampling import ScoredPair, drawn

COLOR_FIRST = ElementWeights(art_style=0.5, color=2.25, medium=0.25, saturation=1.5, detail=0.5)


def _digits(*, color: int, others: int) -> Scores:
    return Scores(dict.fromkeys(ELEMENTS, certain(others)) | {Element.COLOR: certain(color)})


def test_a_click_is_imitated_as_it_was_scored_where_it_agrees_with_what_counts(
    tmp_path: Path,
) -> None:
    better, worse = _digits(color=5, others=3), _digits(color=0, others=5)
    pair = ScoredPair(heard(tmp_path, "u"), better, worse)
    assert drawn(pair, EQUAL_WEIGHTS, np.random.default_rng(1)) is None
    agreed = drawn(pair, COLOR_FIRST, np.random.default_rng(1))
    assert agreed is not None
    assert agreed.better == dict.fromkeys(ELEMENTS, 3) | {Element.COLOR: 5}
    assert agreed.worse == dict.fromkeys(ELEMENTS, 5) | {Element.COLOR: 0}
