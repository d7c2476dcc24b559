"""The client's calls about points on the embedded engine: write, read, count and search."""

from collections.abc import Sequence
from typing import Any, Final

from qdrant_client.conversions import common_types as types
from qdrant_client.http import models

from shared.store.edge.collection_calls import DONE, CollectionCalls
from shared.store.edge.examples import Json, example_ids, with_vectors_of
from shared.store.edge.translation import (
    plain,
    plain_change,
    plain_filter,
    plain_points,
    plain_query,
    plain_vectors,
    record,
    scored_point,
    selector,
)

_REQUEST_FIELDS: Final = (
    "query", "using", "prefetch", "limit", "offset", "score_threshold", "lookup_from",
)  # fmt: skip


class EdgeCalls(CollectionCalls):
    """All calls that the stores and the catalog use."""

    async def upsert(
        self, collection_name: str, points: types.Points, **kwargs: Any
    ) -> types.UpdateResult:
        """Write all points in one operation; they are on the disk when the call returns."""
        await self.engine.call("upsert", collection_name, plain_points(points))
        return DONE

    async def update_vectors(
        self, collection_name: str, points: Sequence[types.PointVectors], **kwargs: Any
    ) -> types.UpdateResult:
        changes = [(point.id, plain_vectors(point.vector)) for point in points]
        await self.engine.call("update_vectors", collection_name, changes)
        return DONE

    async def delete(
        self, collection_name: str, points_selector: types.PointsSelector, **kwargs: Any
    ) -> types.UpdateResult:
        """Delete points; they leave the files in the next pause of the calls."""
        await self.engine.call("delete", collection_name, selector(points_selector))
        return DONE

    async def set_payload(
        self,
        collection_name: str,
        payload: types.Payload,
        points: types.PointsSelector,
        key: str | None = None,
        **kwargs: Any,
    ) -> types.UpdateResult:
        await self.engine.call("set_payload", collection_name, payload, selector(points), key)
        return DONE

    async def overwrite_payload(
        self,
        collection_name: str,
        payload: types.Payload,
        points: types.PointsSelector,
        **kwargs: Any,
    ) -> types.UpdateResult:
        await self.engine.call("overwrite_payload", collection_name, payload, selector(points))
        return DONE

    async def delete_payload(
        self,
        collection_name: str,
        keys: Sequence[str],
        points: types.PointsSelector,
        **kwargs: Any,
    ) -> types.UpdateResult:
        await self.engine.call("delete_payload", collection_name, list(keys), selector(points))
        return DONE

    async def batch_update_points(
        self,
        collection_name: str,
        update_operations: Sequence[types.UpdateOperation],
        **kwargs: Any,
    ) -> list[types.UpdateResult]:
        """Carry out the changes in their order; all are on the disk when the call returns."""
        changes = [plain_change(operation) for operation in update_operations]
        await self.engine.call("batch", collection_name, changes)
        return [DONE] * len(changes)

    async def retrieve(
        self,
        collection_name: str,
        ids: Sequence[types.PointId],
        with_payload: types.WithPayloadInterface = True,
        with_vectors: types.WithVector = False,
        **kwargs: Any,
    ) -> list[types.Record]:
        rows = await self.engine.call(
            "retrieve", collection_name, list(ids), plain(with_payload), plain(with_vectors)
        )
        return [record(row) for row in rows]

    async def scroll(
        self,
        collection_name: str,
        scroll_filter: types.Filter | None = None,
        limit: int = 10,
        order_by: types.OrderBy | None = None,
        offset: types.PointId | None = None,
        with_payload: types.WithPayloadInterface = True,
        with_vectors: types.WithVector = False,
        **kwargs: Any,
    ) -> tuple[list[types.Record], types.PointId | None]:
        rows, following = await self.engine.call(
            "scroll",
            collection_name,
            filter=plain_filter(scroll_filter),
            limit=limit,
            offset=offset,
            payload=plain(with_payload),
            vectors=plain(with_vectors),
            order_by=plain(order_by),
        )
        return [record(row) for row in rows], following

    async def count(
        self,
        collection_name: str,
        count_filter: types.Filter | None = None,
        exact: bool = True,
        **kwargs: Any,
    ) -> types.CountResult:
        count = await self.engine.call("count", collection_name, plain_filter(count_filter), exact)
        return models.CountResult(count=count)

    async def facet(
        self,
        collection_name: str,
        key: str,
        facet_filter: types.Filter | None = None,
        limit: int = 10,
        exact: bool = False,
        **kwargs: Any,
    ) -> types.FacetResponse:
        hits = await self.engine.call(
            "facet", collection_name, key, plain_filter(facet_filter), limit, exact
        )
        return models.FacetResponse(
            hits=[models.FacetValueHit(value=value, count=count) for value, count in hits]
        )

    # The options have the names and types of the client, which passes all of them.
    async def query_points(  # type: ignore[override]
        self, collection_name: str, query: Any = None, using: str | None = None, **options: Any
    ) -> types.QueryResponse:
        plain = plain_query(query=query, using=using, **options)
        (points,) = await self._query(collection_name, [plain])
        return points

    async def query_batch_points(
        self, collection_name: str, requests: Sequence[types.QueryRequest], **kwargs: Any
    ) -> list[types.QueryResponse]:
        # Queries that share a filter send it once.
        filters = {id(r.filter): plain_filter(r.filter) for r in requests}
        queries = [
            plain_query(**{"query_filter": filters[id(r.filter)], "search_params": r.params}
                | {name: getattr(r, name) for name in _REQUEST_FIELDS
                   if getattr(r, name) is not None},
                with_payload=r.with_payload or False, with_vectors=r.with_vector or False)
            for r in requests
        ]  # fmt: skip
        return await self._query(collection_name, queries)

    async def _query(self, collection: str, queries: list[Json]) -> list[types.QueryResponse]:
        completed = [await self._with_examples(collection, query) for query in queries]
        results = await self.engine.call("query", collection, completed)
        return [
            models.QueryResponse(points=[scored_point(row) for row in rows]) for rows in results
        ]

    async def _with_examples(self, collection: str, query: Json) -> Json:
        """Replace examples that are point ids with their vectors, and leave them out of the result.

        So does a server.
        """
        ids = example_ids(query)
        if not ids:
            return query
        location = query.get("lookup_from") or {}
        source = location.get("collection", collection)
        name = location.get("vector") or query.get("using") or ""
        rows = await self.engine.call("retrieve", source, ids, False, True)
        vectors = {row[0]: row[2][name] for row in rows if row[2] and name in row[2]}
        missing = [str(id_) for id_ in ids if id_ not in vectors]
        if missing:
            raise ValueError(f"No point with id {', '.join(missing)} and vector {name!r} found")
        return with_vectors_of(query, vectors, leave_out=source == collection)
