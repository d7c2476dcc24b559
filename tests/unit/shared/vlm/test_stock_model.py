"""A stock model at any server of the OpenAI API gives whole or honestly partial answers."""

from collections.abc import AsyncIterator

import pytest
from PIL import Image, ImageDraw

from shared.domain.errors import Unavailable
from shared.domain.taste import ELEMENTS, Element, Taste, TasteSide, WeightedWord
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.factory import open_model
from shared.vlm.protocol import References, ScoredInput, ScoringInput
from shared.vlm.settings import ModelSettings
from tests.fakes.stock_model import NAME, THOUGHT, StockModel


def picture(color: str, number: int = 0) -> Image.Image:
    image = Image.new("RGB", (64, 64), color)
    ImageDraw.Draw(image).rectangle((0, 0, number, 2), "gray")
    return image


RED = tuple(picture("#e01010", n) for n in range(5))
BLUE = tuple(picture("#1010e0", n) for n in range(5))
LIKES_RED = Taste(
    preference=TasteSide(color=(WeightedWord(word="red", weight=1),)),
    non_preference=TasteSide(color=(WeightedWord(word="blue", weight=1),)),
)
SLATE = [ScoringInput(LIKES_RED, image) for image in (BLUE[0], RED[0])]


@pytest.fixture
async def server() -> AsyncIterator[StockModel]:
    async with StockModel().running() as started:
        yield started


@pytest.fixture
def settings(server: StockModel) -> ModelSettings:
    return ModelSettings(model_server=server.address)


COMPLETE = ["json", "fenced", "prose", "thinking", "british", "text", "single_quotes"]


@pytest.mark.parametrize("write", COMPLETE)
@pytest.mark.parametrize("refuses_schemas", [False, True])
async def test_a_taste_is_complete_however_the_answer_is_written(
    server: StockModel, settings: ModelSettings, write: str, refuses_schemas: bool
) -> None:
    server.write, server.refuses_schemas = write, refuses_schemas
    async with open_model(settings) as model:
        (taste,) = await model.predict([References(RED, BLUE)])
        (described,) = await model.describe([RED[0]])
    assert taste.preference[Element.COLOR] == ("red",)
    assert taste.non_preference[Element.COLOR] == ("blue",)
    assert set(taste.preference) == set(taste.non_preference) == set(ELEMENTS)
    assert described.words[Element.SATURATION] == ("vivid",)
    assert not taste.problems
    assert not described.problems


FAULTS = {
    "element_missing": "no word for color",
    "cut_off": "no word for",
    "refusal": "declined",
    "other_language": "another script",
    "empty": "empty",
}


@pytest.mark.parametrize("write", FAULTS)
async def test_an_incomplete_answer_is_partial_with_its_reason_and_invents_nothing(
    server: StockModel, settings: ModelSettings, write: str
) -> None:
    server.write = write
    async with open_model(settings) as model:
        (taste,) = await model.predict([References(RED, BLUE)])
        (described,) = await model.describe([RED[0]])
    assert any(FAULTS[write] in problem for problem in taste.problems)
    assert any(FAULTS[write] in problem for problem in described.problems)
    for words in (taste.preference, taste.non_preference):
        assert {w for ws in words.values() for w in ws} <= {"red", "blue"}


@pytest.mark.parametrize("scores", ["digits", "spaced", "of_five", "words", "json"])
@pytest.mark.parametrize("logprobs", [None, 0, 1, 5, 20])
async def test_scores_are_read_however_they_are_written(
    server: StockModel, settings: ModelSettings, scores: str, logprobs: int | None
) -> None:
    server.scores, server.logprobs = scores, logprobs
    async with open_model(settings) as model:
        blue, red = await model.score(SLATE)
    assert (red.mode(Element.COLOR), blue.mode(Element.COLOR)) == (5, 0)
    assert red.total > blue.total
    for element in ELEMENTS:
        assert sum(red.digits[element]) == pytest.approx(1)


async def test_probabilities_come_from_the_alternatives_of_each_digit(
    server: StockModel, settings: ModelSettings
) -> None:
    async with open_model(settings) as model:
        _, red = await model.score(SLATE)
        assert red.digits[Element.COLOR][5] == pytest.approx(0.8 / 0.9, abs=1e-3)
        server.logprobs = 3  # the digit itself, another word and one more digit
        _, few = await model.score(SLATE)
    probabilities = few.digits[Element.COLOR]
    assert probabilities[5] > 0.8
    assert all(p > 0 for p in probabilities), "a digit that is not listed is unlikely, not excluded"


