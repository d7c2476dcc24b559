"""Read the catalog that serves in a process without an image encoder."""

import time
from collections.abc import Callable
from typing import Protocol

from qdrant_client import AsyncQdrantClient

from shared.domain.errors import Unavailable
from shared.store.catalog.protocol import CatalogStore
from shared.store.catalog.qdrant_catalog import QdrantCatalog
from shared.store.catalog.serving import ALIAS_SECONDS
from shared.store.catalog.spaces import CatalogSpace, CatalogSpaces
from shared.store.catalog.status import IndexingStatus, QdrantIndexingStatuses


class ServingCatalogs(Protocol):
    """The catalog that queries read, and how far its indexing is; `Catalogs` is one as well."""

    async def serving(self) -> CatalogStore:
        """The catalog that queries read. Raises `Unavailable`."""
        ...

    async def serving_space(self) -> CatalogSpace:
        """The space of the vectors in `serving`. Raises `Unavailable`."""
        ...

    async def statuses(self) -> list[IndexingStatus]:
        """How far the indexing of each space is, the latest first. Raises `Unavailable`."""
        ...


class QdrantServingCatalogs:
    """`ServingCatalogs` in Qdrant; it creates nothing."""

    def __init__(
        self, client: AsyncQdrantClient, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._monotonic = monotonic
        self._spaces = CatalogSpaces(client)
        self._statuses = QdrantIndexingStatuses(client)
        self._serving: QdrantCatalog | None = None
        self._read_at = 0.0

    async def serving(self) -> QdrantCatalog:
        now = self._monotonic()
        if self._serving is not None and now - self._read_at <= ALIAS_SECONDS:
            return self._serving
        space = await self._spaces.serving()
        if space is None:
            raise Unavailable("catalog", "no catalog serves yet; start the catalog service")
        if self._serving is None or space != self._serving.space:
            self._serving = QdrantCatalog(self._client, space)
        self._read_at = now
        return self._serving

    async def serving_space(self) -> CatalogSpace:
        return (await self.serving()).space

    async def statuses(self) -> list[IndexingStatus]:
        return await self._statuses.read()
