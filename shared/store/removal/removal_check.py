"""Check whether an image is removed; every service uses this check before it shows an image."""

import logging
from collections.abc import Callable, Collection
from typing import Final

from shared.domain.images.image_key import ImageKey
from shared.domain.images.record_position import RecordPosition
from shared.store.removal.protocol import RemovedImageStore, removal_key

log = logging.getLogger(__name__)
MAX_REMOVED: Final = 200_000
"""Removed images kept in memory, about 60 MB. With more of them, checks also read the store."""
MAX_PUBLISHED: Final = 20_000
"""Latest publications kept, of images that the store may still know as removed."""
REASON: Final = "removed_from_catalog"
"""The reason with which a removed image is rejected."""


class RemovalCheck:
    """The removed images in memory, from the store and from each new record of the catalog's topic.

    `load` reads the store. While `is_following` is true, the owner calls `note_removed` and
    `note_published` for each record of the topic, and a check reads no store. Otherwise each check
    reads it and raises `Unavailable` as the store does.
    """

    def __init__(self, store: RemovedImageStore, *, size: int = MAX_REMOVED) -> None:
        self._store = store
        self._size = size
        self._removed: dict[bytes, RecordPosition] = {}
        self._published: dict[bytes, RecordPosition] = {}
        self._is_complete = True
        self._listeners: list[Callable[[ImageKey], None]] = []
        self.is_following = False

    def __len__(self) -> int:
        """Number of removed images in memory."""
        return len(self._removed)

    def on_removal(self, forget: Callable[[ImageKey], None]) -> None:
        """Call this function for each image that is removed from now on."""
        self._listeners.append(forget)

    async def load(self) -> None:
        """Read the stored removals; note no record meanwhile. Raises `Unavailable`."""
        async for id_, image in self._store.all():
            self._note(id_.bytes, image.position)

    def knows_removed(self, key: ImageKey) -> bool:
        """Whether the memory has this image as removed."""
        return removal_key(key) in self._removed

    def note_removed(self, key: ImageKey, position: RecordPosition) -> None:
        """Note a tombstone; the image is removed from this call on."""
        if self._note(removal_key(key), position):
            for forget in self._listeners:
                forget(key)

    def note_published(self, key: ImageKey, position: RecordPosition) -> None:
        """Note a publication: an image that was removed before it may be shown again."""
        id_ = removal_key(key)
        removed_at = self._removed.get(id_)
        if removed_at is not None and not position.is_after(removed_at):
            return
        self._removed.pop(id_, None)
        if removed_at is None and self._is_complete:
            return  # The store does not know it as removed.
        self._published[id_] = position
        _drop_oldest(self._published, MAX_PUBLISHED)

    async def removed(self, keys: Collection[ImageKey]) -> frozenset[ImageKey]:
        """The removed images among these."""
        ids = {key: removal_key(key) for key in keys} if self._removed else {}
        removed = {key for key, id_ in ids.items() if id_ in self._removed}
        if not self.is_following or not self._is_complete:
            for key, image in (await self._store.get(set(keys) - removed)).items():
                published_at = self._published.get(removal_key(key))
                if published_at is None or not published_at.is_after(image.position):
                    removed.add(key)
        return frozenset(removed)

    def _note(self, id_: bytes, position: RecordPosition) -> bool:
        """Whether the image is removed, by this record or by a later one."""
        published_at = self._published.get(id_)
        if published_at is not None and not position.is_after(published_at):
            return False
        self._published.pop(id_, None)
        before = self._removed.pop(id_, None)
        self._removed[id_] = position if before is None or position.is_after(before) else before
        if _drop_oldest(self._removed, self._size) and self._is_complete:
            self._is_complete = False
            log.info("more than %d images are removed: checks also read the store", self._size)
        return True


def _drop_oldest(positions: dict[bytes, RecordPosition], size: int) -> bool:
    dropped = len(positions) > size
    while len(positions) > size:
        del positions[next(iter(positions))]
    return dropped
