"""`ServingCatalogs` with one catalog in memory."""

from typing import Final

from shared.store.catalog.protocol import CatalogStore
from shared.store.catalog.spaces import CatalogSpace

SPACE: Final = CatalogSpace(
    encoder="subjects", image_dimension=8, embedder="one-hot", word_dimension=32
)


class OneCatalog:
    """The catalog that serves is always the same one."""

    def __init__(self, catalog: CatalogStore, space: CatalogSpace = SPACE) -> None:
        self._catalog = catalog
        self._space = space

    async def serving(self) -> CatalogStore:
        return self._catalog

    async def serving_space(self) -> CatalogSpace:
        return self._space
