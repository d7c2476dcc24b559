"""Name the collection of each vector space, and switch the alias that serves."""

from collections.abc import Collection
from typing import Final

from qdrant_client import AsyncQdrantClient
from qdrant_client.http.models import (
    CreateAlias,
    CreateAliasOperation,
    DeleteAlias,
    DeleteAliasOperation,
    PointStruct,
)

from shared.domain.ids import derived_id
from shared.domain.taste import ELEMENTS, Value
from shared.store.catalog.images import IMAGE_VECTOR
from shared.store.qdrant import VectorSizes, ensure_collection, qdrant_errors

PREFIX: Final = "catalog."
"""Of the names of all collections of the catalog."""
ALIAS: Final = "catalog"
"""Name under which the serving collection is read."""
REGISTRY: Final = "catalog_spaces"
"""Collection that describes the space of each collection of the catalog."""
FORMAT: Final = 2
"""Version of the payload and of the named vectors. A change starts a new collection, which
re-indexing fills from the old one. Version 2 has the vector `combined`."""
MAX_SPACES: Final = 1_000
"""Spaces that are read from the registry; those that do not serve are dropped."""


class CatalogSpace(Value):
    """The models whose vectors one collection holds; vectors of two spaces are not comparable."""

    encoder: str
    """Name of the image encoder, as in the collections of image vectors."""
    image_dimension: int
    embedder: str
    """Name of the embedder of words."""
    word_dimension: int
    format: int = FORMAT

    @property
    def collection(self) -> str:
        """Name of the collection with vectors of this space."""
        images = f"{self.encoder}.{self.image_dimension}"
        return f"{PREFIX}{images}.{self.embedder}.{self.word_dimension}.v{self.format}"

    @property
    def sizes(self) -> VectorSizes:
        """Dimension of each named vector."""
        elements = {element.value: self.word_dimension for element in ELEMENTS}
        return {IMAGE_VECTOR: self.image_dimension, **elements}


class CatalogSpaces:
    """Which spaces have a collection, and which of them serves."""

    def __init__(self, client: AsyncQdrantClient) -> None:
        self._client = client

    async def prepare(self, space: CatalogSpace) -> None:
        """Create the registry if it is missing, and add the space. Safe to repeat."""
        await ensure_collection(self._client, REGISTRY, {}, on_disk=True)
        point = PointStruct(
            id=_point(space.collection), vector={}, payload=space.model_dump(mode="json")
        )
        with qdrant_errors():
            await self._client.upsert(REGISTRY, [point], wait=True)

    async def serving(self) -> CatalogSpace | None:
        """The space that serves; None before the first one does."""
        with qdrant_errors():
            aliases = (await self._client.get_aliases()).aliases
            names = [a.collection_name for a in aliases if a.alias_name == ALIAS]
            if not names:
                return None
            points = await self._client.retrieve(REGISTRY, [_point(names[0])])
        return CatalogSpace.model_validate(points[0].payload) if points else None

    async def registered(self) -> list[CatalogSpace]:
        """Every space that has a collection, in the order of their collections' names."""
        with qdrant_errors():
            if not await self._client.collection_exists(REGISTRY):
                return []
            points, _ = await self._client.scroll(REGISTRY, limit=MAX_SPACES, with_payload=True)
        spaces = [CatalogSpace.model_validate(point.payload) for point in points]
        return sorted(spaces, key=lambda space: space.collection)

    async def serve(self, space: CatalogSpace) -> None:
        """Let this space serve from now on, in one step; its collection must exist."""
        before = await self.serving()
        if before == space:
            return
        switch: list[CreateAliasOperation | DeleteAliasOperation] = [
            CreateAliasOperation(
                create_alias=CreateAlias(collection_name=space.collection, alias_name=ALIAS)
            )
        ]
        if before is not None:
            switch.insert(0, DeleteAliasOperation(delete_alias=DeleteAlias(alias_name=ALIAS)))
        with qdrant_errors():
            await self._client.update_collection_aliases(switch)

    async def drop_others(self, *, keep: Collection[str] = ()) -> list[str]:
        """Delete the collections of spaces that do not serve, except those of the names `keep`.

        Returns the names of the deleted ones.
        """
        serving = await self.serving()
        if serving is None:
            return []
        dropped = []
        with qdrant_errors():
            for collection in (await self._client.get_collections()).collections:
                if not collection.name.startswith(PREFIX):
                    continue
                if collection.name != serving.collection and collection.name not in keep:
                    await self._client.delete_collection(collection.name)
                    await self._client.delete(REGISTRY, [_point(collection.name)], wait=True)
                    dropped.append(collection.name)
        return dropped


def _point(collection: str) -> str:
    return str(derived_id("catalog-space", collection))
