"""Measure the embedded engine against the client's local mode: `python -m shared.store.benchmark`.

Both hold the same points: an image vector of 1,280 numbers, five element vectors of 384, and the
payload of a catalog. Each engine and size runs in a process of its own, one after the other.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from qdrant_client import AsyncQdrantClient
from qdrant_client.http import models as m

from shared.domain.taste import ELEMENTS
from shared.embedding.protocol import Vectors
from shared.store.qdrant import index_payload, open_qdrant
from shared.store.settings import StoreSettings

CATALOG: Final = "catalog"
IMAGE_SIZE: Final = 1_280
ELEMENT_SIZE: Final = 384
CLUSTERS: Final = 200
BATCH: Final = 100
LIMIT: Final = 100
SEEN: Final = 300
EXACT: Final = m.SearchParams(
    quantization=m.QuantizationSearchParams(rescore=True, oversampling=2.0)
)


class Catalog:
    """Made vectors around cluster centers, the same for the same seed."""

    def __init__(self, count: int, *, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._centers = self._normal(CLUSTERS, IMAGE_SIZE)
        self.count = count
        self.images = self._around(count)

    def batches(self) -> Iterator[list[m.PointStruct]]:
        for start in range(0, self.count, BATCH):
            numbers = range(start, min(start + BATCH, self.count))
            elements = self._normal(len(ELEMENTS), len(numbers), ELEMENT_SIZE)
            yield [
                m.PointStruct(
                    id=number,
                    vector={
                        "image": self.images[number].tolist(),
                        **{str(name): elements[k][j].tolist() for k, name in enumerate(ELEMENTS)},
                    },
                    payload={
                        "tenant": "default",
                        "tags": [f"tag {number % 20}", f"kind {number % 7}"],
                        "author": f"author {number % 500}",
                    },
                )
                for j, number in enumerate(numbers)
            ]

    def queries(self, count: int) -> Vectors:
        return self._around(count)

    def _around(self, count: int) -> Vectors:
        near = self._centers[self._rng.integers(0, CLUSTERS, count)]
        vectors = near + 1.5 * self._normal(count, IMAGE_SIZE)
        units: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return units

    def _normal(self, *shape: int) -> Vectors:
        return self._rng.standard_normal(shape, np.float32)


async def measure(engine: str, count: int, *, seed: int, rounds: int) -> dict[str, Any]:
    """Times in milliseconds, memory and files in MB."""
    catalog = Catalog(count, seed=seed)
    memory = _memory_mb(os.getpid())
    with tempfile.TemporaryDirectory() as folder:
        client: AsyncQdrantClient = (
            open_qdrant(StoreSettings(qdrant_path=Path(folder)))
            if engine == "engine"
            else AsyncQdrantClient(":memory:")
        )
        await _create(client)
        writes = await _times(_upsert(client, batch) for batch in catalog.batches())
        for _ in range(120):  # until the engine has quantized, in its pauses
            info = await client.get_collection(CATALOG)
            left = info.points_count or 0
            left -= (info.indexed_vectors_count or 0) // (1 + len(ELEMENTS))
            if engine != "engine" or left <= 2_000:
                break
            await asyncio.sleep(5)
        queries = catalog.queries(rounds)
        searches: dict[str, Callable[[int], Awaitable[list[int]]]] = {
            "nearest": lambda k: _search(client, m.NearestQuery(nearest=queries[k].tolist()), None),
            "nearest, one tag of 20": lambda k: _search(
                client, m.NearestQuery(nearest=queries[k].tolist()), _tagged(k)
            ),
            "recommend 5 likes, 4 dislikes, without 300 seen": lambda k: _search(
                client, _recommend(catalog, k), _unseen()
            ),
        }
        result: dict[str, Any] = {
            "engine": engine,
            "points": count,
            "load": os.getloadavg()[0],
            "write a point": round(float(np.mean(writes)) / BATCH, 2),
        }
        for name, search in searches.items():
            result[name] = _quantiles(await _times(search(k) for k in range(rounds)))
        result["recall of nearest"] = await _recall(client, catalog, queries[:10])
        reads = (_retrieve(client) for _ in range(rounds))
        result["read 300 points with image vectors"] = _quantiles(await _times(reads))
        result["longest pause of the event loop"] = await _longest_pause(
            lambda: searches["nearest, one tag of 20"](0)
        )
        result["memory"] = _memory_mb(os.getpid()) - memory + sum(map(_memory_mb, _children()))
        await client.close()
        result["files"] = _files_mb(Path(folder))
    return result


async def _create(client: AsyncQdrantClient) -> None:
    sizes = {"image": IMAGE_SIZE, **{str(name): ELEMENT_SIZE for name in ELEMENTS}}
    await client.create_collection(
        CATALOG,
        vectors_config={
            name: m.VectorParams(size=size, distance=m.Distance.COSINE)
            for name, size in sizes.items()
        },
        quantization_config=m.ScalarQuantization(
            scalar=m.ScalarQuantizationConfig(
                type=m.ScalarType.INT8, quantile=0.99, always_ram=True
            )
        ),
    )
    await index_payload(client, CATALOG, ("tenant", "tags", "author"))


async def _upsert(client: AsyncQdrantClient, points: list[m.PointStruct]) -> None:
    await client.upsert(CATALOG, points, wait=True)


async def _search(
    client: AsyncQdrantClient, query: m.NearestQuery | m.RecommendQuery, rule: m.Filter | None
) -> list[int]:
    response = await client.query_points(
        CATALOG, query=query, using="image", query_filter=rule, limit=LIMIT, search_params=EXACT
    )
    return [int(point.id) for point in response.points]


async def _retrieve(client: AsyncQdrantClient) -> None:
    await client.retrieve(CATALOG, list(range(300)), with_vectors=["image"])


def _tagged(number: int) -> m.Filter:
    tag = m.MatchValue(value=f"tag {number % 20}")
    return m.Filter(must=[m.FieldCondition(key="tags", match=tag)])


def _unseen() -> m.Filter:
    tenant = m.FieldCondition(key="tenant", match=m.MatchValue(value="default"))
    return m.Filter(must=[tenant], must_not=[m.HasIdCondition(has_id=list(range(SEEN)))])


def _recommend(catalog: Catalog, number: int) -> m.RecommendQuery:
    examples = catalog.images[number * 9 : number * 9 + 9].tolist()
    return m.RecommendQuery(
        recommend=m.RecommendInput(
            positive=examples[:5], negative=examples[5:], strategy=m.RecommendStrategy.BEST_SCORE
        )
    )


async def _recall(client: AsyncQdrantClient, catalog: Catalog, queries: Vectors) -> float:
    shares = []
    for query in queries:
        nearest = np.argsort(-(catalog.images @ query))[:LIMIT]
        result = await _search(client, m.NearestQuery(nearest=query.tolist()), None)
        shares.append(len({*nearest.tolist()} & {*result}) / LIMIT)
    return round(float(np.mean(shares)), 4)


async def _times(calls: Iterable[Awaitable[Any]]) -> list[float]:
    times = []
    for call in calls:
        start = time.perf_counter()
        await call
        times.append((time.perf_counter() - start) * 1e3)
    return times


async def _longest_pause(call: Callable[[], Awaitable[Any]]) -> float:
    """Longest time during which nothing else ran on the event loop, over ten calls."""
    pauses: list[float] = []

    async def watch() -> None:
        before = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            pauses.append(now - before)
            before = now

    watcher = asyncio.create_task(watch())
    await asyncio.sleep(0)
    for _ in range(10):
        await call()
        await asyncio.sleep(0)
    watcher.cancel()
    return round(max(pauses) * 1e3, 1)


def _quantiles(times: list[float]) -> str:
    return "{:.1f} / {:.1f} / {:.1f}".format(*np.quantile(times, [0.0, 0.5, 0.99]))


def _memory_mb(process: int) -> int:
    """Private memory; pages of mapped files, which the kernel takes back, do not count."""
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) >> 10
    return 0


def _files_mb(folder: Path) -> int:
    return sum(f.stat().st_blocks * 512 for f in folder.rglob("*") if f.is_file()) >> 20


def _children() -> list[int]:
    tasks = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return [int(process) for task in tasks for process in task.read_text().split()]


def main() -> None:
    """Print one JSON line for each engine and size; times are minimum / median / 99th percent."""
    warnings.filterwarnings("ignore", message="Local mode|Payload indexes", category=UserWarning)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, nargs="+", default=[2_000, 20_000, 100_000])
    parser.add_argument("--engines", nargs="+", default=["local mode", "engine"])
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    runs = [(engine, count) for count in options.points for engine in options.engines]
    for engine, count in runs:
        if len(runs) > 1:
            common = ["--rounds", str(options.rounds), "--seed", str(options.seed)]
            command = [sys.executable, "-m", "shared.store.benchmark", *common]
            subprocess.run([*command, "--points", str(count), "--engines", engine], check=True)
        else:
            result = measure(engine, count, seed=options.seed, rounds=options.rounds)
            print(json.dumps(asyncio.run(result)), flush=True)


if __name__ == "__main__":
    main()
