"""The engines that every promise of `shared.vlm.protocol` is tested on, and what they are asked."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import numpy as np
import pytest
from PIL import Image
from pydantic import SecretStr

from shared.domain.taste import Taste, TasteSide, WeightedWord
from shared.vlm.factory import EngineLoader, open_engine
from shared.vlm.protocol import Candidate
from shared.vlm.settings import ModelSettings
from tests.vllm_fixtures import RunningServer, needs_vllm
from training.prefersim.drawing.renderer import as_image, render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.values.vocabulary import sample_attributes

HERE, AT_A_SERVER = "in this process", "at a server"
ENGINES = [
    pytest.param(HERE, id="in-process"),
    pytest.param(AT_A_SERVER, id="server", marks=[pytest.mark.vllm, needs_vllm]),
]
OpenEngine = Callable[[], AbstractAsyncContextManager[EngineLoader]]


def settings_for(where: str, request: pytest.FixtureRequest) -> ModelSettings:
    """The shipped model, here or at the run's one server."""
    if where == HERE:
        return ModelSettings(model_device="cpu")
    server: RunningServer = request.getfixturevalue("vllm_server")
    return ModelSettings(model_server=server.address, model_server_key=SecretStr(server.key))


def opener(settings: ModelSettings) -> OpenEngine:
    """Opens the engine in the loop of the test that calls it."""

    @asynccontextmanager
    async def open_here() -> AsyncIterator[EngineLoader]:
        async with open_engine(settings) as engine:
            yield engine

    return open_here


def picture(number: int, *, size: tuple[int, int] = (84, 84)) -> Image.Image:
    """A mosaic of its own for each number."""
    drawn = np.random.default_rng(number).integers(0, 256, (6, 6, 3)).astype(np.uint8)
    return Image.fromarray(drawn).resize(size, Image.Resampling.NEAREST)


def drawings(count: int) -> tuple[Image.Image, ...]:
    """What the shipped model was made for, and can tell every element of."""
    rng = np.random.default_rng(5)
    shown = sample_attributes(rng, count)
    return tuple(as_image(one) for one in render(draw_scenes(rng, count), shown, rng))


def side(**words: str) -> TasteSide:
    return TasteSide.model_validate(
        {e: tuple(WeightedWord(word=w, weight=1) for w in t.split()) for e, t in words.items()}
    )


TASTES = (
    Taste(preference=side(color="red blue", detail="fine"), non_preference=side(medium="oil")),
    Taste(preference=side(art_style="cubism")),
    Taste(),
)


def candidates(count: int) -> list[Candidate]:
    """Tastes of different lengths, images of different shapes."""
    sizes = [(84, 84), (200, 90), (31, 64), (640, 480)]
    return [
        Candidate(TASTES[n % len(TASTES)], picture(n, size=sizes[n % len(sizes)]))
        for n in range(count)
    ]
