"""Every engine fulfills `shared.vlm.protocol`, on the shipped model."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from PIL import Image

from shared.domain.taste import ELEMENTS, Taste
from shared.prompting import rationale
from shared.vlm.factory import EngineLoader, Model
from shared.vlm.protocol import References, ScoredInput, ScoringInput
from tests.contract.vlm.engines import ENGINES, candidates, drawings, opener, settings_for

pytestmark = [pytest.mark.model, pytest.mark.timeout(1200)]


@pytest.fixture(params=ENGINES)
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[EngineLoader]:
    async with opener(settings_for(request.param, request))() as opened:
        yield opened


@pytest.fixture
async def model(engine: EngineLoader) -> Model:
    return await asyncio.to_thread(engine.load_release)


async def test_the_engine_reports_the_models_name_and_version(
    engine: EngineLoader, model: Model
) -> None:
    assert engine.name == "preferthinker-nano"
    assert model.model_version.startswith("nano-")


async def test_scores_are_distributions_and_differ_between_images(model: Model) -> None:
    scores = await model.score(candidates(6))
    for image_scores in scores:
        for element in ELEMENTS:
            assert len(image_scores.digits[element]) == 6
            assert sum(image_scores.digits[element]) == pytest.approx(1, abs=1e-5)
        assert 0 <= image_scores.total <= 25
    assert len({tuple(image_scores.digits.values()) for image_scores in scores}) == 6


async def test_results_are_in_the_order_of_the_inputs_for_concurrent_callers(model: Model) -> None:
    inputs = candidates(6)
    forward, backward = await asyncio.gather(model.score(inputs), model.score(inputs[::-1]))
    (alone,) = await model.score(inputs[:1])
    for scores, expected in zip([*forward, alone], [*backward[::-1], forward[0]], strict=True):
        for element in ELEMENTS:
            assert scores.digits[element] == pytest.approx(expected.digits[element], abs=1e-3)


async def test_rationales_agree_with_their_scores(model: Model) -> None:
    inputs = candidates(4)
    scored = [ScoredInput(c, s) for c, s in zip(inputs, await model.score(inputs), strict=True)]
    explained = await model.explain(scored)
    for candidate, rationales in zip(scored, explained, strict=True):
        for element, text in rationales.by_element.items():
            assert rationale.agrees(text, candidate.scores.mode(element)), text
    kept = sum(len(rationales.by_element) for rationales in explained)
    assert kept + sum(len(rationales.problems) for rationales in explained) == 4 * len(ELEMENTS)
    assert kept >= 10


async def test_predictions_and_descriptions_are_complete(model: Model) -> None:
    images = drawings(10)
    references = [References(images[:5], images[5:]), References(images[:1], images[1:2])]
    for predicted in await model.predict(references):
        assert predicted.problems == ()
        assert set(predicted.preference) == set(predicted.non_preference) == set(ELEMENTS)
    for described in await model.describe(images[:4]):
        assert described.problems == ()
        assert set(described.words) == set(ELEMENTS)
        assert all(described.words.values())


async def test_images_of_any_shape_and_mode_are_scored(model: Model) -> None:
    shapes = [
        Image.new("L", (1, 1)), Image.new("P", (5, 400)), Image.new("RGBA", (900, 3)),
        Image.new("1", (84, 84)), Image.new("CMYK", (30, 30)), Image.new("I;16", (64, 64)),
    ]  # fmt: skip
    scores = await model.score([ScoringInput(Taste(), image) for image in shapes])
    assert len(scores) == len(shapes)


async def test_no_input_gives_no_result(model: Model) -> None:
    assert await model.predict([]) == await model.describe([]) == await model.score([]) == []
    assert await model.explain([]) == await model.compare([]) == []


async def test_a_cancelled_caller_does_not_affect_the_results_of_others(model: Model) -> None:
    cancelled = asyncio.create_task(model.score(candidates(8)))
    remaining = asyncio.create_task(model.score(candidates(2)))
    await asyncio.sleep(0)  # both calls have started
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert len(await remaining) == 2
