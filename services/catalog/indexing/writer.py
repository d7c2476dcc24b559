"""Write what is known about images to the catalog, and count their states."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.catalog.indexing.contents import INTERNAL, Content
from services.catalog.indexing.counts import Counts, state_of
from services.catalog.indexing.waiting_list import Priority, WaitingList
from services.catalog.metrics import CatalogMetrics
from services.catalog.plan import Words
from shared.domain.clock import Clock
from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.images.image_key import ImageKey
from shared.store.catalog.images import ImageIndex, IndexedContent, IndexFailure, StoredImage
from shared.store.catalog.protocol import CatalogStore
from shared.store.protocol import ImageStore, KnownImage

MAX_INTERNAL_ERRORS: Final = 5
"""Attempts at an image with which a computation fails for an unknown reason."""

FirstIndexed = Callable[[Sequence[IndexedContent]], None]
"""Called with images that are in the answers to queries for the first time."""


@dataclass(frozen=True)
class Item:
    """One image in work: as it was read from the store, its priority, and what is known of it."""

    image: StoredImage
    priority: Priority
    words: Mapping[str, Words] = field(default_factory=dict)
    """Known words of the model `model_version`, by content hash."""
    model_version: str = ""
    is_new: bool = False
    """Whether no collection has an index of the image."""

    @property
    def key(self) -> ImageKey:
        return self.image.entry.key


class IndexWriter:
    """Writes indexes and failures. Raises `Unavailable` as the stores do."""

    def __init__(
        self,
        catalog: CatalogStore,
        image_store: ImageStore,
        *,
        waiting: WaitingList,
        counts: Counts,
        metrics: CatalogMetrics,
        clock: Clock,
        first_indexed: FirstIndexed | None = None,
    ) -> None:
        self._catalog = catalog
        self._image_store = image_store
        self._waiting = waiting
        self._counts = counts
        self._metrics = metrics
        self._clock = clock
        self._first_indexed = first_indexed

    async def write(
        self,
        items: Mapping[str, Sequence[Item]],
        contents: Mapping[str, Content],
        *,
        model_version: str,
    ) -> None:
        """Write the contents, by content hash, to the images that have them."""
        indexed = {
            item.key: (item, self._indexed(item, content_hash, content, model_version))
            for content_hash, content in contents.items()
            for item in items[content_hash]
        }
        for key in await self._published_again([item for item, _ in indexed.values()]):
            del indexed[key]
        with self._metrics.seconds.labels("write").time():
            written = await self._catalog.index([content for _, content in indexed.values()])
            await self._remember([indexed[key][1] for key in sorted(written)])
        for key, (item, content) in indexed.items():
            self._waiting.finished(key)
            if key in written:
                after = item.image.model_copy(update={"index": content.index, "failure": None})
                self._changed(item, after, model_version)
        self._metrics.indexed.inc(len(written))
        if self._first_indexed is not None:
            pairs = [pair for key, pair in indexed.items() if key in written]
            self._first_indexed([content for item, content in pairs if item.is_new])

    async def refuse(
        self, errors: Sequence[tuple[Item, Unprocessable | Unavailable]], *, model_version: str
    ) -> None:
        """Note permanent failures, and let the other images wait for their next attempt."""
        failures: dict[ImageKey, IndexFailure] = {}
        failed: list[tuple[Item, IndexFailure]] = []
        for item, error in errors:
            if isinstance(error, Unavailable):
                attempts = self._waiting.retry(item.key, item.priority, part=error.part)
                if error.part != INTERNAL or attempts < MAX_INTERNAL_ERRORS:
                    self._metrics.retried.inc()
                    continue
                error = Unprocessable("internal_error", error.detail)
            failure = IndexFailure(
                uri=item.image.entry.uri,
                reason=error.reason,
                detail=error.detail,
                failed_at=self._clock(),
            )
            failures[item.key] = failure
            failed.append((item, failure))
        for key in await self._published_again([item for item, _ in failed]):
            failures.pop(key, None)
        if not failures:
            return
        await self._catalog.fail(failures)
        present = await self._catalog.get(list(failures))
        for item, failure in failed:
            if item.key not in failures:
                continue
            self._waiting.finished(item.key)
            if item.key not in present:
                continue
            index = item.image.index if item.image.is_current else None
            after = item.image.model_copy(update={"failure": failure, "index": index})
            self._changed(item, after, model_version)
            self._metrics.failed.labels(failure.reason).inc()

    async def _published_again(self, items: Sequence[Item]) -> list[ImageKey]:
        """Images that were published again after they were read; they wait again.

        One that was removed meanwhile may have other content at the same address, so it is loaded
        again. What is known about the content of the others is stored by now.
        """
        stored = await self._catalog.get([item.key for item in items])
        again = [
            item
            for item in items
            if item.key in stored and stored[item.key].published_at != item.image.published_at
        ]
        for item in again:
            self._waiting.finished(item.key)
            self._waiting.add(item.key, item.priority)
        return [item.key for item in again]

    def _indexed(
        self, item: Item, content_hash: str, content: Content, model_version: str
    ) -> IndexedContent:
        index = ImageIndex(
            uri=item.image.entry.uri,
            content_hash=content_hash,
            words=content.words,
            subject_words=content.subject_words,
            model_version=model_version,
            indexed_at=self._clock(),
        )
        return IndexedContent(item.key, index, content.vectors)

    async def _remember(self, contents: Sequence[IndexedContent]) -> None:
        """Store the address of each id: feedback may name an image by its id alone."""
        now = self._clock()
        known = [
            KnownImage(
                tenant=content.key.tenant,
                image_id=content.key.image_id,
                uri=content.index.uri,
                content_hash=content.index.content_hash,
                seen_at=now,
            )
            for content in contents
        ]
        # Late for an image that was removed meanwhile: `ImageRemoval.run` forgets it again.
        await self._image_store.remember(known)

    def _changed(self, item: Item, after: StoredImage, model_version: str) -> None:
        before = state_of(item.image, model_version=model_version)
        self._counts.changed(item.key, before, state_of(after, model_version=model_version))
