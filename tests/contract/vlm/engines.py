"""The engines on which `shared.vlm.protocol` is tested, and the inputs of these tests."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import numpy as np
import pytest
from PIL import Image
from pydantic import SecretStr

from shared.domain.taste import Taste, TasteSide, WeightedWord
from shared.vlm.factory import EngineLoader, open_engine
from shared.vlm.protocol import ScoringInput
from shared.vlm.settings import ModelSettings
from tests.support.vllm_fixtures import RunningServer, needs_vllm
from training.prefersim.drawing.renderer import as_image, render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.values.vocabulary import sample_attributes

IN_PROCESS, AT_A_SERVER = "in this process", "at a server"
ENGINES = [
    pytest.param(IN_PROCESS, id="in-process"),
    pytest.param(AT_A_SERVER, id="server", marks=[pytest.mark.vllm, needs_vllm]),
]
OpenEngine = Callable[[], AbstractAsyncContextManager[EngineLoader]]


def settings_for(where: str, request: pytest.FixtureRequest) -> ModelSettings:
    """The shipped model, in this process or at the one server of the test run."""
    if where == IN_PROCESS:
        return ModelSettings(model_device="cpu")
    server: RunningServer = request.getfixturevalue("vllm_server")
    return ModelSettings(model_server=server.address, model_server_key=SecretStr(server.key))


def opener(settings: ModelSettings) -> OpenEngine:
    """A function that opens the engine in the event loop of its caller."""

    @asynccontextmanager
    async def open_in_loop() -> AsyncIterator[EngineLoader]:
        async with open_engine(settings) as engine:
            yield engine

    return open_in_loop


def picture(number: int, *, size: tuple[int, int] = (84, 84)) -> Image.Image:
    """A mosaic, another one for each number."""
    pixels = np.random.default_rng(number).integers(0, 256, (6, 6, 3)).astype(np.uint8)
    return Image.fromarray(pixels).resize(size, Image.Resampling.NEAREST)


def drawings(count: int) -> tuple[Image.Image, ...]:
    """Images of the kind on which the shipped model was trained: it knows all their elements."""
    rng = np.random.default_rng(5)
    attributes = sample_attributes(rng, count)
    return tuple(as_image(pixels) for pixels in render(draw_scenes(rng, count), attributes, rng))


def side(**words: str) -> TasteSide:
    return TasteSide.model_validate(
        {e: tuple(WeightedWord(word=w, weight=1) for w in t.split()) for e, t in words.items()}
    )


TASTES = (
    Taste(preference=side(color="red blue", detail="fine"), non_preference=side(medium="oil")),
    Taste(preference=side(art_style="cubism")),
    Taste(),
)


def candidates(count: int) -> list[ScoringInput]:
    """Tastes of different lengths and drawings of different shapes, which the network reads."""
    sizes = [(84, 84), (126, 84), (84, 112), (336, 252)]
    return [
        ScoringInput(TASTES[n % len(TASTES)], drawing.resize(sizes[n % len(sizes)]))
        for n, drawing in enumerate(drawings(count))
    ]
