"""The judge of predicted tastes scores as serving does, and reads each taste once."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.element_weights import EQUAL
from shared.taste import Element
from shared.vlm.protocol import Candidate, PredictedTaste
from shared.vlm.transformers_engine import TransformersEngine
from shared.vote import taste_by_vote
from tests.training import tuned
from training.tuning.judge import AT_ONCE, WORTH_SHARING, EngineJudge

CUBISM, MOSAIC = (
    taste_by_vote([PredictedTaste({Element.ART_STYLE: words}, {})])
    for words in (("cubism",), ("mosaic", "pop art"))
)
IMAGES = [
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (84, 84, 3), np.uint8))
    for seed in range(AT_ONCE + 2)
]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tuned.write_base(tmp_path_factory.mktemp("base") / "tiny")


@pytest.mark.parametrize(
    "asked",
    [
        [Candidate(taste, image) for taste in (CUBISM, MOSAIC) for image in IMAGES[:5]],
        [Candidate(CUBISM, image) for image in IMAGES],
        [Candidate(MOSAIC, IMAGES[0])],
        [Candidate(CUBISM, IMAGES[0])] * 4,
        [Candidate(MOSAIC, IMAGES[0]), *[Candidate(CUBISM, image) for image in IMAGES[:5]]],
        [],
    ],
    ids=[
        "two tastes",
        "more than at once",
        "one image",
        "one image again",
        "one and several",
        "none",
    ],
)
def test_totals_are_those_that_serving_gives(base: Path, asked: list[Candidate]) -> None:
    served = [scores.total for scores in TransformersEngine(base).score(asked)]
    assert EngineJudge(base, EQUAL).totals(asked) == pytest.approx(served, abs=1e-3)


def test_a_taste_is_read_once_for_all_its_images(base: Path) -> None:
    def tokens(images: int) -> int:
        judge = EngineJudge(base, EQUAL)
        read: list[int] = []
        layer = judge.engine.model.model.language_model.layers[0]
        layer.register_forward_pre_hook(lambda _, told: read.append(told[0].shape[:2].numel()))
        judge.totals([Candidate(MOSAIC, image) for image in IMAGES[:images]])
        return sum(read)

    some, more, most = (tokens(WORTH_SHARING + more) for more in range(3))
    assert most - more == more - some < some / WORTH_SHARING
