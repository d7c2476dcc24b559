"""Carry out the client's calls on the shards; each public method is one call."""

from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import qdrant_edge as edge

from shared.store.edge.collections import Collections
from shared.store.edge.filters import Json, filter_of
from shared.store.edge.queries import order_of, payload_of, query_of
from shared.store.edge.shard import PROBE_VECTOR

PointId = int | str
NamedVectors = dict[str, "array[float]"]
Row = tuple[PointId, dict[str, Any] | None, NamedVectors | None]
"""Id, payload and named vectors; None for what the call does not want."""
Selector = Mapping[str, Any]
"""{"ids": [...]} or {"filter": ...}."""

SCHEMAS: Final = {
    "keyword": edge.PayloadSchemaType.Keyword,
    "integer": edge.PayloadSchemaType.Integer,
    "float": edge.PayloadSchemaType.Float,
    "bool": edge.PayloadSchemaType.Bool,
    "datetime": edge.PayloadSchemaType.Datetime,
    "uuid": edge.PayloadSchemaType.Uuid,
    "text": edge.PayloadSchemaType.Text,
}


class Operations:
    """The calls of the client. Raises `ValueError` for a wrong call, and as `Shard` does."""

    def __init__(self, collections: Collections) -> None:
        self._collections = collections

    def create_collection(self, name: str, config: Json) -> None:
        self._collections.create(name, config)

    def delete_collection(self, name: str) -> bool:
        return self._collections.drop(name)

    def collection_names(self) -> list[str]:
        return list(self._collections.configs)

    def collection_exists(self, name: str) -> bool:
        return name in self._collections

    def collection_info(self, name: str) -> dict[str, Any]:
        info = self._collections.shard(name).engine.info()
        kinds = {kind: text for text, kind in SCHEMAS.items()}
        return {
            "config": self._collections.configs[self._collections.aliases.get(name, name)],
            "points": info.points_count,
            "segments": info.segments_count,
            "indexed": info.indexed_vectors_count,
            "payload_schema": {
                field: (kinds.get(index.data_type, "keyword"), index.points)
                for field, index in info.payload_schema.items()
            },
        }

    def aliases(self) -> dict[str, str]:
        return self._collections.aliases

    def change_aliases(self, changes: Sequence[tuple[str, str, str]]) -> None:
        self._collections.change_aliases(changes)

    def create_payload_index(self, name: str, field: str, schema: str) -> None:
        if schema not in SCHEMAS:
            raise ValueError(f"the embedded engine has no payload index of type {schema!r}")
        present = self._collections.shard(name).engine.info().payload_schema.get(field)
        if present is None or present.data_type != SCHEMAS[schema]:
            self._update(name, edge.UpdateOperation.create_field_index(field, SCHEMAS[schema]))

    def delete_payload_index(self, name: str, field: str) -> None:
        self._update(name, edge.UpdateOperation.delete_field_index(field))

    def upsert(self, name: str, points: Sequence[tuple[PointId, NamedVectors, Json]]) -> None:
        self._update(name, _upserted(points), vectors=_with_any(points))

    def update_vectors(self, name: str, points: Sequence[tuple[PointId, NamedVectors]]) -> None:
        self._update(name, _with_vectors(points), vectors=_with_any(points))

    def delete(self, name: str, selector: Selector) -> None:
        """Delete points. A call that matches none leaves no work for later."""
        shard = self._collections.shard(name).engine
        operations = edge.UpdateOperation
        if "ids" in selector:
            present = [record.id for record in shard.retrieve(selector["ids"], False, False)]
            if present:
                self._update(name, operations.delete_points(present), deletes=True)
            return
        filter_ = _filter(selector)
        if shard.count(edge.CountRequest(exact=True, filter=filter_)):
            self._update(name, operations.delete_points_by_filter(filter_), deletes=True)

    def set_payload(self, name: str, payload: Json, selector: Selector, key: str | None) -> None:
        operations = edge.UpdateOperation
        self._update(
            name,
            operations.set_payload(selector["ids"], dict(payload), key)
            if "ids" in selector
            else operations.set_payload_by_filter(_filter(selector), dict(payload), key),
        )

    def overwrite_payload(self, name: str, payload: Json, selector: Selector) -> None:
        operations = edge.UpdateOperation
        operation = (
            operations.overwrite_payload(selector["ids"], dict(payload))
            if "ids" in selector
            else operations.overwrite_payload_by_filter(_filter(selector), dict(payload))
        )
        self._update(name, operation, deletes=True)

    def delete_payload(self, name: str, keys: Sequence[str], selector: Selector) -> None:
        operations = edge.UpdateOperation
        operation = (
            operations.delete_payload(selector["ids"], list(keys))
            if "ids" in selector
            else operations.delete_payload_by_filter(_filter(selector), list(keys))
        )
        self._update(name, operation, deletes=True)

    def batch(self, name: str, changes: Sequence[tuple[str, tuple[Any, ...]]]) -> None:
        """Carry out several changes in their order, and force them to the disk once.

        Each is a name of `BATCHED` and its arguments. A change is whole or missing after a crash,
        and so is all that follows it.
        """
        vectors = sum(_with_any(given[0]) for change, given in changes if change in WITH_VECTORS)
        operations = [BATCHED[change](*given) for change, given in changes]
        self._update(name, *operations, vectors=vectors)

    def retrieve(
        self, name: str, ids: Sequence[PointId], payload: Any, vectors: bool | list[str]
    ) -> list[Row]:
        shard = self._collections.shard(name).engine
        return [_row(r) for r in shard.retrieve(list(ids), payload_of(payload), vectors)]

    def scroll(
        self,
        name: str,
        *,
        filter: Json | None,
        limit: int,
        offset: PointId | None,
        payload: Any,
        vectors: bool | list[str],
        order_by: str | Json | None,
    ) -> tuple[list[Row], PointId | None]:
        records, following = self._collections.shard(name).engine.scroll(
            edge.ScrollRequest(
                offset=offset,
                limit=limit,
                filter=filter_of(filter),
                with_payload=payload_of(payload),
                with_vector=vectors,
                order_by=order_of(order_by),
            )
        )
        return [_row(record) for record in records], _id(following)

    def count(self, name: str, filter: Json | None, exact: bool) -> int:
        request = edge.CountRequest(exact=exact, filter=filter_of(filter))
        return self._collections.shard(name).engine.count(request)

    def query(self, name: str, queries: Sequence[Json]) -> list[list[tuple[Row, int, float]]]:
        # An excluded id costs 2 us: queries that share a filter object build it once.
        filters = {id(query.get("filter")): filter_of(query.get("filter")) for query in queries}
        batch = edge.QueryBatchRequest(
            [query_of(query, filters[id(query.get("filter"))]) for query in queries]
        )
        return [
            [(_row(point), point.version, point.score) for point in points]
            for points in self._collections.shard(name).engine.query_batch(batch)
        ]

    def facet(
        self, name: str, key: str, filter: Json | None, limit: int, exact: bool
    ) -> list[tuple[Any, int]]:
        request = edge.FacetRequest(key, limit, exact, filter_of(filter))
        response = self._collections.shard(name).engine.facet(request)
        return [(hit.value, hit.count) for hit in response.hits]

    def purge(self, name: str) -> None:
        """Remove deleted points from the files of a collection now."""
        self._collections.shard(name).purge()

    def _update(
        self,
        name: str,
        *operations: edge.UpdateOperation,
        deletes: bool = False,
        vectors: int = 0,
    ) -> None:
        shard = self._collections.shard(name)
        self._collections.written(name, vectors=vectors)
        shard.update(*operations, deletes=deletes)


