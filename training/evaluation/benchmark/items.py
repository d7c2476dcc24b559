"""What a benchmark is once read: items in splits, each with a user's references and two images."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.prompting.parser.comparison import Label


class BadBenchmark(Exception):
    """A benchmark cannot be used; the text names the file, the item and what to do."""


@dataclass(frozen=True)
class Item:
    """One question: which of two images does this user prefer?"""

    place: str
    """Where it stands, for messages: `SEEN_SP.json[3]`, counted from 0."""
    user: str
    """Items of one user are drawn again together in the bootstrap."""
    liked: tuple[Path, ...]
    disliked: tuple[Path, ...]
    image_a: Path
    image_b: Path
    preferred: Label

    @property
    def images(self) -> tuple[Path, ...]:
        return (*self.liked, *self.disliked, self.image_a, self.image_b)


@dataclass(frozen=True)
class Benchmark:
    """Everything that will be asked, and what could not be."""

    splits: Mapping[str, tuple[Item, ...]]
    checksum: str
    left_out: Mapping[str, int]
    """Items that cannot be asked, by reason."""
    complaints: tuple[str, ...]
    """One sentence for each of the first items that were left out."""
    unknown_keys: tuple[str, ...]
