"""Fill the collection of another encoder while the old one serves, and then switch the alias."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from services.catalog.indexing.scan import PAGE, PAUSE_SECONDS
from services.catalog.indexing.waiting_list import Priority, WaitingList
from services.catalog.plan import Progress, may_serve
from shared.domain.images.image_key import ImageKey
from shared.store.catalog.images import Publication
from shared.store.catalog.protocol import CatalogStore
from shared.store.catalog.serving import Catalogs

log = logging.getLogger(__name__)
MAX_ROUNDS: Final = 10
"""Comparisons of one page while another process changes its images."""
GIVEN_UP_ATTEMPTS: Final = 5
"""Attempts after which an image whose host does not answer no longer delays the switch."""


class Reindexing:
    """Active when another space served at the start of the process.

    A process of which the own space served never takes the alias back: another process, with
    another encoder, has then taken it on purpose.
    """

    def __init__(self, catalogs: Catalogs, *, waiting: WaitingList, writing: asyncio.Lock) -> None:
        self._catalogs = catalogs
        self._waiting = waiting
        self._writing = writing
        self._indexed_before = 0
        self.serving: CatalogStore | None = None
        """The catalog that serves meanwhile; None while nothing is re-indexed."""
        self.serving_collection = ""
        self.copied = False
        """Whether all images of the serving catalog are in the new one."""

    async def start(self) -> None:
        """Find out whether another space serves; raises `Unavailable`."""
        serving = await self._catalogs.serving()
        if serving is self._catalogs.current:
            return
        self.serving = serving
        self.serving_collection = (await self._catalogs.serving_space()).collection
        log.info(
            "images of %s are indexed again for %s; the former serves meanwhile",
            self.serving_collection, self._catalogs.current_space.collection,
        )  # fmt: skip

    async def copy(self) -> int:
        """Copy all publications that differ; returns how many did. Raises `Unavailable`."""
        assert self.serving is not None
        changed, indexed, after = 0, 0, None
        while True:
            page = await self.serving.walk(after=after, limit=PAGE)
            changed += await self._copy([image.entry.key for image in page.images])
            for image in page.images:
                indexed += image.index is not None
                if not self.copied:
                    is_served = image.index is not None
                    priority = Priority.OUTDATED if is_served else Priority.PUBLISHED
                    self._waiting.add(image.entry.key, priority)
            after = page.next
            if after is None:
                break
            await asyncio.sleep(PAUSE_SECONDS)
        self.copied = True
        self._indexed_before = indexed
        return changed

    async def _copy(self, keys: Sequence[ImageKey]) -> int:
        """Make the entries of both catalogs equal.

        Another process may publish or remove an image at the same time. It writes the serving
        catalog first, so the comparison is repeated until both are equal.
        """
        assert self.serving is not None
        changed = 0
        async with self._writing:
            for _ in range(MAX_ROUNDS):
                old = await self.serving.get(keys)
                new = await self._catalogs.current.get(keys)
                differing = [
                    Publication(image.entry, image.published_at)
                    for key, image in old.items()
                    if key not in new or new[key].entry != image.entry
                ]
                removed = [key for key in new if key not in old]
                if not differing and not removed:
                    break
                await self._catalogs.current.publish(differing)
                await self._catalogs.current.remove(removed)
                changed += len(differing) + len(removed)
        return changed

    async def switch(self, progress: Progress) -> bool:
        """Let the new collection serve if it is complete; raises `Unavailable`."""
        if self.serving is None or not self.copied:
            return False
        if not may_serve(progress, indexed_before=self._indexed_before):
            return False
        if await self.copy() + await self._remove_leftovers():
            # Another process has written: the images that wait now are read from the store.
            self._waiting.left_out = True
            return False
        await self._catalogs.serve_current()
        log.info(
            "%s serves with %d indexed images, in place of %s",
            self._catalogs.current_space.collection, progress.indexed, self.serving_collection,
        )  # fmt: skip
        self.serving = None
        return True

    async def _remove_leftovers(self) -> int:
        """Remove images that the serving catalog no longer has; returns how many."""
        removed, after = 0, None
        while True:
            page = await self._catalogs.current.walk(after=after, limit=PAGE)
            removed += await self._copy([image.entry.key for image in page.images])
            after = page.next
            if after is None:
                return removed
            await asyncio.sleep(PAUSE_SECONDS)

    def progress(self, by_state: dict[str, int]) -> Progress:
        """The progress of the new collection, from its images by state."""
        given_up = self._waiting.attempted(least=GIVEN_UP_ATTEMPTS)
        return Progress(
            indexed=by_state["indexed"] + by_state["outdated"],
            waiting=max(by_state["waiting"] - given_up, 0),
            failed=by_state["failed"] + given_up,
        )
