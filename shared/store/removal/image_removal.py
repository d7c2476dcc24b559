"""Remove images of the catalog from the store for good, or accept that they are published again."""

import asyncio
import heapq
import itertools
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from shared.domain.errors import Unavailable
from shared.domain.images.image_key import ImageKey
from shared.domain.images.record_position import RecordPosition
from shared.store.catalog.protocol import CatalogStore
from shared.store.protocol import ImageStore
from shared.store.removal.contents import ContentStore
from shared.store.removal.protocol import RemovedImage, RemovedImageStore, removal_id

log = logging.getLogger(__name__)
SOON_SECONDS: Final = 2.0
"""Pause before unused contents are removed, so that one search serves many removals."""
AGAIN_SECONDS: Final = 60.0
"""Time until they are removed again: a feed in progress may have stored a description later."""
BATCH: Final = 500


@dataclass(frozen=True)
class _Due:
    id: UUID
    content_hashes: tuple[str, ...]
    is_last: bool = False
    key: ImageKey | None = None
    """None for a removal from before a restart, of which only the hash is known."""


class ImageRemoval:
    """Removes images from the store. Raises `Unavailable`.

    The removal itself is stored first, so that services stop to show the image. Descriptions and
    vectors are stored by content: `run` removes them a little later, unless another image or a
    user's reference has the content.
    """

    def __init__(
        self,
        removed: RemovedImageStore,
        image_store: ImageStore,
        contents: ContentStore,
        *,
        soon_seconds: float = SOON_SECONDS,
        again_seconds: float = AGAIN_SECONDS,
    ) -> None:
        self._removed = removed
        self._image_store = image_store
        self._contents = contents
        self._soon = soon_seconds
        self._again = again_seconds
        self._due: list[tuple[float, int, _Due]] = []
        """A heap, by the time at which a removal is due, then in the order of their arrival."""
        self._numbers = itertools.count()
        self._changed = asyncio.Event()

    async def remove(
        self, positions: Mapping[ImageKey, RecordPosition], *, catalogs: Iterable[CatalogStore]
    ) -> int:
        """Remove images from these catalogs and the store; `positions` are those of the tombstones.

        All images are removed with one write for each store. Returns the sum of the images that
        each catalog had. A tombstone from before the latest removal changes nothing that matters:
        it is safe to repeat.
        """
        stores = list(catalogs)
        before = await self._removed.get(positions)
        hashes = await self._hashes(positions, stores)
        removed: dict[ImageKey, RemovedImage] = {}
        for key, position in positions.items():
            if (known := before.get(key)) is not None:
                hashes[key] |= set(known.content_hashes)
                position = position if position.is_after(known.position) else known.position
            removed[key] = RemovedImage(position, tuple(sorted(hashes[key])))
        await self._removed.add(removed)
        counts = [await store.remove(positions) for store in stores]
        await self._image_store.forget(positions)
        for key, image in removed.items():
            self._add(_now() + self._soon, _Due(removal_id(key), image.content_hashes, key=key))
        return sum(counts)

    async def accepted(self, positions: Mapping[ImageKey, RecordPosition]) -> set[ImageKey]:
        """The publications that count: they are not from before the removal of their image.

        These images are no longer removed.
        """
        removed = await self._removed.get(positions)
        back = {key for key, image in removed.items() if positions[key].is_after(image.position)}
        await self._removed.discard(back)
        return positions.keys() - (removed.keys() - back)

    async def run(self) -> None:
        """Remove the contents of removed images, also those from before a restart, for ever."""
        await self._load()
        while True:
            await self._wait()
            due = self._take_due()
            if not due:
                continue
            try:
                await self._forget_late_addresses([d.key for d in due if d.key is not None])
                await self._contents.remove_unused({h for d in due for h in d.content_hashes})
                await self._removed.contents_removed([d.id for d in due if d.is_last])
            except Unavailable as error:
                log.warning("contents of removed images stay for now: %s", error)
                for d in due:
                    self._add(_now() + self._soon, d)
                await asyncio.sleep(self._soon)
                continue
            for d in due:
                if not d.is_last:
                    self._add(_now() + self._again, replace(d, is_last=True))

    async def _forget_late_addresses(self, keys: Sequence[ImageKey]) -> None:
        """A request or an indexer in progress may have stored an address after the removal."""
        await self._image_store.forget(await self._removed.get(keys))

    async def _hashes(
        self, keys: Collection[ImageKey], catalogs: Iterable[CatalogStore]
    ) -> dict[ImageKey, set[str]]:
        """The known contents of each image."""
        hashes: dict[ImageKey, set[str]] = {key: set() for key in keys}
        ids_by_tenant: dict[str, list[str]] = {}
        for key in keys:
            ids_by_tenant.setdefault(key.tenant, []).append(key.image_id)
        for tenant, image_ids in ids_by_tenant.items():
            known = await self._image_store.find(tenant=tenant, image_ids=image_ids)
            for image in known.values():
                hashes[ImageKey(tenant, image.image_id)].add(image.content_hash)
        for catalog in catalogs:
            for key, stored in (await catalog.get(keys)).items():
                if stored.index is not None:
                    hashes[key].add(stored.index.content_hash)
        return hashes

    async def _load(self) -> None:
        while True:
            try:
                async for id_, image in self._removed.all():
                    if image.content_hashes:
                        self._add(_now() + self._soon, _Due(id_, image.content_hashes))
                return
            except Unavailable as error:
                log.warning("removed images are not read yet: %s", error)
                await asyncio.sleep(self._soon)

    async def _wait(self) -> None:
        """Until the next contents are due."""
        self._changed.clear()
        timeout = max(self._due[0][0] - _now(), 0.0) if self._due else None
        try:
            await asyncio.wait_for(self._changed.wait(), timeout)
        except TimeoutError:
            return

    def _take_due(self) -> list[_Due]:
        """At most `BATCH` removals that are due, the oldest first."""
        due: list[_Due] = []
        while self._due and self._due[0][0] <= _now() and len(due) < BATCH:
            due.append(heapq.heappop(self._due)[2])
        return due

    def _add(self, at: float, due: _Due) -> None:
        heapq.heappush(self._due, (at, next(self._numbers), due))
        self._changed.set()


def _now() -> float:
    return asyncio.get_running_loop().time()
