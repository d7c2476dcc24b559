"""Open the model and the image loader for commands that work without Kafka."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from services.cli.output.console import fail
from shared.domain.errors import Unavailable
from shared.images.loader import ImageLoader
from shared.images.settings import ImageSettings
from shared.settings import from_environment
from shared.vlm import factory
from shared.vlm.protocol import VisionLanguageModel
from shared.vlm.settings import ModelSettings


@asynccontextmanager
async def open_loader(files: Sequence[Path]) -> AsyncIterator[ImageLoader]:
    """A loader that may read the folders of these files, because the user has named them."""
    roots = tuple({file.resolve().parent for file in files})
    loader = ImageLoader(from_environment(ImageSettings, allowed_file_roots=roots))
    try:
        yield loader
    finally:
        await loader.close()


@asynccontextmanager
async def open_model() -> AsyncIterator[VisionLanguageModel]:
    """The model of the settings; a broken one ends the command with its error."""
    from shared.vlm.checkpoint.checkpoint import BadCheckpoint

    async with AsyncExitStack() as stack:
        try:
            model = await stack.enter_async_context(
                factory.open_model(from_environment(ModelSettings))
            )
        except (BadCheckpoint, Unavailable) as error:
            fail(str(error))
        yield model
