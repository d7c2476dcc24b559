"""Measure one engine in a process of its own: `python -m training.bench.catalog.engine`.

It prints one line of JSON. `training.bench.catalog` starts it once for each engine and size.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from training.bench.catalog.made_images import MadeImages, Sources
from training.bench.catalog.queries import BenchQuery, make_queries
from training.bench.catalog.timing import EngineResult

ENGINES = ("qdrant", "faiss", "lancedb")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.bench.catalog.engine")
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("--sources", type=Path, required=True)
    parser.add_argument("--images", type=int, required=True)
    parser.add_argument("--queries", type=int, required=True, help="for each filter")
    parser.add_argument("--seed", type=int, required=True)
    options = parser.parse_args()
    images = MadeImages(Sources.read(options.sources), options.images, seed=options.seed)
    queries = make_queries(images, options.queries, seed=options.seed)
    with tempfile.TemporaryDirectory() as folder:
        print(measure(options.engine, images, queries, Path(folder)).model_dump_json(), flush=True)
    return 0


def measure(
    engine: str, images: MadeImages, queries: list[BenchQuery], folder: Path
) -> EngineResult:
    """Raises `ImportError` for an engine that is not installed."""
    match engine:
        case "faiss":
            from training.bench.catalog import faiss_hnsw

            return faiss_hnsw.measure(images, queries)
        case "lancedb":
            from training.bench.catalog import lance

            return lance.measure(images, queries, folder)
        case _:
            from training.bench.catalog import embedded

            return asyncio.run(embedded.measure(images, queries, folder))


if __name__ == "__main__":
    sys.exit(main())
