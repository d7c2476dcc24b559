"""Measure the embedded Qdrant with the collection of the catalog, through its store."""

import asyncio
import os
import time
from array import array
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from qdrant_client import AsyncQdrantClient
from qdrant_client.http.models import PointStruct

from shared.domain.ids import catalog_point_id
from shared.domain.images.catalog_filter import CatalogFilter
from shared.store.catalog.combined import COMBINED, combined_vector
from shared.store.catalog.images import Publication
from shared.store.catalog.payload import index_payload, published_payload
from shared.store.catalog.qdrant_catalog import QdrantCatalog
from shared.store.catalog.qdrant_filter import qdrant_filter
from shared.store.catalog.qdrant_queries import query_request
from shared.store.catalog.queries import CatalogSelection
from shared.store.catalog.query_kinds import LinearQuery
from shared.store.catalog.spaces import CatalogSpace
from shared.store.qdrant import open_qdrant
from shared.store.settings import StoreSettings
from training.bench.catalog.made_images import (
    START,
    TENANT,
    MadeImages,
    Rows,
    entry_of,
    image_id,
    index_of,
)
from training.bench.catalog.queries import LIMIT, BenchQuery, exact_answers
from training.bench.catalog.timing import (
    WARM_UP,
    EngineResult,
    by_filter,
    files_mb,
    private_memory_mb,
    recall_by_filter,
    report_build,
)

NAME: Final = "Qdrant, embedded"
WHOLE: Final = "shortlist"
"""Name of the query that also reads and checks the stored images."""
PAUSE_SECONDS: Final = 5.0
"""Time without calls after which the engine has begun its maintenance."""


@dataclass(frozen=True)
class OpenCatalog:
    """The store and the engine below it."""

    catalog: QdrantCatalog
    client: AsyncQdrantClient


async def measure(
    images: MadeImages,
    queries: list[BenchQuery],
    folder: Path,
    *,
    pause_seconds: float = PAUSE_SECONDS,
) -> EngineResult:
    """Fill a collection, and time each query alone and as the services call it."""
    exact = exact_answers(images, queries)
    client = open_qdrant(StoreSettings(qdrant_path=folder))
    try:
        catalog = QdrantCatalog(client, _space(images))
        began = time.perf_counter()
        await _fill(OpenCatalog(catalog, client), images, pause_seconds)
        build = time.perf_counter() - began
        report_build(NAME, build)
        for query in queries[:WARM_UP]:
            await _ids(client, catalog, query)
        answers, times = [], []
        cpu = _cpu_seconds()
        for query in queries:
            began = time.perf_counter()
            answers.append(await _ids(client, catalog, query))
            times.append(1e3 * (time.perf_counter() - began))
        cpu = 1e3 * (_cpu_seconds() - cpu) / len(queries)
        whole = []
        for query in queries:
            began = time.perf_counter()
            await catalog.query(_selection(query), [_linear(query)])
            whole.append(1e3 * (time.perf_counter() - began))
        memory = sum(map(private_memory_mb, _children()))
        filters = [query.filter for query in queries]
        names = [*filters, *(f"{WHOLE}, {name}" for name in filters)]
        return EngineResult(
            engine=NAME,
            images=images.count,
            build_seconds=round(build, 1),
            memory_mb=round(memory),
            files_mb=round(files_mb(folder)),
            p50=by_filter([*times, *whole], names, 0.5),
            p99=by_filter([*times, *whole], names, 0.99),
            recall=recall_by_filter(answers, exact, filters),
            cpu_ms=round(cpu, 2),
            note="a process of its own; a shortlist is the same query with the stored images",
        )
    finally:
        await client.close()


async def _fill(opened: OpenCatalog, images: MadeImages, pause_seconds: float) -> None:
    """Write all images with their index in one step each, and wait until all are quantized."""
    await opened.catalog.prepare()
    for rows in images.batches():
        points = [_point(images, rows, number, opened.catalog) for number in range(len(rows))]
        await opened.client.upsert(opened.catalog.collection, points, wait=True)
    vectors = sum(int((rows.word >= 0).sum()) + 2 * len(rows) for rows in images.batches())
    quantized, before = 0, -1
    while quantized < 0.99 * vectors and quantized != before:
        # The engine quantizes in a pause, and answers nothing while it does.
        await asyncio.sleep(pause_seconds)
        info = await opened.client.get_collection(opened.catalog.collection)
        quantized, before = info.indexed_vectors_count or 0, quantized


def _point(images: MadeImages, rows: Rows, number: int, catalog: QdrantCatalog) -> PointStruct:
    entry = entry_of(rows, number)
    named = images.vectors(rows, number)
    joined = combined_vector(named, catalog.space.sizes)
    # Arrays and no lists, and no checks: the client would need a millisecond an image.
    vector: Any = {n: array("f", v.tobytes()) for n, v in (*named.items(), (COMBINED, joined))}
    published = published_payload(Publication(entry, START))
    payload = published | index_payload(index_of(rows, number))
    point_id = str(catalog_point_id(entry.key))
    return PointStruct.model_construct(id=point_id, vector=vector, payload=payload)


def _selection(query: BenchQuery) -> CatalogSelection:
    tags = {"common tag": (f"common-{query.tag}",), "rare tag": (f"rare-{query.tag}",)}
    return CatalogSelection(
        TENANT,
        CatalogFilter(tags_any=tags.get(query.filter, ())),
        available_at=START + timedelta(days=365),
        exclude_ids=frozenset(image_id(number) for number in query.excluded.tolist()),
        indexed_only=True,
    )


def _linear(query: BenchQuery) -> LinearQuery:
    return LinearQuery(query.directions, limit=LIMIT)


async def _ids(client: AsyncQdrantClient, catalog: QdrantCatalog, query: BenchQuery) -> set[int]:
    """The numbers of the images, without anything else of them."""
    request = query_request(
        _linear(query),
        qdrant_filter(replace(_selection(query), indexed_only=False)),
        catalog.space.sizes,
    )
    response = await client.query_points(
        catalog.collection,
        query=request.query,
        using=request.using,
        query_filter=request.filter,
        search_params=request.params,
        limit=request.limit or LIMIT,
        with_payload=["image_id"],
    )
    return {int((point.payload or {})["image_id"].rpartition("-")[2]) for point in response.points}


def _space(images: MadeImages) -> CatalogSpace:
    return CatalogSpace(
        encoder="bench",
        image_dimension=images.image_size,
        embedder="bench",
        word_dimension=images.word_size,
    )


def _cpu_seconds() -> float:
    """Time that this process and the engine have computed so far."""
    ticks = 0
    for process in (os.getpid(), *_children()):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _children() -> list[int]:
    tasks = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return [int(process) for task in tasks for process in task.read_text().split()]
