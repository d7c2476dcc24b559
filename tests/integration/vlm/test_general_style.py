"""A model without our manifest is asked in the general style: constrained JSON, chosen digits."""

import math
from pathlib import Path

import pytest

from shared.domain.taste import ELEMENTS
from shared.prompting.styles.general import GeneralStyle
from shared.vlm.engine.transformers_engine import TransformersEngine
from shared.vlm.protocol import References, ScoredInput, ScoringInput
from tests.contract.vlm.engines import TASTES, picture
from tests.integration.vlm.without_manifest import copy_without_manifest, digits_one_by_one

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped weights without our manifest: a model that knows nothing of these prompts."""
    return copy_without_manifest(tmp_path_factory.mktemp("stock") / "stock")


@pytest.fixture(scope="module")
def engine(folder: Path) -> TransformersEngine:
    return TransformersEngine(folder, device="cpu")


def test_every_answer_is_complete_although_the_model_never_saw_the_prompt(
    engine: TransformersEngine,
) -> None:
    images = [picture(n) for n in range(4)]
    (taste,) = engine.predict([References(tuple(images[:2]), tuple(images[2:]))])
    descriptions = engine.describe(images[:2])
    candidates = [ScoringInput(taste, image) for taste in TASTES[:2] for image in images[:2]]
    scores = engine.score(candidates)
    rationales = engine.explain(
        [ScoredInput(c, s) for c, s in zip(candidates[:2], scores, strict=False)]
    )
    # Its tokens can be cut off at the limit, and bytes that are no text are in another script.
    problems = [*taste.problems, *(p for d in descriptions for p in d.problems)]
    assert all("another script" in p or "no word" in p for p in problems), problems
    assert set(descriptions[0].words) <= set(ELEMENTS)
    for row in scores:
        assert all(math.isclose(sum(row.digits[e]), 1, abs_tol=1e-5) for e in ELEMENTS)
    assert len(rationales) == 2


def test_each_digit_is_read_after_the_digits_that_the_model_chose(
    engine: TransformersEngine, folder: Path
) -> None:
    candidates = [ScoringInput(TASTES[n % len(TASTES)], picture(n)) for n in range(3)]
    for candidate, scores in zip(candidates, engine.score(candidates), strict=True):
        expected = digits_one_by_one(folder, GeneralStyle().score(candidate.taste), candidate.image)
        for element, row in zip(ELEMENTS, expected, strict=True):
            assert scores.digits[element] == pytest.approx(row, abs=1e-4)
