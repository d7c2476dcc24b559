"""The reward model scores as serving does, with the element weights of the trained model."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.taste import Element
from shared.prompting.prediction_voting import taste_by_vote
from shared.vlm.engine.transformers_engine import TransformersEngine
from shared.vlm.protocol import PredictedTaste, ScoringInput
from tests.training.finetuning import tiny_runs
from training.finetuning.grpo.reward_model import EngineRewardModel

CUBISM, MOSAIC = (
    taste_by_vote([PredictedTaste({Element.ART_STYLE: words}, {})])
    for words in (("cubism",), ("mosaic", "pop art"))
)
IMAGES = [
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (84, 84, 3), np.uint8))
    for seed in range(5)
]
CANDIDATES = [ScoringInput(taste, image) for taste in (CUBISM, MOSAIC, CUBISM) for image in IMAGES]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_runs.write_base(tmp_path_factory.mktemp("base") / "tiny")


def test_totals_equal_those_of_the_serving_engine(base: Path) -> None:
    served = [scores.total for scores in TransformersEngine(base).score(CANDIDATES)]
    assert EngineRewardModel(base, EQUAL_WEIGHTS).totals(CANDIDATES) == pytest.approx(
        served, abs=1e-3
    )
    assert len(set(served)) == 2 * len(IMAGES)
    assert EngineRewardModel(base, EQUAL_WEIGHTS).totals([]) == []


def test_totals_use_the_element_weights_of_the_trained_model(base: Path) -> None:
    weights = ElementWeights(color=0, detail=2)
    plain, weighted = (
        EngineRewardModel(base, w).totals(CANDIDATES) for w in (EQUAL_WEIGHTS, weights)
    )
    assert plain != pytest.approx(weighted, abs=1e-2)


def test_a_profile_and_an_image_are_scored_once_however_often_they_come(base: Path) -> None:
    model = EngineRewardModel(base, EQUAL_WEIGHTS)
    first = model.totals(CANDIDATES)
    assert model.computed == 2 * len(IMAGES)  # the first and the third profile are equal
    copies = [ScoringInput(c.taste, c.image.copy()) for c in reversed(CANDIDATES)]
    assert model.totals(copies) == first[::-1]
    assert model.computed == 2 * len(IMAGES)
