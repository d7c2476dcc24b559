"""Describe images after their feed is out, so that later feeds can be ranked without the model."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from shared.domain.errors import Unavailable, Unprocessable
from shared.embedding.protocol import Embedder
from shared.embedding.taste_vectors import description_vector
from shared.images.loader import LoadedImage
from shared.store.protocol import Described, ImageDescription, ImageStore
from shared.vlm.model_selection import ServingModels

log = logging.getLogger(__name__)
MAX_QUEUED: Final = 256
"""Images that wait for a description. Beyond it the oldest are dropped: descriptions are used only
without the model, and the next request with the same image queues it again."""


class BackgroundDescription:
    """Describes queued images in small batches, while no request is in work."""

    def __init__(
        self,
        *,
        models: ServingModels,
        embedder: Embedder,
        image_store: ImageStore,
        batch_size: int,
    ) -> None:
        self._models = models
        self._embedder = embedder
        self._image_store = image_store
        self._batch_size = batch_size
        self._queued: dict[str, LoadedImage] = {}
        self._done: set[tuple[str, str]] = set()
        self._worker: asyncio.Task[None] | None = None

    def offer(self, images: Sequence[LoadedImage]) -> None:
        """Queue images for description; those that this model has described are left out."""
        version = self._models.champion.model_version
        for image in images:
            if (version, image.content_hash) not in self._done:
                self._queued[image.content_hash] = image
        while len(self._queued) > MAX_QUEUED:
            del self._queued[next(iter(self._queued))]
        if self._queued and (self._worker is None or self._worker.done()):
            self._worker = asyncio.create_task(self._work())

    async def _work(self) -> None:
        while self._queued:
            background = self._models.background
            async with background.batch("description", at_most=self._batch_size) as permitted:
                batch = list(self._queued.values())[: permitted.size]
                for image in batch:
                    self._queued.pop(image.content_hash, None)
                try:
                    permitted.done = await self.describe(batch)
                except (Unavailable, Unprocessable) as error:
                    log.warning("%d images were not described: %s", len(batch), error)

    async def describe(self, batch: Sequence[LoadedImage]) -> int:
        """Describe those without a stored description; the number of them."""
        model = self._models.champion
        version = model.model_version
        stored = await self._image_store.descriptions(
            content_hashes=[image.content_hash for image in batch], model_version=version
        )
        new = [image for image in batch if image.content_hash not in stored]
        described = [
            Described(
                ImageDescription(
                    content_hash=image.content_hash,
                    model_version=version,
                    words=description.words,
                ),
                await description_vector(description.words, self._embedder),
            )
            for image, description in zip(
                new, await model.describe([image.pixels for image in new]), strict=True
            )
        ]
        await self._image_store.describe(described)
        if len(self._done) > MAX_QUEUED * 100:
            self._done.clear()
        self._done.update((version, image.content_hash) for image in batch)
        return len(new)

    async def stop(self) -> None:
        """Drop the queue and end the task."""
        self._queued.clear()
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
