"""Translate the client's models into plain values for the engine's process, and rows back."""

from array import array
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, Final

from pydantic import BaseModel
from qdrant_client.conversions import common_types as types
from qdrant_client.http import models

from shared.store.edge.examples import Json

IGNORED_OPTIONS: Final = frozenset(
    {
        "shard_number", "sharding_method", "replication_factor", "write_consistency_factor",
        "wal_config", "timeout", "strict_mode_config", "metadata", "id_tracker", "payload",
        "on_disk_payload",
    }
)  # fmt: skip
"""Options of a collection that only a server needs; the engine's payloads are on the disk."""
PASSED_OPTIONS: Final = ("hnsw_config", "quantization_config", "optimizers_config")


def collection_config(
    vectors: types.VectorParams | Mapping[str, types.VectorParams] | None, options: Json
) -> Json:
    """The engine's configuration of a new collection; raises `ValueError` for other options."""
    named = vectors if isinstance(vectors, Mapping) else {"": vectors} if vectors else {}
    given = {name for name, value in options.items() if value is not None}
    unknown = given - IGNORED_OPTIONS - {*PASSED_OPTIONS}
    if unknown:
        raise ValueError(f"the embedded engine does not support {', '.join(sorted(unknown))}")
    config = {"vectors": {name: plain(params) for name, params in named.items()}}
    for name in PASSED_OPTIONS:
        if options.get(name) is not None:
            config[name.replace("optimizers_config", "optimizers")] = plain(options[name])
    return config


def plain(value: Any) -> Any:
    """A model of the client as JSON values, without the fields that are not set."""
    if not isinstance(value, BaseModel):
        return value
    data = value.model_dump(mode="json", exclude_none=True, by_alias=True)
    return data["include"] if isinstance(value, models.PayloadSelectorInclude) else data


def plain_filter(given: types.Filter | Json | None) -> Json | None:
    """A filter as JSON values; one that is plain already stays the same object."""
    return plain(given) if isinstance(given, BaseModel) else given


def plain_points(points: types.Points) -> list[tuple[Any, dict[str, "array[float]"], Json]]:
    """Points as (id, named vectors, payload); raises `ValueError` for numbers like NaN."""
    if not isinstance(points, Sequence):
        raise ValueError("the embedded engine takes a list of points, not a batch")
    return [(point.id, plain_vectors(point.vector), point.payload or {}) for point in points]


def plain_vectors(vector: Any) -> dict[str, "array[float]"]:
    """Named dense vectors as arrays; the vector without a name gets the name "".

    The engine stores NaN, and every comparison with it is then wrong.
    """
    named = vector if isinstance(vector, Mapping) else {"": vector} if vector is not None else {}
    arrays = {name: array("f", values) for name, values in named.items()}
    for name, values in arrays.items():
        if not isfinite(sum(values)):
            raise ValueError(f"the vector {name!r} has a number that is not finite")
    return arrays


def plain_change(operation: types.UpdateOperation) -> tuple[str, tuple[Any, ...]]:
    """One change of a batch as its name and arguments; raises `ValueError` for another kind."""
    match operation:
        case models.UpsertOperation(upsert=models.PointsList(points=points)):
            return "upsert", (plain_points(points),)
        case models.UpdateVectorsOperation(update_vectors=models.UpdateVectors(points=points)):
            return "update_vectors", ([(p.id, plain_vectors(p.vector)) for p in points],)
        case models.DeleteVectorsOperation(
            delete_vectors=models.DeleteVectors(points=list(ids), vector=names)
        ):
            return "delete_vectors", (ids, names)
        case models.SetPayloadOperation(
            set_payload=models.SetPayload(payload=payload, points=list(ids), key=None)
        ):
            return "set_payload", (ids, payload)
    raise ValueError(f"the embedded engine does not take {type(operation).__name__} in a batch")


def selector(points: Any) -> Json:
    """Which points a change is for: {"ids": [...]} or {"filter": ...}."""
    if isinstance(points, models.PointIdsList):
        points = points.points
    if isinstance(points, models.FilterSelector):
        points = points.filter
    if isinstance(points, models.Filter):
        return {"filter": plain_filter(points)}
    return {"ids": list(points)}


