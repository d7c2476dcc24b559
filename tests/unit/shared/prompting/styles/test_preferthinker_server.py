"""A PreferThinker checkpoint at a server is used in its official layout for every task."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from shared.domain.taste import ELEMENTS, Element, Taste, TasteSide, WeightedWord
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.factory import open_model
from shared.vlm.pairwise import Pair
from shared.vlm.protocol import References, ScoredInput, ScoringInput
from shared.vlm.settings import ModelSettings
from tests.fakes.official_model import ALTERNATIVE, TEMPLATE, OfficialModel


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


@pytest.fixture(params=["vllm", "openai", "patterns ignored"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[OfficialModel]:
    model = OfficialModel(continues=request.param != "openai")
    model.ignores_patterns = request.param == "patterns ignored"
    async with model.running() as started:
        yield started


@pytest.fixture
def settings(server: OfficialModel, tmp_path: Path) -> ModelSettings:
    template = tmp_path / "official.txt"
    template.write_bytes(TEMPLATE)
    return ModelSettings(
        model_server=server.address, prompt_style="preferthinker", prompt_template=template
    )


async def test_a_taste_is_the_profile_part_of_an_answer(
    server: OfficialModel, settings: ModelSettings
) -> None:
    async with open_model(settings) as model:
        (taste,) = await model.predict([References(RED, BLUE)])
    assert taste.preference[Element.COLOR] == ("red",)
    assert taste.non_preference[Element.COLOR] == ("blue",)
    assert not taste.problems
    request = server.requests[-1]
    shown = [part for part in request["messages"][-1]["content"] if part["type"] == "image_url"]
    assert len(shown) == len(RED) + len(BLUE) + 2, "two references are the candidates"
    assert request["stop"] == ["<think>"]
    assert request["messages"][0]["role"] == "system"


async def test_a_candidate_is_scored_by_its_points_against_the_stored_profile(
    server: OfficialModel, settings: ModelSettings
) -> None:
    async with open_model(settings) as model:
        blue, red = await model.score(SLATE)
    assert [red.mode(e) for e in ELEMENTS] == [2, 5, 2, 2, 2]
    assert [blue.mode(e) for e in ELEMENTS] == [2, 0, 2, 2, 2]
    # Whole answers have the same distributions at their points as continued ones.
    expected = (0, 0, 0, 0, ALTERNATIVE, 1 - ALTERNATIVE)
    assert red.digits[Element.COLOR] == pytest.approx(expected)
    assert server.requests[-1].get("continue_final_message", False) == server.continues


async def test_without_probabilities_the_points_have_no_uncertainty(
    server: OfficialModel, settings: ModelSettings
) -> None:
    server.logprobs = False
    async with open_model(settings) as model:
        _, red = await model.score(SLATE)
    assert red.digits[Element.COLOR][5] == 1


async def test_rationales_are_the_models_own_sentences_for_these_digits(
    settings: ModelSettings,
) -> None:
    async with open_model(settings) as model:
        scores = await model.score(SLATE)
        blue, red = await model.explain(
            [ScoredInput(c, s) for c, s in zip(SLATE, scores, strict=True)]
        )
    assert red.by_element[Element.COLOR] == "It shows red, which this person likes."
    assert blue.by_element[Element.COLOR] == "It shows blue, which this person does not like."
    assert not red.problems
    assert not blue.problems


async def test_a_comparison_uses_the_same_template(settings: ModelSettings) -> None:
    async with open_model(settings) as model:
        first, second = await model.compare(
            [
                Pair(References(RED[:2], BLUE[:2]), RED[3], BLUE[3]),
                Pair(References(RED[:2], BLUE[:2]), BLUE[3], RED[3]),
            ]
        )
    assert (first.parsed.choice, second.parsed.choice) == ("A", "B")
    assert first.parsed.agrees_with_totals
    assert first.parsed.preference[Element.COLOR] == ("red",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "PREFERSTREAM_PROMPT_TEMPLATE"),
        (b"{liked} {disliked}", "it must contain"),
        (b"\xff\xfe", "cannot be used"),
    ],
)
async def test_without_a_usable_template_the_start_says_which_setting_to_change(
    text: bytes | None, message: str, tmp_path: Path
) -> None:
    template = tmp_path / "official.txt"
    if text is not None:
        template.write_bytes(text)
    settings = ModelSettings(
        model_server="http://127.0.0.1:9", prompt_style="preferthinker",
        prompt_template=None if text is None else template,
    )  # fmt: skip
    async with OfficialModel(continues=True).running() as server:
        changed = settings.model_copy(update={"model_server": server.address})
        with pytest.raises(BadCheckpoint, match=message):
            async with open_model(changed):
                pass
