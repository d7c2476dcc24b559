"""Store the catalog in Qdrant: a point an image, with one named vector a visual element."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any, Final

import numpy as np
from qdrant_client import AsyncQdrantClient
from qdrant_client.http.models import (
    Direction,
    Filter,
    OrderBy,
    PointsList,
    PointStruct,
    Record,
    UpdateOperation,
    UpsertOperation,
)

from shared.domain.ids import catalog_point_ids
from shared.domain.images.image_key import ImageKey
from shared.embedding.protocol import Vectors
from shared.store.catalog.collection import prepare_collection
from shared.store.catalog.images import (
    VECTOR_NAMES,
    IndexedContent,
    IndexFailure,
    Publication,
    StoredImage,
)
from shared.store.catalog.payload import (
    INDEX,
    PUBLISHED_AT,
    failure_payload,
    published_payload,
    stored_image,
)
from shared.store.catalog.qdrant_changes import index_changes, no_index_changes, set_payload
from shared.store.catalog.qdrant_filter import qdrant_filter
from shared.store.catalog.qdrant_queries import (
    ONLY_ID,
    id_requests,
    query_request,
    without_index_condition,
)
from shared.store.catalog.queries import (
    CatalogHit,
    CatalogPage,
    CatalogSelection,
    IdPage,
    check_after,
)
from shared.store.catalog.query_kinds import AmongQuery, AnyQuery, IdQuery, NewestQuery, examples
from shared.store.catalog.spaces import CatalogSpace, CatalogSpaces
from shared.store.qdrant import qdrant_errors

Payload = dict[str, Any]
SCROLL: Final = 1_000
"""Points of one step of a walk over the whole collection."""


class QdrantCatalog:
    """A `CatalogStore` on the collection of one vector space."""

    def __init__(self, client: AsyncQdrantClient, space: CatalogSpace) -> None:
        self._client = client
        self.space = space
        self.collection = space.collection

    async def prepare(self) -> None:
        """Create the collection and its payload indexes if they are missing."""
        await prepare_collection(self._client, self.collection, self.space.sizes)
        await CatalogSpaces(self._client).prepare(self.space)

    async def publish(self, publications: Sequence[Publication]) -> None:
        latest = {_point(p.entry.key): p for p in publications}
        stored = {point.id for point in await self._points(latest)}
        added = [
            PointStruct(id=point_id, vector={}, payload=published_payload(publication))
            for point_id, publication in latest.items()
            if point_id not in stored
        ]
        changes: list[UpdateOperation] = [
            set_payload(point_id, published_payload(publication))
            for point_id, publication in latest.items()
            if point_id in stored
        ]
        if added:
            changes.append(UpsertOperation(upsert=PointsList(points=added)))
        await self._change(changes)

    async def index(self, contents: Sequence[IndexedContent]) -> set[ImageKey]:
        for content in contents:
            self._check_dimensions(content.vectors)
        latest = {_point(content.key): content for content in contents}
        points = await self._points(latest, with_payload=["uri"])
        present = {str(point.id): (point.payload or {}).get("uri") for point in points}
        written = {
            point_id: content
            for point_id, content in latest.items()
            if present.get(point_id) == content.index.uri
        }
        sizes = self.space.sizes
        # No upsert: it would bring back an image that was removed after the lines above. A server
        # reports such an image as an error, and the next attempt leaves it out.
        await self._change(
            [
                change
                for id_, content in written.items()
                for change in index_changes(id_, content, sizes)
            ]
        )
        return {content.key for content in written.values()}

    async def fail(self, failures: Mapping[ImageKey, IndexFailure]) -> None:
        by_point = {_point(key): failure for key, failure in failures.items()}
        changes: list[UpdateOperation] = []
        for point in await self._points(by_point, with_payload=["uri", INDEX]):
            point_id, payload = str(point.id), point.payload or {}
            failure = by_point[point_id]
            index = payload.get(INDEX)
            is_of_other = index is not None and index["uri"] != failure.uri
            if is_of_other and payload["uri"] == failure.uri:
                changes += no_index_changes(point_id)
            changes.append(set_payload(point_id, failure_payload(failure)))
        await self._change(changes)

    async def remove(self, keys: Collection[ImageKey]) -> int:
        point_ids: list[Any] = [_point(key) for key in keys]
        stored = [point.id for point in await self._points(point_ids)]
        if point_ids:
            with qdrant_errors():
                # All ids, not the stored ones alone: another instance may have added one.
                await self._client.delete(self.collection, point_ids, wait=True)
        return len(stored)

    async def get(self, keys: Collection[ImageKey]) -> dict[ImageKey, StoredImage]:
        points = await self._points([_point(key) for key in keys], with_payload=True)
        images = [stored_image(point.payload or {}) for point in points]
        return {image.entry.key: image for image in images}

    async def vectors(self, keys: Collection[ImageKey]) -> dict[ImageKey, dict[str, Vectors]]:
        by_point = {_point(key): key for key in keys}
        points = await self._points(by_point, with_vectors=[*VECTOR_NAMES])
        return {by_point[str(point.id)]: _vectors(point) for point in points}

    async def page(
        self, selection: CatalogSelection, *, after: str | None = None, limit: int = 100
    ) -> CatalogPage:
        payloads, following = await self._page(qdrant_filter(selection), after, limit)
        return CatalogPage(tuple(map(stored_image, payloads)), following)

    async def page_ids(
        self, selection: CatalogSelection, *, after: str | None = None, limit: int = 100
    ) -> IdPage:
        conditions = qdrant_filter(selection)
        payloads, following = await self._page(conditions, after, limit, fields=ONLY_ID)
        return IdPage(tuple(payload["image_id"] for payload in payloads), following)

    async def walk(self, *, after: str | None = None, limit: int = SCROLL) -> CatalogPage:
        payloads, following = await self._page(None, after, limit)
        return CatalogPage(tuple(map(stored_image, payloads)), following)

    async def _page(
        self,
        conditions: Filter | None,
        after: str | None,
        limit: int,
        *,
        fields: bool | list[str] = True,
    ) -> tuple[list[Payload], str | None]:
        check_after(after)
        with qdrant_errors():
            points, following = await self._client.scroll(
                self.collection,
                scroll_filter=conditions,
                offset=after,
                limit=limit,
                with_payload=fields,
            )
        payloads = [point.payload or {} for point in points]
        return payloads, None if following is None else str(following)

    async def newest(self, selection: CatalogSelection, *, limit: int) -> list[StoredImage]:
        with qdrant_errors():
            points, _ = await self._client.scroll(
                self.collection,
                scroll_filter=qdrant_filter(selection),
                order_by=OrderBy(key=PUBLISHED_AT, direction=Direction.DESC),
                limit=limit,
                with_payload=True,
            )
        return [stored_image(point.payload or {}) for point in points]

    async def query(
        self, selection: CatalogSelection, queries: Sequence[AnyQuery]
    ) -> list[list[CatalogHit]]:
        if not queries:
            return []
        self._check_queries(queries)
        conditions = qdrant_filter(without_index_condition(selection))
        requests = [query_request(query, conditions, self.space.sizes) for query in queries]
        with qdrant_errors():
            responses = await self._client.query_batch_points(self.collection, requests)
        return [
            [CatalogHit(stored_image(point.payload or {}), point.score) for point in points.points]
            for points in responses
        ]

    async def ids(self, searches: Sequence[tuple[CatalogSelection, IdQuery]]) -> list[list[str]]:
        if not searches:
            return []
        by_vectors = [q for _, q in searches if not isinstance(q, NewestQuery | AmongQuery)]
        self._check_queries(by_vectors)
        requests = id_requests(searches, self.space.sizes)
        with qdrant_errors():
            responses = await self._client.query_batch_points(self.collection, requests)
        return [
            [(point.payload or {})["image_id"] for point in response.points]
            for response in responses
        ]

    async def count(self, *, tenant: str | None = None) -> int:
        return len([key async for key in self._all_keys() if tenant in (None, key.tenant)])

    async def remaining(self, keys: Collection[ImageKey]) -> int:
        wanted = frozenset(keys)
        return len([key async for key in self._all_keys() if key in wanted])

    async def _all_keys(self) -> AsyncIterator[ImageKey]:
        """The images of all points, read without a filter: filtered counts have been wrong."""
        after = None
        while True:
            with qdrant_errors():
                points, after = await self._client.scroll(
                    self.collection,
                    offset=after,
                    limit=SCROLL,
                    with_payload=["tenant", "image_id"],
                )
            for point in points:
                payload = point.payload or {}
                yield ImageKey(payload["tenant"], payload["image_id"])
            if after is None:
                return

    async def _points(
        self,
        point_ids: Collection[str],
        *,
        with_payload: bool | list[str] = False,
        with_vectors: bool | list[str] = False,
    ) -> list[Record]:
        if not point_ids:
            return []
        with qdrant_errors():
            return await self._client.retrieve(
                self.collection,
                list(dict.fromkeys(point_ids)),
                with_payload=with_payload,
                with_vectors=with_vectors,
            )

    def _check_queries(self, queries: Sequence[AnyQuery]) -> None:
        for query in queries:
            for name, example in examples(query):
                self._check_dimensions({name: example})

    def _check_dimensions(self, vectors: Mapping[str, Vectors]) -> None:
        """Raise `ValueError` for a vector of another space, which Qdrant would refuse for ever."""
        for name, vector in vectors.items():
            expected = self.space.sizes[name]
            if vector.shape != (expected,):
                raise ValueError(
                    f"the vector {name} has shape {vector.shape}, but {self.collection} takes"
                    f" ({expected},); use the encoder and the embedder of its name"
                )

    async def _change(self, changes: Sequence[UpdateOperation]) -> None:
        if changes:
            with qdrant_errors():
                await self._client.batch_update_points(self.collection, changes, wait=True)


def _vectors(point: Record) -> dict[str, Vectors]:
    vectors = point.vector if isinstance(point.vector, dict) else {}
    return {name: np.asarray(vector, np.float32) for name, vector in vectors.items()}


def _point(key: ImageKey) -> str:
    return catalog_point_ids(key.tenant, [key.image_id])[0]
