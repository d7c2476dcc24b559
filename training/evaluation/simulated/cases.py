"""Read a simulated benchmark with its true values: profiles, what images show, and slates."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.domain.taste import Element
from shared.images.decoding.image_file import read_image
from shared.vlm.protocol import References
from training.evaluation.benchmark.reader import read_benchmark
from training.prefersim.users.users import HARD_REFERENCES, Words


@dataclass(frozen=True)
class Slate:
    """Candidates for one user, and the true relevance of each, 0-25."""

    images: tuple[Path, ...]
    relevance: tuple[float, ...]


@dataclass(frozen=True)
class Case:
    """One user of a benchmark, with the simulator's true values."""

    user: str
    liked: tuple[Path, ...]
    disliked: tuple[Path, ...]
    better: Path
    worse: Path
    decided_by: str
    """The element in which the two images differ; `all` where they differ in every element."""
    likes: Words
    dislikes: Words
    likes_in_synonyms: Words
    dislikes_in_synonyms: Words
    better_shows: Mapping[Element, str]
    slate: Slate | None

    def references(self) -> References:
        return References(tuple(map(read_image, self.liked)), tuple(map(read_image, self.disliked)))


@dataclass(frozen=True)
class Truth:
    """The cases of a benchmark by set."""

    splits: Mapping[str, tuple[Case, ...]]
    checksum: str


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
        likes_in_synonyms=_words(row["said_preference"]),
        dislikes_in_synonyms=_words(row["said_non_preference"]),
        better_shows={Element(name): word for name, word in row["shows"][better].items()},
        slate=Slate(paths(slate["images"]), tuple(slate["relevance"])) if slate else None,
    )


def _words(by_element: Mapping[str, Sequence[str]]) -> Words:
    return {Element(name): tuple(words) for name, words in by_element.items()}