def _upserted(points: Sequence[tuple[PointId, NamedVectors, Json]]) -> edge.UpdateOperation:
    return edge.UpdateOperation.upsert_points(
        [edge.Point(id_, _vectors(vectors), dict(payload)) for id_, vectors, payload in points]
    )


def _with_vectors(points: Sequence[tuple[PointId, NamedVectors]]) -> edge.UpdateOperation:
    return edge.UpdateOperation.update_vectors(
        [edge.PointVectors(id_, _vectors(vectors)) for id_, vectors in points]
    )


def _with_any(points: Sequence[tuple[Any, ...]]) -> int:
    """How many of these points have a vector, which is their second part; others need no index."""
    return sum(bool(point[1]) for point in points)


def _without_vectors(ids: Sequence[PointId], names: Sequence[str]) -> edge.UpdateOperation:
    return edge.UpdateOperation.delete_vectors(list(ids), list(names))


def _with_payload(ids: Sequence[PointId], payload: Json) -> edge.UpdateOperation:
    return edge.UpdateOperation.set_payload(list(ids), dict(payload))


BATCHED: Final[Mapping[str, Callable[..., edge.UpdateOperation]]] = {
    "upsert": _upserted, "update_vectors": _with_vectors, "delete_vectors": _without_vectors,
    "set_payload": _with_payload,
}  # fmt: skip
WITH_VECTORS: Final = ("upsert", "update_vectors")
"""Changes of a batch that write vectors."""


def _filter(selector: Selector) -> edge.Filter:
    built = filter_of(selector["filter"])
    assert built is not None
    return built


def _vectors(vectors: NamedVectors) -> Any:
    if vectors.keys() == {""}:
        return list(vectors[""])
    return {name: list(vector) for name, vector in vectors.items()}


def _row(record: edge.Record | edge.ScoredPoint) -> Row:
    point_id = _id(record.id)
    assert point_id is not None
    return point_id, record.payload, _packed(record.vector)


def _packed(vector: Any) -> NamedVectors | None:
    """Vectors as arrays: 4 bytes a number on the way to the client, in place of 9."""
    if vector is None:
        return None
    named = vector if isinstance(vector, dict) else {"": vector}
    return {name: array("f", values) for name, values in named.items() if name != PROBE_VECTOR}


def _id(value: int | str | UUID | None) -> PointId | None:
    return str(value) if isinstance(value, UUID) else value
