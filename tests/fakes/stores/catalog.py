"""A `CatalogStore` in memory, whose answers follow from the pure rules of the contract."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from shared.domain.errors import Unavailable
from shared.domain.ids import catalog_point_id
from shared.domain.images.image_key import ImageKey
from shared.embedding.protocol import Vectors
from shared.store.catalog.images import IndexedContent, IndexFailure, Publication, StoredImage, unit
from shared.store.catalog.queries import (
    CatalogHit,
    CatalogPage,
    CatalogSelection,
    IdPage,
    check_after,
)
from shared.store.catalog.query_kinds import AmongQuery, AnyQuery, IdQuery, NewestQuery
from tests.fakes.stores.catalog_scores import score


class InMemoryCatalog:
    """A `CatalogStore`; raises `Unavailable` while `unavailable` is set to a reason."""

    def __init__(self) -> None:
        self.unavailable: str | None = None
        self.publish_calls = 0
        self.remove_calls = 0
        self._images: dict[ImageKey, StoredImage] = {}
        self._vectors: dict[ImageKey, dict[str, Vectors]] = {}

    async def publish(self, publications: Sequence[Publication]) -> None:
        self._answer()
        self.publish_calls += 1
        for publication in publications:
            known = self._images.get(publication.entry.key)
            self._images[publication.entry.key] = StoredImage(
                entry=publication.entry,
                published_at=publication.published_at,
                index=known.index if known else None,
            )

    async def index(self, contents: Sequence[IndexedContent]) -> set[ImageKey]:
        self._answer()
        written = set()
        for content in contents:
            known = self._images.get(content.key)
            if known is None or known.entry.uri != content.index.uri:
                continue
            self._images[content.key] = known.model_copy(
                update={"index": content.index, "failure": None}
            )
            self._vectors[content.key] = {n: unit(v) for n, v in content.vectors.items()}
            written.add(content.key)
        return written

    async def fail(self, failures: Mapping[ImageKey, IndexFailure]) -> None:
        self._answer()
        for key, failure in failures.items():
            if key not in self._images:
                continue
            known = self._images[key]
            index = known.index
            if index is not None and index.uri != known.entry.uri == failure.uri:
                index = None
                self._vectors.pop(key, None)
            self._images[key] = known.model_copy(update={"failure": failure, "index": index})

    async def remove(self, keys: Collection[ImageKey]) -> int:
        self._answer()
        self.remove_calls += 1
        removed = [self._images.pop(key, None) for key in set(keys)]
        for key in keys:
            self._vectors.pop(key, None)
        return sum(image is not None for image in removed)

    async def get(self, keys: Collection[ImageKey]) -> dict[ImageKey, StoredImage]:
        self._answer()
        return {key: self._images[key] for key in keys if key in self._images}

    async def vectors(self, keys: Collection[ImageKey]) -> dict[ImageKey, dict[str, Vectors]]:
        self._answer()
        return {key: dict(self._vectors.get(key, {})) for key in keys if key in self._images}

    async def page(
        self, selection: CatalogSelection, *, after: str | None = None, limit: int = 100
    ) -> CatalogPage:
        return self._page(self._selected(selection), after, limit)

    async def walk(self, *, after: str | None = None, limit: int = 1_000) -> CatalogPage:
        return self._page(self._images.values(), after, limit)

    def _page(self, images: Iterable[StoredImage], after: str | None, limit: int) -> CatalogPage:
        self._answer()
        check_after(after)
        by_point = {str(catalog_point_id(image.entry.key)): image for image in images}
        points = sorted(point for point in by_point if after is None or point >= after)
        page = tuple(by_point[point] for point in points[:limit])
        return CatalogPage(page, points[limit] if len(points) > limit else None)

    async def newest(self, selection: CatalogSelection, *, limit: int) -> list[StoredImage]:
        self._answer()
        images = self._selected(selection)
        return sorted(images, key=lambda image: image.published_at, reverse=True)[:limit]

    async def query(
        self, selection: CatalogSelection, queries: Sequence[AnyQuery]
    ) -> list[list[CatalogHit]]:
        self._answer()
        selected = self._selected(selection)
        return [self._hits(selected, query) for query in queries]

    async def ids(self, searches: Sequence[tuple[CatalogSelection, IdQuery]]) -> list[list[str]]:
        self._answer()
        results = []
        for selection, query in searches:
            match query:
                case NewestQuery():
                    newest = await self.newest(selection, limit=query.limit)
                    since = query.since
                    images = [i for i in newest if since is None or i.published_at >= since]
                case AmongQuery():
                    selected = self._selected(selection)
                    images = [i for i in selected if i.entry.image_id in query.image_ids]
                case _:
                    images = [hit.image for hit in self._hits(self._selected(selection), query)]
            results.append([image.entry.image_id for image in images])
        return results

    async def page_ids(
        self, selection: CatalogSelection, *, after: str | None = None, limit: int = 100
    ) -> IdPage:
        page = await self.page(selection, after=after, limit=limit)
        return IdPage(tuple(image.entry.image_id for image in page.images), page.next)

    async def count(self, *, tenant: str | None = None) -> int:
        self._answer()
        return sum(tenant in (None, key.tenant) for key in self._images)

    async def remaining(self, keys: Collection[ImageKey]) -> int:
        self._answer()
        return len(self._images.keys() & set(keys))

    def _selected(self, selection: CatalogSelection) -> list[StoredImage]:
        return [image for image in self._images.values() if selection.selects(image)]

    def _hits(self, images: Sequence[StoredImage], query: AnyQuery) -> list[CatalogHit]:
        hits = []
        for image in images:
            number = score(self._vectors.get(image.entry.key, {}), query)
            if number is not None:
                hits.append(CatalogHit(image, number))
        return sorted(hits, key=lambda hit: -hit.score)[: query.limit]

    def _answer(self) -> None:
        if self.unavailable:
            raise Unavailable("store", self.unavailable)
