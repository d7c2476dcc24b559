"""Give the catalog that queries read, and the one that indexing writes."""

import time
from collections.abc import Callable, Collection, Sequence
from typing import Final, Protocol

from qdrant_client import AsyncQdrantClient

from shared.store.catalog.protocol import CatalogStore
from shared.store.catalog.qdrant_catalog import QdrantCatalog
from shared.store.catalog.spaces import CatalogSpace, CatalogSpaces
from shared.store.catalog.status import IndexingStatus, QdrantIndexingStatuses
from shared.store.image_vectors import QdrantImageVectors
from shared.store.protocol import ImageVectorStore

ALIAS_SECONDS: Final = 5.0
"""Seconds for which the collection behind the alias is remembered."""


class Catalogs(Protocol):
    """The catalog in the space of this process's models, and the catalog that serves."""

    @property
    def current(self) -> CatalogStore:
        """The catalog in the space of this process's encoder and embedder; indexing writes it."""
        ...

    @property
    def current_space(self) -> CatalogSpace:
        """The space of this process's encoder and embedder."""
        ...

    async def serving(self) -> CatalogStore:
        """The catalog that queries read. Raises `Unavailable`."""
        ...

    async def serving_space(self) -> CatalogSpace:
        """The space of the vectors in `serving`. Raises `Unavailable`."""
        ...

    async def serving_vectors(self) -> ImageVectorStore:
        """The stored vectors of images by content hash, in the space of `serving`.

        It may have none for the encoder of an older space. Raises `Unavailable`.
        """
        ...

    async def everywhere(self) -> Sequence[CatalogStore]:
        """The catalogs of all spaces, the serving one first: publications and removals go to each.

        Raises `Unavailable`.
        """
        ...

    async def serve_current(self) -> None:
        """Let the space of this process's models serve from now on. Raises `Unavailable`."""
        ...

    async def drop_others(self, *, keep: Collection[str] = ()) -> list[str]:
        """Delete the collections that do not serve, except those of the names `keep`."""
        ...

    async def put_status(self, status: IndexingStatus) -> None:
        """Store how far the indexing is. Raises `Unavailable`."""
        ...

    async def statuses(self) -> list[IndexingStatus]:
        """How far the indexing of each space is, the latest first. Raises `Unavailable`."""
        ...


class QdrantCatalogs:
    """`Catalogs` in Qdrant: the alias names the collection that serves.

    After a change of the encoder the old collection serves until the new one is filled.
    """

    def __init__(
        self,
        client: AsyncQdrantClient,
        space: CatalogSpace,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._monotonic = monotonic
        self.spaces = CatalogSpaces(client)
        self.current_space = space
        self.current = QdrantCatalog(client, space)
        self._serving = self.current
        self._read_at: float | None = None
        self._statuses = QdrantIndexingStatuses(client)
        self._others: dict[CatalogSpace, QdrantCatalog] = {}
        """Catalogs of other spaces, as of `_listed_at`."""
        self._listed_at: float | None = None

    async def prepare(self) -> None:
        """Create the collection of this process's space; the first space of all serves at once."""
        await self.current.prepare()
        if await self.spaces.serving() is None:
            await self.spaces.serve(self.current_space)

    async def serve_current(self) -> None:
        """Let the space of this process's models serve from now on."""
        await self.spaces.serve(self.current_space)
        self._read_at = None

    async def serving(self) -> QdrantCatalog:
        now = self._monotonic()
        if self._read_at is None or now - self._read_at > ALIAS_SECONDS:
            space = await self.spaces.serving() or self.current_space
            if space != self._serving.space:
                is_current = space == self.current_space
                self._serving = self.current if is_current else QdrantCatalog(self._client, space)
            self._read_at = now
        return self._serving

    async def serving_space(self) -> CatalogSpace:
        return (await self.serving()).space

    async def serving_vectors(self) -> QdrantImageVectors:
        space = (await self.serving()).space
        return QdrantImageVectors(
            self._client, encoder=space.encoder, dimension=space.image_dimension
        )

    async def everywhere(self) -> list[QdrantCatalog]:
        now = self._monotonic()
        if self._listed_at is None or now - self._listed_at > ALIAS_SECONDS:
            spaces = await self.spaces.registered()
            self._others = {
                space: self._others.get(space) or QdrantCatalog(self._client, space)
                for space in spaces
                if space != self.current_space
            }
            self._listed_at = now
        serving = await self.serving()
        catalogs = [self.current, *self._others.values()]
        return [serving, *(catalog for catalog in catalogs if catalog.space != serving.space)]

    async def drop_others(self, *, keep: Collection[str] = ()) -> list[str]:
        dropped = await self.spaces.drop_others(keep=keep)
        self._listed_at = None
        return dropped

    async def put_status(self, status: IndexingStatus) -> None:
        await self._statuses.put(status)

    async def statuses(self) -> list[IndexingStatus]:
        return await self._statuses.read()
