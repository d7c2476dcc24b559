"""Read the dataset's cases as the evidence needs them: user, weight, images, profile."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL.Image import Image

from shared.domain.errors import Unprocessable
from shared.domain.taste import ELEMENTS, Taste, TasteSide, WeightedWord
from shared.images.decoding.image_file import read_image
from shared.prompting.prompt import SideWords
from shared.vlm.protocol import References
from training.rewards.prediction import Sides


class UnreadableCases(Exception):
    """A file of cases cannot be used; the message names the line and the problem."""


@dataclass(frozen=True)
class FeedbackCase:
    """One pair with a user's feedback; images stay on disk until a model needs them."""

    user: str
    weight: float
    source: str
    better: Path
    worse: Path
    liked: tuple[Path, ...]
    disliked: tuple[Path, ...]
    profile: Sides | None
    """The profile with which the slate was scored."""
    shown_at: int = 0
    """Time of the slate, microseconds since the epoch; all references are older."""

    @property
    def taste(self) -> Taste | None:
        return taste_of(self.profile) if self.profile else None

    def pair(self) -> tuple[Image, Image]:
        """The preferred image and the other one."""
        return open_image(self.better), open_image(self.worse)

    def references(self) -> References:
        return References(tuple(map(open_image, self.liked)), tuple(map(open_image, self.disliked)))


def read_feedback_cases(file: Path) -> Iterator[FeedbackCase]:
    """One case per line; raises `UnreadableCases`."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UnreadableCases(f"{file} cannot be read: {error.strerror}") from error
    for number, line in enumerate(lines, start=1):
        try:
            yield _case(json.loads(line), file.parent)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnreadableCases(f"{file}, line {number}: {error}") from error


def open_image(file: Path) -> Image:
    """RGB; raises `UnreadableCases`."""
    try:
        return read_image(file)
    except Unprocessable as error:
        raise UnreadableCases(f"{error.detail}; build the dataset again") from error


def taste_of(sides: Sides) -> Taste:
    """A taste with these words, in their order, each with full weight."""
    return Taste(preference=_side(sides.likes), non_preference=_side(sides.dislikes))


def _side(words: SideWords) -> TasteSide:
    return TasteSide.model_validate(
        {
            e.value: tuple(WeightedWord(word=w, weight=1.0) for w in words.get(e, ()))
            for e in ELEMENTS
        }
    )


def _case(fields: dict[str, Any], folder: Path) -> FeedbackCase:
    profile = fields.get("profile")
    return FeedbackCase(
        user=str(fields["user"]),
        weight=float(fields["weight"]),
        source=str(fields["source"]),
        better=folder / fields["better"],
        worse=folder / fields["worse"],
        liked=_files(fields["liked"], folder),
        disliked=_files(fields["disliked"], folder),
        profile=Sides.read(profile) if profile else None,
        shown_at=int(fields.get("shown_at", 0)),
    )


def _files(names: Sequence[str], folder: Path) -> tuple[Path, ...]:
    return tuple(folder / name for name in names)
