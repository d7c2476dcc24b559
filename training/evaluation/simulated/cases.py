"""Read a simulated benchmark with its truth: tastes, what images show, and slates."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PIL.Image import Image
from PIL.Image import open as open_image

from shared.domain.taste import Element
from shared.vlm.protocol import References
from training.evaluation.benchmark.reader import read_benchmark
from training.prefersim.users.users import HARD_REFERENCES, Words

ALL: Final = "all"
"""Stands for the element that decides where a pair differs in every one."""


@dataclass(frozen=True)
class Slate:
    """Candidates for one user, and how much each is truly liked, 0-25."""

    images: tuple[Path, ...]
    relevance: tuple[float, ...]


@dataclass(frozen=True)
class Case:
    """One user of a benchmark, with everything that the simulator knows of them."""

    user: str
    liked: tuple[Path, ...]
    disliked: tuple[Path, ...]
    better: Path
    worse: Path
    decided_by: str
    likes: Words
    dislikes: Words
    said_likes: Words
    """The same in synonyms."""
    said_dislikes: Words
    better_shows: Mapping[Element, str]
    slate: Slate | None

    def references(self) -> References:
        return References(tuple(map(opened, self.liked)), tuple(map(opened, self.disliked)))


@dataclass(frozen=True)
class Truth:
    """The cases of a benchmark, set by set."""

    splits: Mapping[str, tuple[Case, ...]]
    checksum: str


def opened(path: Path) -> Image:
    with open_image(path) as image:
        return image.convert("RGB")


def read_truth(folder: Path, *, limit: int | None = None) -> Truth:
    """Raises `BadBenchmark` for files that are not those of the benchmark's checksum."""
    benchmark = read_benchmark(folder, references=HARD_REFERENCES, limit=limit)
    splits = {}
    for split in benchmark.splits:
        name = split.upper()
        rows = json.loads((folder / "data" / name / f"{name}.json").read_text(encoding="utf-8"))
        slates = json.loads((folder / "data" / name / "slates.json").read_text(encoding="utf-8"))
        images = folder / "data" / name / "images"
        by_user = {slate["user_id"]: slate for slate in slates}
        splits[split] = tuple(_case(row, by_user, images) for row in rows[:limit])
    return Truth(splits, benchmark.checksum)


def _case(row: dict[str, Any], slates: Mapping[str, Any], images: Path) -> Case:
    def paths(names: Sequence[str]) -> tuple[Path, ...]:
        return tuple(images / name for name in names)

    first_is_better = row["conversations"][0]["value"] == "Image A"
    better, worse = ("imageA", "imageB") if first_is_better else ("imageB", "imageA")
    slate = slates.get(row["user_id"])
    return Case(
        user=row["user_id"],
        liked=paths(row["prefered_images"]),
        disliked=paths(row["non_prefered_images"]),
        better=images / row[better],
        worse=images / row[worse],
        decided_by=row["decided_by"],
        likes=_words(row["prefer_attributes"]),
        dislikes=_words(row["non_prefer_attributes"]),
        said_likes=_words(row["said_preference"]),
        said_dislikes=_words(row["said_non_preference"]),
        better_shows={Element(name): word for name, word in row["shows"][better].items()},
        slate=Slate(paths(slate["images"]), tuple(slate["relevance"])) if slate else None,
    )


def _words(told: Mapping[str, Sequence[str]]) -> Words:
    return {Element(name): tuple(words) for name, words in told.items()}
