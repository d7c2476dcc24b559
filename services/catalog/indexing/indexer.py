"""Index the images that wait: load them, and encode and describe them while no request waits."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from services.catalog.indexing.contents import INTERNAL, ContentReader
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
WORK: Final = "indexing"
"""Name of this kind of background work at the model."""


class Indexer:
    """Takes images from the waiting list; each step returns whether there was work.

    Both steps raise `Unavailable` when a store, the encoder or the model does not answer; then the
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
        self._computing = 0

    @property
    def is_idle(self) -> bool:
        """Whether no image is in work, and none can be indexed now."""
        return not (len(self._waiting) or self.loading.in_work or self._computing)

    async def load_next(self) -> bool:
        """Start to load the next images, and write those of which everything is known."""
        room = self._images_in_work - self.loading.in_work
        taken: list[tuple[ImageKey, Priority]] = []
        while len(taken) < room and (next_image := self._waiting.take()) is not None:
            taken.append(next_image)
        if not taken:
            return False
        self._computing += len(taken)
        try:
            await self._start(dict(taken))
        except BaseException:
            for key, priority in taken:
                self._waiting.add(key, priority)
            raise
        finally:
            self._computing -= len(taken)
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
        """Encode, describe and write a batch of loaded images, when requests leave time for it."""
        if not self.loading.has_loaded:
            return False
        background = self._models.background
        async with background.batch(WORK, at_most=self._batch_size) as permitted:
            batch = self.loading.take(permitted.size)
            self._computing += len(batch)
            try:
                permitted.done = await self._index(batch)
            except Unavailable:
                self.loading.put_back(batch)
                raise
            except Exception as error:
                internal = Unavailable(INTERNAL, f"it failed with {type(error).__name__}: {error}")
                await self._refuse([(item, internal) for loaded in batch for item in loaded.items])
                raise
            finally:
                self._computing -= len(batch)
        return True

    async def _index(self, batch: Sequence[LoadedItems]) -> int:
        """Index loaded images; returns the number of contents that were computed."""
        model = self._models.champion
        version = model.model_version
        items = by_hash(batch)
        pixels = {loaded.image.content_hash: loaded.image.pixels for loaded in batch}
        words = _words([item for loaded in batch for item in loaded.items], version)
        results = await self._reader.read(pixels, model=model, words=words)
        await self._writer.write(items, results.known, model_version=version)
        await self._refuse(
            [(item, error) for name, error in results.refused.items() for item in items[name]]
        )
        self._metrics.contents.inc(results.computed)
        return results.computed

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
