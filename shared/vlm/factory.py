"""Open the engine that the settings name: in this process, or at a server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from shared.vlm.pairwise import PairwiseModel
from shared.vlm.protocol import VisionLanguageModel
from shared.vlm.settings import ModelSettings


class Model(VisionLanguageModel, PairwiseModel, Protocol):
    """All that an engine can be asked."""


class EngineLoader(Protocol):
    """Versions of one model; every method raises `BadCheckpoint` and `Unavailable`."""

    @property
    def name(self) -> str:
        """Of the model, whatever its version: what promotions are addressed to."""
        ...

    def load_release(self) -> Model:
        """What serves before any promotion; may block for seconds."""
        ...

    def load(self, *, uri: str, sha256: str) -> Model:
        """What a promotion announces; blocks, and not on the event loop's thread."""
        ...


@asynccontextmanager
async def open_engine(settings: ModelSettings) -> AsyncIterator[EngineLoader]:
    """The engine, closed in the end; raises `BadCheckpoint` and `Unavailable`."""
    # Each imported where it is chosen: torch and transformers are seconds that a server saves us.
    if settings.model_server is not None:
        from shared.vlm.server.loading import ServerLoader

        at_server = await ServerLoader.open(settings)
        try:
            yield at_server
        finally:
            await at_server.close()
        return
    from shared.vlm.checkpoint.promoted_model import InProcessLoader

    here = await asyncio.to_thread(InProcessLoader, settings)
    try:
        yield here
    finally:
        here.close()


@asynccontextmanager
async def open_model(settings: ModelSettings) -> AsyncIterator[Model]:
    """The model that the settings name, for what needs no promotions; raises likewise."""
    async with open_engine(settings) as engine:
        yield await asyncio.to_thread(engine.load_release)
