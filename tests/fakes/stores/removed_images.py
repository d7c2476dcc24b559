"""Removed images in memory."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from shared.domain.errors import Unavailable
from shared.domain.images.image_key import ImageKey
from shared.store.removal.protocol import RemovedImage, removal_id


class InMemoryRemovedImages:
    """A `RemovedImageStore`; raises `Unavailable` while `unavailable` is set to a reason."""

    def __init__(self) -> None:
        self.unavailable: str | None = None
        self.by_id: dict[UUID, RemovedImage] = {}
        self.reads = 0

    async def add(self, removed: Mapping[ImageKey, RemovedImage]) -> None:
        self._answer()
        self.by_id.update({removal_id(key): image for key, image in removed.items()})

    async def discard(self, keys: Collection[ImageKey]) -> None:
        self._answer()
        for key in keys:
            self.by_id.pop(removal_id(key), None)

    async def get(self, keys: Collection[ImageKey]) -> dict[ImageKey, RemovedImage]:
        self._answer()
        self.reads += 1
        ids = {key: removal_id(key) for key in keys}
        return {key: self.by_id[id_] for key, id_ in ids.items() if id_ in self.by_id}

    async def all(self) -> AsyncIterator[tuple[UUID, RemovedImage]]:
        self._answer()
        for id_, image in list(self.by_id.items()):
            yield id_, image

    async def contents_removed(self, ids: Sequence[UUID]) -> None:
        self._answer()
        for id_ in ids:
            if id_ in self.by_id:
                self.by_id[id_] = replace(self.by_id[id_], content_hashes=())

    def _answer(self) -> None:
        if self.unavailable:
            raise Unavailable("store", self.unavailable)
