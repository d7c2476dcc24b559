"""Remove an image of the catalog from the store for good, or accept that it is published again."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
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
    at: float
    is_last: bool
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
        self._due: list[_Due] = []
        self._changed = asyncio.Event()

    async def remove(
        self, key: ImageKey, position: RecordPosition, *, catalogs: Iterable[CatalogStore]
    ) -> int:
        """Remove an image from these catalogs and the store; returns in how many catalogs it was.

        A tombstone from before the latest removal changes nothing that matters: it is safe to
        repeat.
        """
        stores = list(catalogs)
        hashes = await self._hashes(key, stores)
        before = (await self._removed.get([key])).get(key)
        if before is not None:
            hashes |= set(before.content_hashes)
            position = position if position.is_after(before.position) else before.position
        await self._removed.add({key: RemovedImage(position, tuple(sorted(hashes)))})
        counts = [await store.remove([key]) for store in stores]
        await self._image_store.forget([key])
        self._add(_Due(removal_id(key), tuple(sorted(hashes)), _now() + self._soon, False, key))
        return sum(counts)

    async def accepts(self, key: ImageKey, position: RecordPosition) -> bool:
        """Whether a publication counts: it is not from before the image's removal.

        If it counts, the image is no longer removed.
        """
        before = (await self._removed.get([key])).get(key)
        if before is None:
            return True
        if not position.is_after(before.position):
            return False
        await self._removed.discard([key])
        return True

    async def run(self) -> None:
        """Remove the contents of removed images, also those from before a restart, for ever."""
        await self._load()
        while True:
            await self._wait()
            due = [d for d in self._due if d.at <= _now()][:BATCH]
            if not due:
                continue
            try:
                await self._forget_late_addresses([d.key for d in due if d.key is not None])
                await self._contents.remove_unused({h for d in due for h in d.content_hashes})
                await self._removed.contents_removed([d.id for d in due if d.is_last])
            except Unavailable as error:
                log.warning("contents of removed images stay for now: %s", error)
                await asyncio.sleep(self._soon)
                continue
            self._due = [d for d in self._due if d not in due]
            for d in due:
                if not d.is_last:
                    self._add(replace(d, at=_now() + self._again, is_last=True))

    async def _forget_late_addresses(self, keys: Sequence[ImageKey]) -> None:
        """A request or an indexer in progress may have stored an address after the removal."""
        await self._image_store.forget(await self._removed.get(keys))

    async def _hashes(self, key: ImageKey, catalogs: Iterable[CatalogStore]) -> set[str]:
        known = (await self._image_store.find(tenant=key.tenant, image_ids=[key.image_id])).values()
        hashes = {image.content_hash for image in known}
        for catalog in catalogs:
            stored = (await catalog.get([key])).get(key)
            if stored is not None and stored.index is not None:
                hashes.add(stored.index.content_hash)
        return hashes

    async def _load(self) -> None:
        while True:
            try:
                async for id_, image in self._removed.all():
                    if image.content_hashes:
                        self._add(_Due(id_, image.content_hashes, _now() + self._soon, False))
                return
            except Unavailable as error:
                log.warning("removed images are not read yet: %s", error)
                await asyncio.sleep(self._soon)

    async def _wait(self) -> None:
        """Until the next contents are due."""
        self._changed.clear()
        seconds = min((d.at for d in self._due), default=None)
        timeout = None if seconds is None else max(seconds - _now(), 0.0)
        try:
            await asyncio.wait_for(self._changed.wait(), timeout)
        except TimeoutError:
            return

    def _add(self, due: _Due) -> None:
        self._due.append(due)
        self._changed.set()


def _now() -> float:
    return asyncio.get_running_loop().time()
