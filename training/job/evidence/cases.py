"""Read the dataset's cases as the evidence needs them: who, how much it counts, by which taste."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image as Images
from PIL.Image import Image

from shared.domain.taste import ELEMENTS, Taste, TasteSide, WeightedWord
from shared.prompting.prompt import SpokenTaste
from shared.vlm.protocol import References
from training.rewards.prediction import Sides


class BadCases(Exception):
    """A file of cases cannot be used; the text names the line and what is wrong with it."""


@dataclass(frozen=True)
class HeardCase:
    """One pair that a person ordered; images stay on disk until they are asked about."""

    user: str
    weight: float
    source: str
    better: Path
    worse: Path
    liked: tuple[Path, ...]
    disliked: tuple[Path, ...]
    profile: Sides | None
    """What the slate was scored by."""

    @property
    def taste(self) -> Taste | None:
        return taste_of(self.profile) if self.profile else None

    def pair(self) -> tuple[Image, Image]:
        return opened(self.better), opened(self.worse)

    def references(self) -> References:
        return References(tuple(map(opened, self.liked)), tuple(map(opened, self.disliked)))


def read_heard(file: Path) -> Iterator[HeardCase]:
    """Every line; raises `BadCases`."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise BadCases(f"{file} cannot be read: {error.strerror}") from error
    for number, line in enumerate(lines, start=1):
        try:
            yield _case(json.loads(line), file.parent)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadCases(f"{file}, line {number}: {error}") from error


def opened(file: Path) -> Image:
    """RGB; raises `BadCases`."""
    try:
        with Images.open(file) as image:
            return image.convert("RGB")
    except (OSError, ValueError) as error:
        raise BadCases(f"{file} cannot be opened: {error}; make the dataset anew") from error


def taste_of(sides: Sides) -> Taste:
    """Plain words as a taste, the strongest first as they came."""
    return Taste(preference=_side(sides.likes), non_preference=_side(sides.dislikes))


def _side(words: SpokenTaste) -> TasteSide:
    return TasteSide.model_validate(
        {
            e.value: tuple(WeightedWord(word=w, weight=1.0) for w in words.get(e, ()))
            for e in ELEMENTS
        }
    )


def _case(told: dict[str, Any], folder: Path) -> HeardCase:
    profile = told.get("profile")
    return HeardCase(
        user=str(told["user"]),
        weight=float(told["weight"]),
        source=str(told["source"]),
        better=folder / told["better"],
        worse=folder / told["worse"],
        liked=_files(told["liked"], folder),
        disliked=_files(told["disliked"], folder),
        profile=Sides.read(profile) if profile else None,
    )


def _files(names: Sequence[str], folder: Path) -> tuple[Path, ...]:
    return tuple(folder / name for name in names)
