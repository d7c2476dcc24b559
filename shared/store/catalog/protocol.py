"""The protocol of every store that keeps a catalog."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from shared.domain.images.image_key import ImageKey
from shared.embedding.protocol import Vectors
from shared.store.catalog.images import IndexedContent, IndexFailure, Publication, StoredImage
from shared.store.catalog.queries import CatalogHit, CatalogPage, CatalogSelection, IdPage
from shared.store.catalog.query_kinds import AnyQuery, IdQuery


class CatalogStore(Protocol):
    """Stores the catalog of all tenants. Raises `Unavailable` when it does not answer."""

    async def publish(self, publications: Sequence[Publication]) -> None:
        """Add images, or replace what was published about them.

        An index stays as it is, and a failure is forgotten, so that indexing is tried again. Of
        two publications of one image in a call, the last one counts.
        """
        ...

    async def index(self, contents: Sequence[IndexedContent]) -> set[ImageKey]:
        """Replace the indexes and all vectors of images; returns the keys of those written.

        An image that was removed meanwhile, or whose address has changed, is left as it is: the
        work of an indexer that comes late never brings an image back.
        """
        ...

    async def fail(self, failures: Mapping[ImageKey, IndexFailure]) -> None:
        """Note why images cannot be indexed; removed images stay removed.

        An index of an earlier address is removed with its vectors: the app shows that content no
        more.
        """
        ...

    async def remove(self, keys: Collection[ImageKey]) -> int:
        """Remove images; returns how many of them were stored."""
        ...

    async def get(self, keys: Collection[ImageKey]) -> dict[ImageKey, StoredImage]:
        """The stored images among these."""
        ...

    async def vectors(self, keys: Collection[ImageKey]) -> dict[ImageKey, dict[str, Vectors]]:
        """The vectors of the stored images among these, by name; unit length, float32."""
        ...

    async def page(
        self, selection: CatalogSelection, *, after: str | None = None, limit: int = 100
    ) -> CatalogPage:
        """The selected images, `limit` at a time; `after` is `next` of the page before.

        Raises `ValueError` for an `after` that no page can have given.
        """
        ...

    async def walk(self, *, after: str | None = None, limit: int = 1_000) -> CatalogPage:
        """The images of all tenants, read without a filter; `after` as in `page`."""
        ...

    async def newest(self, selection: CatalogSelection, *, limit: int) -> list[StoredImage]:
        """The selected images that were published last, the newest first."""
        ...

    async def query(
        self, selection: CatalogSelection, queries: Sequence[AnyQuery]
    ) -> list[list[CatalogHit]]:
        """The best images for each query, best first, with one filter for all queries."""
        ...

    async def ids(self, searches: Sequence[tuple[CatalogSelection, IdQuery]]) -> list[list[str]]:
        """The ids of the best images of each search, best first, without reading the images.

        All searches are one call of the store.
        """
        ...

    async def page_ids(
        self, selection: CatalogSelection, *, after: str | None = None, limit: int = 100
    ) -> IdPage:
        """The ids of the images that `page` gives."""
        ...

    async def count(self, *, tenant: str | None = None) -> int:
        """Number of stored images, counted one by one: by no filter and by no index."""
        ...

    async def remaining(self, keys: Collection[ImageKey]) -> int:
        """How many of these images a walk over all points still finds, after their removal."""
        ...
