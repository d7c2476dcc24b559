"""Write a frozen benchmark of simulated users in the PreferImg-Bench file format.

python -m training.prefersim.benchmark runs/hard --level hard

*easy* is the paper's protocol: five references a side, candidates that differ in every element. In
*hard* they differ in one, cues are weak, files are of varied quality, size and shape, and of eight
references a side one or two contradict the taste. One user in five also has a slate of 20 with
graded relevance, in `slates.json`. The checksum is written last: a folder that has it is whole.
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
from training.prefersim.benchmark_items import Drawn, draw_item, draw_slate
from training.prefersim.drawing.parallel import in_order
from training.prefersim.users.users import HARD_REFERENCES, Kind

SETS: Final[Mapping[str, tuple[Kind, int]]] = {
    "SEEN_SP": (Kind(), 500),
    "SEEN_MP": (Kind(multi=True), 250),
    "UNSEEN_SP": (Kind(unseen=True), 500),
    "UNSEEN_MP": (Kind(multi=True, unseen=True), 250),
}
"""Each set's users and items, as many as the paper's (arXiv 2511.00609)."""
SEED: Final = 20_261
STREAM: Final = 0xBE7C
"""Stands between the seed and the item's number: no pool and no other evaluation draws from it."""
SLATE_EVERY: Final = 5
"""Users from one with a slate to the next."""
WRONG_USE: Final = 2


@dataclass(frozen=True)
class _Place:
    """Which item of which set; everything about it follows from this."""

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

    The same seed writes the same items, however many there are and however many workers.
    """
    for name, (_, count) in SETS.items():
        images = folder / "data" / name / "images"
        images.mkdir(parents=True, exist_ok=True)
        places = [
            _Place(images, level, name, number, seed)
            for number in range(count if limit is None else min(limit, count))
        ]
        written = list(in_order(_write_item, places, workers=workers, at_once=4))
        _write_json(images.parent / f"{name}.json", [item for item, _ in written])
        slates = [drawn for _, drawn in written if drawn is not None]
        _write_json(images.parent / "slates.json", slates)
    about = {"level": level, "seed": seed, "limit": limit, "slate_every": SLATE_EVERY}
    _write_json(folder / "about.json", about)
    total = read_benchmark(folder, references=HARD_REFERENCES).checksum
    (folder / CHECKSUM).write_text(total + "\n", encoding="utf-8")
    return total


def frozen_item(set_name: str, number: int, *, level: Level, seed: int = SEED) -> Drawn:
    """The item that the files of a benchmark have at this place, without writing it."""
    rng = np.random.default_rng((*_at(set_name, number, seed), 0))
    name = f"{set_name.lower()}-{number + 1:04}"
    return draw_item(rng, level, SETS[set_name][0], name=name)


def _at(set_name: str, number: int, seed: int) -> tuple[int, ...]:
    return (seed, STREAM, zlib.crc32(set_name.encode()), number)


def _write_item(place: _Place) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """An item and its slate, if it has one, with their images on disk."""
    kind, _ = SETS[place.set_name]
    at = _at(place.set_name, place.number, place.seed)
    item = frozen_item(place.set_name, place.number, level=place.level, seed=place.seed)
    _save(item, place.folder)
    if place.number % SLATE_EVERY:
        return item.row, None
    candidates = draw_slate(np.random.default_rng((*at, 1)), place.level, kind, item)
    _save(candidates, place.folder)
    return item.row, candidates.row


def _save(drawn: Drawn, folder: Path) -> None:
    for name, data in drawn.files.items():
        (folder / name).write_bytes(data)


def _write_json(file: Path, content: object) -> None:
    file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, help="an empty or a new folder")
    parser.add_argument("--level", choices=("easy", "hard"), required=True)
    parser.add_argument("--limit", type=int, help="only the first N items of each set")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args()
    if options.folder.exists() and (not options.folder.is_dir() or any(options.folder.iterdir())):
        print(
            f"preferstream: {options.folder} is not an empty folder; a benchmark is never written"
            " over what is there: remove it, or name another",
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