@pytest.mark.parametrize("scores", ["of_ten", "refusal", "empty"])
async def test_a_server_whose_scores_cannot_be_read_is_unavailable_with_the_reason(
    server: StockModel, settings: ModelSettings, scores: str
) -> None:
    async with open_model(settings) as model:
        server.scores = scores
        with pytest.raises(Unavailable, match="has no scores"):
            await model.score(SLATE)
    with pytest.raises((BadCheckpoint, Unavailable), match="has no scores"):
        async with open_model(settings):
            pass


@pytest.mark.parametrize(
    "write", ["json", "fenced", "prose", "thinking", "text", "british", "single_quotes"]
)
async def test_rationales_are_the_models_own_sentences(
    server: StockModel, settings: ModelSettings, write: str
) -> None:
    server.write = write
    async with open_model(settings) as model:
        scores = await model.score(SLATE)
        inputs = [ScoredInput(c, s) for c, s in zip(SLATE, scores, strict=True)]
        blue, red = await model.explain(inputs)
    assert red.by_element[Element.COLOR] == "It shows red, which this person likes."
    assert blue.by_element[Element.COLOR] == "It shows blue, which this person does not like."
    assert not red.problems


@pytest.mark.parametrize("field", ["", "reasoning_content", "reasoning"])
async def test_a_model_that_thinks_first_gets_more_tokens_and_its_thoughts_are_kept(
    server: StockModel, settings: ModelSettings, field: str
) -> None:
    server.thought_tokens, server.thoughts_field = 900, field
    async with open_model(settings) as model:
        (taste,) = await model.predict([References(RED, BLUE)])
        _, red = await model.score(SLATE)
        (described,) = await model.describe([RED[0]])
    assert taste.preference[Element.COLOR] == ("red",)
    assert taste.thoughts == THOUGHT
    assert not taste.problems
    assert described.words[Element.COLOR] == ("red",)
    assert described.subject == ("plain surface",)
    assert red.mode(Element.COLOR) == 5
    if not field:
        assert red.digits[Element.COLOR][5] < 1, "the digits after the thought have probabilities"


async def test_thoughts_beyond_the_limit_give_an_honest_empty_taste_in_two_requests(
    server: StockModel, settings: ModelSettings
) -> None:
    async with open_model(settings) as model:
        server.thought_tokens = 100_000
        before = len(server.requests)
        (taste,) = await model.predict([References(RED, BLUE)])
    assert len(server.requests) - before == 2
    limits = [request["max_tokens"] for request in server.requests[before:]]
    assert limits == [512, 512 + settings.model_thinking_tokens]
    assert not taste.preference
    assert taste.problems == ("the answer ends within the chain of thought",)


async def test_the_tokens_of_a_thought_are_a_setting(server: StockModel) -> None:
    settings = ModelSettings(
        model_server=server.address, model_thinking=True, model_thinking_tokens=64
    )
    async with open_model(settings) as model:
        await model.predict([References(RED, BLUE)])
        await model.describe([RED[0]])
    assert [request["max_tokens"] for request in server.requests[-2:]] == [512 + 64, 256]


async def test_another_name_in_the_responses_changes_nothing(
    server: StockModel, settings: ModelSettings
) -> None:
    server.answers_as = "stock-vl-7b-2026-01"
    async with open_model(settings) as model:
        (taste,) = await model.predict([References(RED, BLUE)])
    assert taste.preference[Element.COLOR] == ("red",)


async def test_a_name_that_the_server_no_longer_serves_is_unavailable_with_the_reason(
    server: StockModel, settings: ModelSettings
) -> None:
    async with open_model(settings) as model:
        server.serves = "another-model"
        with pytest.raises(Unavailable, match=f"no longer serves {NAME}"):
            await model.predict([References(RED, BLUE)])
    wrong = ModelSettings(model_server=server.address, model_server_model="another")
    with pytest.raises(BadCheckpoint, match="another"):
        async with open_model(wrong):
            pass


async def test_only_standard_fields_are_sent_to_a_server_that_is_not_vllm(
    server: StockModel, settings: ModelSettings
) -> None:
    async with open_model(settings) as model:
        await model.predict([References(RED, BLUE)])
        await model.score(SLATE)
    standard = {"model", "messages", "max_tokens", "temperature", "logprobs", "top_logprobs",
                "response_format"}  # fmt: skip
    assert {field for request in server.requests for field in request} <= standard
