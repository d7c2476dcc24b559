"""`Catalogs` in memory: the catalog of the present models, and the one that serves."""

from collections.abc import Collection

from shared.store.catalog.spaces import CatalogSpace
from shared.store.catalog.status import IndexingStatus
from tests.fakes.stores import InMemoryImageVectors
from tests.fakes.stores.catalog import InMemoryCatalog


class InMemoryCatalogs:
    """The current space serves, unless `serving` names an older one with its catalog."""

    def __init__(
        self,
        space: CatalogSpace,
        *,
        serving: tuple[CatalogSpace, InMemoryCatalog] | None = None,
    ) -> None:
        self.current = InMemoryCatalog()
        self.current_space = space
        self.status_log: list[IndexingStatus] = []
        self.dropped: list[str] = []
        self.image_vectors: dict[CatalogSpace, InMemoryImageVectors] = {}
        """The vectors of images that each space has stored."""
        self._by_space = {space: self.current}
        self._serving = space
        if serving is not None:
            self._serving, catalog = serving
            self._by_space[self._serving] = catalog

    async def serving(self) -> InMemoryCatalog:
        return self._by_space[self._serving]

    async def serving_space(self) -> CatalogSpace:
        return self._serving

    async def serving_vectors(self) -> InMemoryImageVectors:
        return self.image_vectors.setdefault(self._serving, InMemoryImageVectors())

    async def everywhere(self) -> list[InMemoryCatalog]:
        serving = self._by_space[self._serving]
        return [serving, *(c for c in self._by_space.values() if c is not serving)]

    async def serve_current(self) -> None:
        self._serving = self.current_space

    async def drop_others(self, *, keep: Collection[str] = ()) -> list[str]:
        dropped = [
            space for space in self._by_space
            if space != self._serving and space.collection not in keep
        ]  # fmt: skip
        for space in dropped:
            del self._by_space[space]
        self.dropped += [space.collection for space in dropped]
        return [space.collection for space in dropped]

    async def put_status(self, status: IndexingStatus) -> None:
        self.status_log.append(status)

    async def statuses(self) -> list[IndexingStatus]:
        latest = {status.collection: status for status in self.status_log}
        return sorted(latest.values(), key=lambda status: status.updated_at, reverse=True)
