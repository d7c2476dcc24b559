"""Write a frozen benchmark of simulated users in the PreferImg-Bench file format.

python -m training.prefersim.benchmark runs/hard --level hard

The level *easy* is the protocol of the paper: five references per side, and candidates that differ
in all elements. In *hard*, candidates differ in one element, cues are weak, files have various
qualities, sizes and aspect ratios, and of eight references per side one or two contradict the
taste. One user in five also has a slate of 20 candidates with graded relevance, in `slates.json`.
The checksum is written last, so a folder with a checksum is complete.
"""

import argparse
import json
import os
import sys
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from shared.jobs.evaluation import Level
from training.evaluation.benchmark.reader import CHECKSUM, read_benchmark
from training.prefersim.benchmark_items import DrawnItem, draw_item, draw_slate
from training.prefersim.drawing.parallel import map_in_order
from training.prefersim.users.users import HARD_REFERENCES, Kind

SETS: Final[Mapping[str, tuple[Kind, int]]] = {
    "SEEN_SP": (Kind(), 500),
    "SEEN_MP": (Kind(multi=True), 250),
    "UNSEEN_SP": (Kind(unseen=True), 500),
    "UNSEEN_MP": (Kind(multi=True, unseen=True), 250),
}
"""Kind of user and number of items of each set, as in the paper (arXiv 2511.00609)."""
SEED: Final = 20_261
STREAM: Final = 0xBE7C
"""Part of the random seed of each item, so that no other module draws the same numbers."""
SLATE_EVERY: Final = 5
"""Every n-th user has a slate."""
WRONG_USE: Final = 2


@dataclass(frozen=True)
class _ItemId:
    """Identity of an item; it determines the item completely."""

    folder: Path
    level: Level
    set_name: str
    number: int
    seed: int


def write_benchmark(
    folder: Path,
    *,
    level: Level,
    limit: int | None = None,
    seed: int = SEED,
    workers: int = 1,
) -> str:
    """Write the four sets, each with its first `limit` items, and return the checksum.

    The same seed writes the same items, for any limit and any number of workers.
    """
    for name, (_, count) in SETS.items():
        images = folder / "data" / name / "images"
        images.mkdir(parents=True, exist_ok=True)
        ids = [
            _ItemId(images, level, name, number, seed)
            for number in range(count if limit is None else min(limit, count))
        ]
        written = list(map_in_order(_write_item, ids, workers=workers, chunksize=4))
        _write_json(images.parent / f"{name}.json", [item for item, _ in written])
        slates = [slate for _, slate in written if slate is not None]
        _write_json(images.parent / "slates.json", slates)
    about = {"level": level, "seed": seed, "limit": limit, "slate_every": SLATE_EVERY}
    _write_json(folder / "about.json", about)
    total = read_benchmark(folder, references=HARD_REFERENCES).checksum
    (folder / CHECKSUM).write_text(total + "\n", encoding="utf-8")
    return total


def frozen_item(set_name: str, number: int, *, level: Level, seed: int = SEED) -> DrawnItem:
    """Draw the item with this number in a set of the benchmark, without writing files."""
    rng = np.random.default_rng((*_seed_of(set_name, number, seed), 0))
    name = f"{set_name.lower()}-{number + 1:04}"
    return draw_item(rng, level, SETS[set_name][0], name=name)


def _seed_of(set_name: str, number: int, seed: int) -> tuple[int, ...]:
    return (seed, STREAM, zlib.crc32(set_name.encode()), number)


def _write_item(item_id: _ItemId) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Write the images of an item and of its slate; return their rows (None without a slate)."""
    kind, _ = SETS[item_id.set_name]
    item_seed = _seed_of(item_id.set_name, item_id.number, item_id.seed)
    item = frozen_item(item_id.set_name, item_id.number, level=item_id.level, seed=item_id.seed)
    _save(item, item_id.folder)
    if item_id.number % SLATE_EVERY:
        return item.row, None
    candidates = draw_slate(np.random.default_rng((*item_seed, 1)), item_id.level, kind, item)
    _save(candidates, item_id.folder)
    return item.row, candidates.row


def _save(item: DrawnItem, folder: Path) -> None:
    for name, data in item.files.items():
        (folder / name).write_bytes(data)


def _write_json(file: Path, content: object) -> None:
    file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, help="a new or an empty folder")
    parser.add_argument("--level", choices=("easy", "hard"), required=True)
    parser.add_argument("--limit", type=int, help="only the first N items of each set")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args()
    if options.folder.exists() and (not options.folder.is_dir() or any(options.folder.iterdir())):
        print(
            f"preferstream: {options.folder} is not an empty folder, and a benchmark overwrites"
            " no files; remove the folder, or name another one",
            file=sys.stderr,
        )
        return WRONG_USE
    if (options.limit is not None and options.limit < 1) or options.workers < 1:
        print("preferstream: --limit and --workers must be 1 or more", file=sys.stderr)
        return WRONG_USE
    total = write_benchmark(
        options.folder,
        level=options.level,
        limit=options.limit,
        seed=options.seed,
        workers=options.workers,
    )
    print(f"{options.folder}: checksum {total}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
