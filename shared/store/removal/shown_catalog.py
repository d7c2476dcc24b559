"""A catalog without removed images, also while the catalog service has not removed them yet."""

from collections.abc import Collection, Mapping, Sequence

from shared.domain.images.image_key import ImageKey
from shared.embedding.protocol import Vectors
from shared.store.catalog.images import IndexedContent, IndexFailure, Publication, StoredImage
from shared.store.catalog.protocol import CatalogStore
from shared.store.catalog.queries import CatalogHit, CatalogPage, CatalogSelection, IdPage
from shared.store.catalog.query_kinds import AnyQuery, IdQuery
from shared.store.removal.removal_check import RemovalCheck


class ShownCatalog:
    """A `CatalogStore` for readers: lists may be shorter than their limit by removed images."""

    def __init__(self, store: CatalogStore, check: RemovalCheck) -> None:
        self._store = store
        self._check = check

    async def get(self, keys: Collection[ImageKey]) -> dict[ImageKey, StoredImage]:
        images = await self._store.get(keys)
        removed = await self._check.removed(images)
        return {key: image for key, image in images.items() if key not in removed}

    async def vectors(self, keys: Collection[ImageKey]) -> dict[ImageKey, dict[str, Vectors]]:
        removed = await self._check.removed(keys)
        return await self._store.vectors([key for key in keys if key not in removed])

    async def page(
        self, selection: CatalogSelection, *, after: str | None = None, limit: int = 100
    ) -> CatalogPage:
        page = await self._store.page(selection, after=after, limit=limit)
        return CatalogPage(tuple(await self._shown(page.images)), page.next)

    async def walk(self, *, after: str | None = None, limit: int = 1_000) -> CatalogPage:
        page = await self._store.walk(after=after, limit=limit)
        return CatalogPage(tuple(await self._shown(page.images)), page.next)

    async def newest(self, selection: CatalogSelection, *, limit: int) -> list[StoredImage]:
        return await self._shown(await self._store.newest(selection, limit=limit))

    async def query(
        self, selection: CatalogSelection, queries: Sequence[AnyQuery]
    ) -> list[list[CatalogHit]]:
        results = await self._store.query(selection, queries)
        keys = {hit.image.entry.key for hits in results for hit in hits}
        removed = await self._check.removed(keys)
        return [[hit for hit in hits if hit.image.entry.key not in removed] for hits in results]

    async def ids(self, searches: Sequence[tuple[CatalogSelection, IdQuery]]) -> list[list[str]]:
        results = await self._store.ids(searches)
        return [
            await self._shown_ids(selection.tenant, ids)
            for (selection, _), ids in zip(searches, results, strict=True)
        ]

    async def page_ids(
        self, selection: CatalogSelection, *, after: str | None = None, limit: int = 100
    ) -> IdPage:
        page = await self._store.page_ids(selection, after=after, limit=limit)
        return IdPage(tuple(await self._shown_ids(selection.tenant, page.image_ids)), page.next)

    async def publish(self, publications: Sequence[Publication]) -> None:
        await self._store.publish(publications)

    async def index(self, contents: Sequence[IndexedContent]) -> set[ImageKey]:
        return await self._store.index(contents)

    async def fail(self, failures: Mapping[ImageKey, IndexFailure]) -> None:
        await self._store.fail(failures)

    async def remove(self, keys: Collection[ImageKey]) -> int:
        return await self._store.remove(keys)

    async def count(self, *, tenant: str | None = None) -> int:
        return await self._store.count(tenant=tenant)

    async def remaining(self, keys: Collection[ImageKey]) -> int:
        return await self._store.remaining(keys)

    async def _shown(self, images: Sequence[StoredImage]) -> list[StoredImage]:
        removed = await self._check.removed([image.entry.key for image in images])
        return [image for image in images if image.entry.key not in removed]

    async def _shown_ids(self, tenant: str, image_ids: Sequence[str]) -> list[str]:
        removed = await self._check.removed([ImageKey(tenant, name) for name in image_ids])
        return [name for name in image_ids if ImageKey(tenant, name) not in removed]
