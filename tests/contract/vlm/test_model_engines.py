"""Every engine keeps what `shared.vlm.protocol` promises, on the model that ships."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from PIL import Image

from shared.domain.taste import ELEMENTS, Taste
from shared.prompting import rationale as reason
from shared.vlm.factory import EngineLoader, Model
from shared.vlm.protocol import Candidate, References, ScoredCandidate
from tests.contract.vlm.engines import ENGINES, candidates, drawings, opener, settings_for

pytestmark = [pytest.mark.model, pytest.mark.timeout(1200)]


@pytest.fixture(params=ENGINES)
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[EngineLoader]:
    async with opener(settings_for(request.param, request))() as opened:
        yield opened


@pytest.fixture
async def model(engine: EngineLoader) -> Model:
    return await asyncio.to_thread(engine.load_release)


async def test_it_says_which_model_and_which_weights_answer(
    engine: EngineLoader, model: Model
) -> None:
    assert engine.name == "preferthinker-nano"
    assert model.model_version.startswith("nano-")


async def test_scores_are_distributions_and_differ_between_images(model: Model) -> None:
    scores = await model.score(candidates(6))
    for one in scores:
        for element in ELEMENTS:
            assert len(one.digits[element]) == 6
            assert sum(one.digits[element]) == pytest.approx(1, abs=1e-5)
        assert 0 <= one.total <= 25
    assert len({tuple(one.digits.values()) for one in scores}) == 6


async def test_answers_come_in_the_order_asked_whoever_else_asks(model: Model) -> None:
    asked = candidates(6)
    forth, back = await asyncio.gather(model.score(asked), model.score(asked[::-1]))
    (alone,) = await model.score(asked[:1])
    for one, other in zip([*forth, alone], [*back[::-1], forth[0]], strict=True):
        for element in ELEMENTS:
            assert one.digits[element] == pytest.approx(other.digits[element], abs=1e-3)


async def test_reasons_agree_with_the_scores_they_were_asked_for(model: Model) -> None:
    asked = candidates(4)
    scored = [ScoredCandidate(c, s) for c, s in zip(asked, await model.score(asked), strict=True)]
    told = await model.explain(scored)
    for one, reasons in zip(scored, told, strict=True):
        for element, text in reasons.by_element.items():
            assert reason.agrees(text, one.scores.mode(element)), text
    kept = sum(len(reasons.by_element) for reasons in told)
    assert kept + sum(len(reasons.problems) for reasons in told) == 4 * len(ELEMENTS)
    assert kept >= 10


async def test_predictions_and_descriptions_are_whole(model: Model) -> None:
    images = drawings(10)
    asked = [References(images[:5], images[5:]), References(images[:1], images[1:2])]
    for predicted in await model.predict(asked):
        assert predicted.problems == ()
        assert set(predicted.likes) == set(predicted.dislikes) == set(ELEMENTS)
    for described in await model.describe(images[:4]):
        assert described.problems == ()
        assert set(described.words) == set(ELEMENTS)
        assert all(described.words.values())


async def test_images_of_any_shape_and_mode_are_scored(model: Model) -> None:
    shapes = [
        Image.new("L", (1, 1)), Image.new("P", (5, 400)), Image.new("RGBA", (900, 3)),
        Image.new("1", (84, 84)), Image.new("CMYK", (30, 30)), Image.new("I;16", (64, 64)),
    ]  # fmt: skip
    scores = await model.score([Candidate(Taste(), image) for image in shapes])
    assert len(scores) == len(shapes)


async def test_nothing_asked_is_nothing_answered(model: Model) -> None:
    assert await model.predict([]) == await model.describe([]) == await model.score([]) == []
    assert await model.explain([]) == await model.compare([]) == []


async def test_a_caller_that_gives_up_spoils_nobody_elses_answers(model: Model) -> None:
    impatient = asyncio.create_task(model.score(candidates(8)))
    patient = asyncio.create_task(model.score(candidates(2)))
    await asyncio.sleep(0.01)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    assert len(await patient) == 2
