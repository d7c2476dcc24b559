"""Open the engine that the settings name: in this process or at a server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from shared.prompting.styles.protocol import PromptStyle
from shared.vlm.pairwise import PairwiseModel
from shared.vlm.protocol import VisionLanguageModel
from shared.vlm.settings import ModelSettings


class Model(VisionLanguageModel, PairwiseModel, Protocol):
    """A model with every task that an engine supports."""

    @property
    def prompt_style(self) -> PromptStyle:
        """The prompts of this model version."""
        ...


class EngineLoader(Protocol):
    """Loads versions of one model; every method raises `BadCheckpoint` and `Unavailable`."""

    @property
    def name(self) -> str:
        """The model's name, the same for all its versions: promotions are addressed to it."""
        ...

    def load_release(self) -> Model:
        """The model that serves before any promotion; may block for seconds."""
        ...

    def load(self, *, uri: str, sha256: str) -> Model:
        """The model of a promotion; blocks, so never call it on the event loop's thread."""
        ...


@asynccontextmanager
async def open_engine(settings: ModelSettings) -> AsyncIterator[EngineLoader]:
    """The engine, closed at exit; raises `BadCheckpoint` and `Unavailable`."""
    # Imported where they are chosen: with a server, torch and transformers are not loaded, which
    # saves seconds.
    if settings.model_server is not None:
        from shared.vlm.server.loading import ServerLoader

        server_loader = await ServerLoader.open(settings)
        try:
            yield server_loader
        finally:
            await server_loader.close()
        return
    from shared.vlm.checkpoint.promoted_model import InProcessLoader

    in_process_loader = await asyncio.to_thread(InProcessLoader, settings)
    try:
        yield in_process_loader
    finally:
        in_process_loader.close()


@asynccontextmanager
async def open_model(settings: ModelSettings) -> AsyncIterator[Model]:
    """The model of the settings, for uses without promotions; raises like `open_engine`."""
    async with open_engine(settings) as engine:
        yield await asyncio.to_thread(engine.load_release)
