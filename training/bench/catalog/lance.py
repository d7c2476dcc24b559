"""Measure LanceDB: a table on the disk with an index over the combined vectors."""

import os
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from shared.embedding.protocol import Vectors
from training.bench.catalog.made_images import MadeImages, tags_of
from training.bench.catalog.queries import LIMIT, BenchQuery, exact_answers
from training.bench.catalog.timing import (
    EngineResult,
    by_filter,
    files_mb,
    private_memory_mb,
    recall_by_filter,
    report_build,
    timed_answers,
)

NAME: Final = "LanceDB, IVF with HNSW and scalar quantization"
PARTITION: Final = 20_000
"""Images of one partition at least, below which a partition's graph is not worth its search."""
REFINE: Final = 2
"""Factor of the limit that is compared exactly, as our oversampling."""


def measure(images: MadeImages, queries: list[BenchQuery], folder: Path) -> EngineResult:
    """Write the table, build the index and time each query with its filter before the search."""
    # Untyped in part, and not installed everywhere.
    lancedb: Any = import_module("lancedb")
    pa: Any = import_module("pyarrow")
    exact = exact_answers(images, queries)
    before = private_memory_mb(os.getpid())
    size = images.image_size + 5 * images.word_size
    schema = pa.schema(
        [
            pa.field("number", pa.int64()),
            pa.field("common", pa.string()),
            pa.field("rare", pa.string()),
            pa.field("vector", pa.list_(pa.float32(), size)),
        ]
    )

    def batches() -> Iterator[Any]:
        for rows in images.batches():
            tags = [tags_of(rows, number) for number in range(len(rows))]
            vectors = pa.FixedSizeListArray.from_arrays(
                pa.array(images.combined(rows).reshape(-1)), size
            )
            numbers = pa.array(range(rows.first, rows.first + len(rows)), pa.int64())
            columns = [numbers, [tag for tag, _ in tags], [tag for _, tag in tags], vectors]
            yield pa.RecordBatch.from_arrays(
                [columns[0], pa.array(columns[1]), pa.array(columns[2]), vectors], schema=schema
            )

    database = lancedb.connect(folder)
    began = time.perf_counter()
    table = database.create_table("images", batches(), schema=schema)
    table.create_index(
        metric="dot",
        index_type="IVF_HNSW_SQ",
        num_partitions=max(1, images.count // PARTITION),
        vector_column_name="vector",
    )
    for column in ("common", "rare"):
        table.create_scalar_index(column, index_type="BITMAP")
    table.create_scalar_index("number")
    build = time.perf_counter() - began
    report_build(NAME, build)

    def search(query: BenchQuery, direction: Vectors) -> Any:
        return (
            table.search(direction, vector_column_name="vector")
            .distance_type("dot")
            .where(_condition(query), prefilter=True)
            .nprobes(max(1, images.count // PARTITION))
            .ef(REFINE * LIMIT)
            .refine_factor(REFINE)
            .select(["number", "_distance"])
            .limit(LIMIT)
            .to_arrow()
        )

    timed = timed_answers(queries, search, ids_of=lambda rows: {*rows["number"].to_pylist()})
    filters = [query.filter for query in queries]
    return EngineResult(
        engine=NAME,
        images=images.count,
        build_seconds=round(build, 1),
        memory_mb=round(private_memory_mb(os.getpid()) - before),
        files_mb=round(files_mb(folder)),
        p50=by_filter(timed.times, filters, 0.5),
        p99=by_filter(timed.times, filters, 0.99),
        cpu_ms=timed.cpu_ms,
        recall=recall_by_filter(timed.answers, exact, filters),
        note=f"all partitions, ef {REFINE * LIMIT}, refine factor {REFINE}; numbers alone",
    )


def _condition(query: BenchQuery) -> str:
    excluded = ", ".join(map(str, query.excluded.tolist()))
    conditions = [f"number NOT IN ({excluded})"]
    if query.filter == "common tag":
        conditions.append(f"common = 'common-{query.tag}'")
    if query.filter == "rare tag":
        conditions.append(f"rare = 'rare-{query.tag}'")
    return " AND ".join(conditions)
