"""A PreferThinker checkpoint in this process: the points continue the stored profile."""

from pathlib import Path

import pytest

from shared.domain.taste import ELEMENTS
from shared.vlm.engine.transformers_engine import TransformersEngine
from shared.vlm.protocol import References, ScoredInput, ScoringInput
from tests.contract.vlm.engines import TASTES, picture
from tests.fakes.chat_servers.official_model import preferthinker
from tests.integration.vlm.without_manifest import copy_without_manifest, digits_one_by_one

pytestmark = pytest.mark.model
STYLE = preferthinker()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped weights without our manifest."""
    return copy_without_manifest(tmp_path_factory.mktemp("official") / "official")


@pytest.fixture(scope="module")
def engine(folder: Path) -> TransformersEngine:
    return TransformersEngine(folder, device="cpu", prompt_style=STYLE)


def test_each_digit_follows_the_profile_the_layout_and_the_models_own_digits(
    engine: TransformersEngine, folder: Path
) -> None:
    candidates = [ScoringInput(taste, picture(n)) for n, taste in enumerate(TASTES)]
    for candidate, scores in zip(candidates, engine.score(candidates), strict=True):
        for element, row in zip(
            ELEMENTS,
            digits_one_by_one(folder, STYLE.score(candidate.taste), candidate.image),
            strict=True,
        ):
            assert scores.digits[element] == pytest.approx(row, abs=1e-4)


def test_every_task_is_answered_although_the_model_never_saw_the_prompt(
    engine: TransformersEngine,
) -> None:
    images = [picture(n) for n in range(3)]
    predicted = engine.predict([References((images[0],), tuple(images[1:])), References((), ())])
    assert len(predicted) == 2
    (described,) = engine.describe(images[:1])
    assert set(described.words) <= set(ELEMENTS)
    candidate = ScoringInput(TASTES[0], images[0])
    (scores,) = engine.score([candidate])
    (rationales,) = engine.explain([ScoredInput(candidate, scores)])
    # The pattern holds the digits, so no rationale is for another score.
    assert not [problem for problem in rationales.problems if "for the score" in problem]
