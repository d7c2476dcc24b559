"""Measure faiss: a graph (HNSW) over the combined vectors, with a mask of the allowed images."""

import os
import time
from importlib import import_module
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shared.embedding.protocol import Vectors
from training.bench.catalog.made_images import MadeImages
from training.bench.catalog.queries import LIMIT, BenchQuery, exact_answers
from training.bench.catalog.timing import (
    EngineResult,
    by_filter,
    private_memory_mb,
    recall_by_filter,
    report_build,
    timed_answers,
)

NAME: Final = "faiss, HNSW"
NEIGHBORS: Final = 32
BREADTH: Final = 2 * LIMIT
"""Images that a search keeps (`efSearch`): twice the limit, as our oversampling."""


def measure(images: MadeImages, queries: list[BenchQuery]) -> EngineResult:
    """Build the graph on one thread and time each query; the mask is part of the time."""
    # Untyped in part, and not installed everywhere.
    faiss: Any = import_module("faiss")
    faiss.omp_set_num_threads(1)
    exact = exact_answers(images, queries)
    masks = _Masks(images)
    before = private_memory_mb(os.getpid())
    size = images.image_size + 5 * images.word_size
    index = faiss.IndexHNSWFlat(size, NEIGHBORS, faiss.METRIC_INNER_PRODUCT)
    began = time.perf_counter()
    for rows in images.batches():
        index.add(images.combined(rows))
    build = time.perf_counter() - began
    report_build(NAME, build)

    def search(query: BenchQuery, direction: Vectors) -> Any:
        bits = np.packbits(masks.allowed(query), bitorder="little")
        selector = faiss.IDSelectorBitmap(bits)
        parameters = faiss.SearchParametersHNSW(sel=selector, efSearch=BREADTH)
        _, numbers = index.search(direction[None], LIMIT, params=parameters)
        return numbers[0]

    timed = timed_answers(queries, search, ids_of=lambda numbers: {*numbers.tolist()} - {-1})
    filters = [query.filter for query in queries]
    return EngineResult(
        engine=NAME,
        images=images.count,
        build_seconds=round(build, 1),
        memory_mb=round(private_memory_mb(os.getpid()) - before),
        p50=by_filter(timed.times, filters, 0.5),
        p99=by_filter(timed.times, filters, 0.99),
        cpu_ms=timed.cpu_ms,
        recall=recall_by_filter(timed.answers, exact, filters),
        note=f"M {NEIGHBORS}, efSearch {BREADTH}; ids alone, nothing is stored on the disk",
    )


class _Masks:
    """The tags as arrays in memory, since faiss stores none."""

    def __init__(self, images: MadeImages) -> None:
        self._tags = np.concatenate([rows.tag for rows in images.batches()])

    def allowed(self, query: BenchQuery) -> NDArray[np.bool_]:
        mask = np.ones(len(self._tags), np.bool_)
        if query.filter != "none":
            column = 0 if query.filter == "common tag" else 1
            mask = self._tags[:, column] == query.tag
        mask[query.excluded] = False
        return mask
