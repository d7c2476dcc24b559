"""Describe images after their feed is out, so that later ones can be ranked without the model."""

import asyncio
import logging
from collections.abc import Sequence

from shared.domain.errors import Unavailable, Unprocessable
from shared.embedding.protocol import Embedder
from shared.embedding.taste_vectors import description_vector
from shared.images.loader import LoadedImage
from shared.store.protocol import Described, ImageDescription, ImageStore
from shared.vlm.model_selection import ServingModels

log = logging.getLogger(__name__)
MOST_WAITING = 256
"""Images that wait to be described. Beyond it the oldest are dropped: they are only a reserve, and
come again with the next request that holds them."""
PAUSE_SECONDS = 0.5
"""Between two batches, so that requests go first."""


class Describing:
    """A background worker with a short memory; nothing waits for it."""

    def __init__(
        self,
        *,
        models: ServingModels,
        embedder: Embedder,
        images: ImageStore,
        at_once: int,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._models = models
        self._embedder = embedder
        self._images = images
        self._at_once = at_once
        self._pause_seconds = pause_seconds
        self._waiting: dict[str, LoadedImage] = {}
        self._done: set[str] = set()
        self._worker: asyncio.Task[None] | None = None

    def offer(self, images: Sequence[LoadedImage]) -> None:
        """Describe these when there is time; those already described are left out."""
        for image in images:
            if image.content_hash not in self._done:
                self._waiting[image.content_hash] = image
        while len(self._waiting) > MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]
        if self._waiting and (self._worker is None or self._worker.done()):
            self._worker = asyncio.create_task(self._work())

    async def _work(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._pause_seconds)
            batch = list(self._waiting.values())[: self._at_once]
            for image in batch:
                self._waiting.pop(image.content_hash, None)
            try:
                await self._describe(batch)
            except (Unavailable, Unprocessable) as error:
                log.warning("images stay undescribed: %s", error)

    async def _describe(self, images: Sequence[LoadedImage]) -> None:
        model = self._models.champion
        version = model.model_version
        known = await self._images.descriptions(
            content_hashes=[image.content_hash for image in images], model_version=version
        )
        new = [image for image in images if image.content_hash not in known]
        seen = await model.describe([image.pixels for image in new])
        described = [
            Described(
                ImageDescription(
                    content_hash=image.content_hash, model_version=version, words=found.words
                ),
                await description_vector(found.words, self._embedder),
            )
            for image, found in zip(new, seen, strict=True)
        ]
        await self._images.describe(described)
        if len(self._done) > MOST_WAITING * 100:
            self._done.clear()
        self._done.update(image.content_hash for image in images)

    async def stop(self) -> None:
        """Leave the rest undescribed."""
        self._waiting.clear()
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
