"""Draw a profile at a text-to-image server, so that profiles of any words can be compared."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from PIL.Image import Image

from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.taste import ELEMENTS, MAX_WORDS, Taste, TasteSide, WeightedWord
from shared.files.atomic_write import atomic_file
from shared.images.decoding.decoder import decode
from shared.images.decoding.image_file import read_image
from shared.images.settings import ImageSettings
from shared.prompting.prompt import SideWords
from shared.prompting.text_to_image.image_server import ImageServer
from shared.prompting.text_to_image.prompt_writer import ImagePrompt, image_prompt
from shared.prompting.text_to_image.settings import GenerationSettings

log = logging.getLogger(__name__)
SCENE: Final = "a harbor town with boats and people"
"""All profiles are drawn of one scene: only the look differs."""
PAUSE_SECONDS: Final = 60.0
"""No request is sent for so long after one that failed: a step does not wait for each image."""


class GeneratedProfiles:
    """A renderer of profiles. Images are kept in a folder, so that equal words look equal."""

    def __init__(
        self,
        settings: GenerationSettings,
        folder: Path,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._clock = clock
        self._pause_ends = float("-inf")

    def render(self, sides: Sequence[SideWords]) -> list[Image | None]:
        """One image a side; None for a side without words, and where the server gives none."""
        return [self._image(side) for side in sides]

    def _image(self, side: SideWords) -> Image | None:
        if not any(side.get(element) for element in ELEMENTS):
            return None
        prompts = image_prompt(SCENE, _taste(side))
        file = self._folder / f"{hashlib.sha256(prompts.prompt.encode()).hexdigest()}.image"
        if not file.is_file() and not self._draw(prompts, file):
            return None
        return read_image(file)

    def _draw(self, prompts: ImagePrompt, file: Path) -> bool:
        """Whether the server has drawn an image that can be decoded."""
        if self._clock() < self._pause_ends:
            return False
        try:
            data = asyncio.run(self._generated(prompts))
            decode(data, "a generated image", ImageSettings())
        except (Unavailable, Unprocessable) as error:
            self._pause_ends = self._clock() + PAUSE_SECONDS
            log.warning("a profile is compared by its words alone: %s", error.detail)
            return False
        self._folder.mkdir(parents=True, exist_ok=True)
        with atomic_file(file) as stream:
            stream.write(data)
        return True

    async def _generated(self, prompts: ImagePrompt) -> bytes:
        async with ImageServer(self._settings) as server:
            (image,) = await server.generate(prompts)
            return image


def _taste(side: SideWords) -> Taste:
    words = {
        element.value: tuple(
            WeightedWord(word=word, weight=1) for word in side.get(element, ())[:MAX_WORDS]
        )
        for element in ELEMENTS
    }
    return Taste(preference=TasteSide.model_validate(words))
