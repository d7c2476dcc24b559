"""Measure retrieval from the catalog: latency, memory, recall, and the quality of the feeds.

python -m training.bench.catalog prints one line of JSON; `preferstream bench catalog` shows it.

The vectors of the large catalogs are those of real images with noise. faiss (HNSW) and LanceDB get
the same vectors, queries and filters. Each engine runs in a process of its own, one after the
other, on one thread. The quality is measured with the shipped model on drawings.
"""

import argparse
import asyncio
import importlib.util
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.jobs.benchmark_result import BenchmarkResult
from training.bench.catalog.made_images import encode_sources
from training.bench.catalog.measures import quality_measures, size_measures, without_requirements
from training.bench.catalog.quality import measure_quality
from training.bench.catalog.timing import EngineResult

PACKAGES: Final = {"faiss": "faiss-cpu", "lancedb": "lancedb"}
"""Import and distribution of the engines to compare with."""
SEED: Final = 421
"""Of catalogs and users; no evaluation uses it."""


@dataclass(frozen=True)
class Scale:
    """How much is measured."""

    sizes: tuple[int, ...]
    queries: int
    """For each of the three filters."""
    drawings: int
    """Real images whose vectors the large catalogs vary."""
    scored: int
    """Drawings that the model scores completely."""
    catalog: int
    """Drawings of the catalog of which feeds are made."""
    users: int


FULL: Final = Scale((20_000, 100_000), 40, 256, 2_000, 20_000, 12)
QUICK: Final = Scale((1_000,), 4, 24, 60, 120, 2)
"""Shows within a minute that everything runs; its numbers say nothing."""


class EngineFailed(Exception):
    """An engine ended without a result."""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.bench.catalog", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--quick", action="store_true", help="a small catalog, within a minute")
    parser.add_argument("--only", choices=["speed", "quality"], help="default: both")
    parser.add_argument("--cache", type=Path, help="folder that keeps the indexed drawings")
    options = parser.parse_args()
    scale = QUICK if options.quick else FULL
    missing = missing_engines()
    for name in missing:
        print(
            f"{PACKAGES[name]} is not installed and not compared; install it with"
            " `pip install 'preferstream[bench]'`",
            file=sys.stderr,
        )
    try:
        with tempfile.TemporaryDirectory() as folder:
            result = measure(
                scale, Path(folder), only=options.only, cache=options.cache, without=missing
            )
    except EngineFailed as error:
        print(f"preferstream: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(result.model_dump_json())
    return 0


def missing_engines() -> list[str]:
    """The engines whose package is not installed."""
    return [name for name in PACKAGES if importlib.util.find_spec(name) is None]


def measure(
    scale: Scale, folder: Path, *, only: str | None, cache: Path | None, without: list[str]
) -> BenchmarkResult:
    """Speed, quality, or both; raises `EngineFailed`."""
    measures = []
    if only != "quality":
        sources = folder / "sources.npz"
        encode_sources(drawings=scale.drawings, seed=SEED).write(sources)
        engines = ["qdrant", *(name for name in PACKAGES if name not in without)]
        for size in scale.sizes:
            results = [_run(engine, sources, size, scale.queries) for engine in engines]
            measures += size_measures(results)
    if only != "speed":
        quality = measure_quality(
            scored=scale.scored,
            catalog=scale.catalog,
            users=scale.users,
            seed=SEED,
            folder=cache or folder,
        )
        measures += quality_measures(asyncio.run(quality))
    if scale == QUICK:
        measures = without_requirements(measures)
    conditions = {
        "sizes": ", ".join(map(str, scale.sizes)),
        "queries for a filter": str(scale.queries),
        "users": str(scale.users),
        "not installed": ", ".join(PACKAGES[name] for name in without) or "none",
    }
    return BenchmarkResult(benchmark="catalog", measures=tuple(measures), conditions=conditions)


def _run(engine: str, sources: Path, images: int, queries: int) -> EngineResult:
    """Measure an engine in a process of its own."""
    print(f"{engine}, {images} images ...", file=sys.stderr, flush=True)
    command = [
        sys.executable, "-m", "training.bench.catalog.engine", engine, "--sources", str(sources),
        "--images", str(images), "--queries", str(queries), "--seed", str(SEED),
    ]  # fmt: skip
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode or not done.stdout.strip():
        raise EngineFailed(f"the engine {engine} ended with exit code {done.returncode}; see above")
    return EngineResult.model_validate_json(done.stdout.strip().splitlines()[-1])


if __name__ == "__main__":
    sys.exit(main())