def plain_query(
    *,
    query: types.Query | None = None,
    using: str | None = None,
    prefetch: Any = None,
    query_filter: types.Filter | Json | None = None,
    search_params: types.SearchParams | None = None,
    limit: int = 10,
    offset: int | None = None,
    with_payload: types.WithPayloadInterface = True,
    with_vectors: types.WithVector = False,
    score_threshold: float | None = None,
    lookup_from: types.LookupLocation | None = None,
    **_: Any,
) -> Json:
    """A query as JSON values; `None` is left out as in the client's models."""
    stages = prefetch if isinstance(prefetch, Sequence) or prefetch is None else [prefetch]
    fields = {
        "query": _with_nearest(plain(query)),
        "using": using,
        "prefetch": [_stage(plain(stage)) for stage in stages] if stages else None,
        "filter": plain_filter(query_filter),
        "params": plain(search_params),
        "offset": offset,
        "score_threshold": score_threshold,
        "lookup_from": plain(lookup_from),
    }
    return {
        "limit": limit,
        "with_payload": plain(with_payload),
        "with_vectors": plain(with_vectors),
        **{name: value for name, value in fields.items() if value is not None},
    }


def _stage(stage: Json) -> Json:
    """A prefetch whose queries are all objects: a bare vector or point id means the nearest."""
    inner = stage.get("prefetch") or []
    return stage | {
        "query": _with_nearest(stage.get("query")),
        "prefetch": [_stage(item) for item in (inner if isinstance(inner, list) else [inner])],
    }


def _with_nearest(query: Any) -> Json | None:
    return query if query is None or isinstance(query, dict) else {"nearest": query}


def schema_name(schema: Any) -> str:
    """The type of a payload index: `keyword`, `integer`, `float`, `bool`, `datetime`, ..."""
    if isinstance(schema, BaseModel):
        schema = plain(schema)["type"]
    return "keyword" if schema is None else str(getattr(schema, "value", schema))


def record(row: tuple[Any, Any, Any]) -> models.Record:
    """A record of a row: (id, payload, vectors)."""
    point_id, payload, vectors = row
    return models.Record.model_construct(
        id=point_id, payload=payload, vector=_vector(vectors), shard_key=None, order_value=None
    )


def scored_point(row: tuple[tuple[Any, Any, Any], int, float]) -> models.ScoredPoint:
    """A search result of a row, its version and its score."""
    (point_id, payload, vectors), version, score = row
    return models.ScoredPoint.model_construct(
        id=point_id, version=version, score=score, payload=payload, vector=_vector(vectors),
        shard_key=None, order_value=None,
    )  # fmt: skip


def _vector(vectors: Mapping[str, "array[float]"] | None) -> Any:
    """The named vectors, or the one without a name, as arrays of 32-bit numbers and not as lists.

    NumPy reads an array without a copy. Lists of 300 vectors cost the event loop 10 ms.
    """
    return vectors[""] if vectors is not None and vectors.keys() == {""} else vectors


def collection_info(info: Json) -> models.CollectionInfo:
    """The part of a collection's description that the engine knows."""
    vectors = {
        name: models.VectorParams.model_validate(params)
        for name, params in info["config"]["vectors"].items()
    }
    schema = {
        field: models.PayloadIndexInfo.model_construct(data_type=kind, params=None, points=points)
        for field, (kind, points) in info["payload_schema"].items()
    }
    config: Any = {
        "params": models.CollectionParams(vectors=vectors[""] if {*vectors} == {""} else vectors)
    }
    return models.CollectionInfo.model_construct(
        status=models.CollectionStatus.GREEN,
        optimizer_status=models.OptimizersStatusOneOf.OK,
        points_count=info["points"],
        indexed_vectors_count=info["indexed"],
        segments_count=info["segments"],
        config=models.CollectionConfig.model_construct(None, **config),
        payload_schema=schema,
    )
