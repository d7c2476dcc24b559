"""Index the images that wait: load, encode and describe, and write them, when requests allow it."""

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from services.catalog.indexing.contents import INTERNAL, Computed, ContentReader
from services.catalog.indexing.loading import ImageSource, LoadedItems, Loading, by_hash
from services.catalog.indexing.waiting_list import Priority, WaitingList
from services.catalog.indexing.writer import IndexWriter, Item
from services.catalog.metrics import CatalogMetrics
from services.catalog.plan import Words, known_hash, known_words, needs_indexing
from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.images.image_key import ImageKey
from shared.store.catalog.images import ImageIndex
from shared.store.catalog.serving import Catalogs
from shared.vlm.model_selection import ServingModels

log = logging.getLogger(__name__)
MAX_COMPUTED: Final = 2
"""Batches that wait to be written; more would grow while the store is slow."""
WORK: Final = "indexing"
"""Name of this kind of background work at the model."""


class Indexer:
    """Takes images from the waiting list; each step returns whether there was work.

    All steps raise `Unavailable` when a store, the encoder or the model does not answer; then the
    images of the step wait again.
    """

    def __init__(
        self,
        catalogs: Catalogs,
        models: ServingModels,
        reader: ContentReader,
        writer: IndexWriter,
        source: ImageSource,
        *,
        waiting: WaitingList,
        metrics: CatalogMetrics,
        images_in_work: int,
        batch_size: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._catalogs = catalogs
        self._models = models
        self._reader = reader
        self._writer = writer
        self._waiting = waiting
        self._metrics = metrics
        self._images_in_work = images_in_work
        self._batch_size = batch_size
        self.loading = Loading(source, refused=self._refuse, metrics=metrics, monotonic=monotonic)
        self._in_progress = 0
        """Images of steps that have begun and not ended."""
        self._computed: deque[tuple[Mapping[str, Sequence[Item]], Computed]] = deque()
        """Computed contents that are not written yet, with the images that have them."""

    @property
    def is_idle(self) -> bool:
        """Whether no image is in work, and none can be indexed now."""
        return not (
            len(self._waiting) or self.loading.in_work or self._in_progress or self._computed
        )

    async def load_next(self) -> bool:
        """Start to load the next images, and write those of which everything is known."""
        room = self._images_in_work - self.loading.in_work
        taken: list[tuple[ImageKey, Priority]] = []
        while len(taken) < room and (next_image := self._waiting.take()) is not None:
            taken.append(next_image)
        if not taken:
            return False
        self._in_progress += len(taken)
        try:
            await self._start(dict(taken))
        except BaseException:
            for key, priority in taken:
                self._waiting.add(key, priority)
            raise
        finally:
            self._in_progress -= len(taken)
        return True

    async def _start(self, priorities: Mapping[ImageKey, Priority]) -> None:
        version = self._models.champion.model_version
        stored = await self._catalogs.current.get(list(priorities))
        elsewhere = await self._elsewhere(list(priorities))
        items: list[Item] = []
        hashes: dict[str, list[Item]] = {}
        for key, priority in priorities.items():
            image, index = stored.get(key), elsewhere.get(key)
            if image is None or not needs_indexing(image, model_version=version):
                self._waiting.finished(key)
                continue
            words = known_words(image, model_version=version, elsewhere=index)
            is_new = image.index is None and index is None
            item = Item(image, priority, words, version, is_new)
            items.append(item)
            content_hash = known_hash(image, elsewhere=index)
            content_hash = content_hash or self.loading.hash_of(image.entry.uri)
            if content_hash is not None:
                hashes.setdefault(content_hash, []).append(item)
        words = _words([item for of_content in hashes.values() for item in of_content], version)
        contents = await self._reader.stored(hashes, model_version=version, words=words)
        if contents:
            await self._writer.write(hashes, contents, model_version=version)
        written = {item.key for name in contents for item in hashes[name]}
        self.loading.start([item for item in items if item.key not in written])

    async def _elsewhere(self, keys: Sequence[ImageKey]) -> dict[ImageKey, ImageIndex]:
        """The indexes of images in the serving collection, while it is that of an older encoder."""
        serving = await self._catalogs.serving()
        if serving is self._catalogs.current:
            return {}
        images = await serving.get(keys)
        return {key: image.index for key, image in images.items() if image.index is not None}

    async def index_next(self) -> bool:
        """Encode and describe a batch of loaded images, when requests leave time for it."""
        if not self.loading.has_loaded or len(self._computed) >= MAX_COMPUTED:
            return False
        background = self._models.background
        async with background.batch(WORK, at_most=self._batch_size) as permitted:
            batch = self.loading.take(permitted.size)
            self._in_progress += len(batch)
            try:
                permitted.done = await self._compute(batch)
            except Unavailable:
                self.loading.put_back(batch)
                raise
            except Exception as error:
                await self._failed(by_hash(batch), error)
                raise
            finally:
                self._in_progress -= len(batch)
        return True

    async def _compute(self, batch: Sequence[LoadedItems]) -> int:
        """Compute loaded contents; returns how many the model has described."""
        model = self._models.champion
        pixels = {loaded.image.content_hash: loaded.image.pixels for loaded in batch}
        words = _words([item for loaded in batch for item in loaded.items], model.model_version)
        for _, before in self._computed:
            # Not stored yet: the same content under another id is not described again.
            if before.model_version == model.model_version:
                words |= before.new_words
        computed = await self._reader.compute(pixels, model=model, words=words)
        self._computed.append((by_hash(batch), computed))
        count = len(pixels) - len(computed.known_words)
        self._metrics.contents.inc(count)
        return count

    async def write_next(self) -> bool:
        """Write computed contents, while encoder and model work on the next ones."""
        if not self._computed:
            return False
        items, computed = self._computed[0]
        try:
            contents = await self._reader.finish(computed)
            await self._writer.write(items, contents, model_version=computed.model_version)
            await self._refuse(
                [(item, error) for name, error in computed.refused.items() for item in items[name]]
            )
        except Unavailable:
            raise
        except Exception as error:
            await self._failed(items, error)
            self._computed.popleft()
            raise
        self._computed.popleft()
        return True

    async def _failed(self, items: Mapping[str, Sequence[Item]], error: Exception) -> None:
        """Let images wait for their next attempt after an unknown error."""
        internal = Unavailable(INTERNAL, f"it failed with {type(error).__name__}: {error}")
        await self._refuse([(item, internal) for of_one in items.values() for item in of_one])

    async def _refuse(self, errors: Sequence[tuple[Item, Unprocessable | Unavailable]]) -> None:
        version = self._models.champion.model_version
        try:
            await self._writer.refuse(errors, model_version=version)
        except Unavailable as error:
            log.warning("failures of images are not noted yet: %s", error)
            for item, _ in errors:
                self._waiting.retry(item.key, item.priority, part=error.part)


def _words(items: Sequence[Item], model_version: str) -> dict[str, Words]:
    """The known words of this model, by content hash."""
    return {
        content_hash: words
        for item in items
        if item.model_version == model_version
        for content_hash, words in item.words.items()
    }
