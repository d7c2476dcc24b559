"""The items of a benchmark: a user's references and two images, in splits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.prompting.parser.comparison import Label


class BadBenchmark(Exception):
    """A benchmark cannot be used; the text names the file, the item and what to do."""


@dataclass(frozen=True)
class Item:
    """One question: which of two images does this user prefer?"""

    place: str
    """File and number for messages: `SEEN_SP.json[3]`, counted from 0."""
    user: str
    """The cluster of the bootstrap: all items of one user are drawn together."""
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
    """The items to evaluate, and what is left out."""

    splits: Mapping[str, tuple[Item, ...]]
    checksum: str
    left_out: Mapping[str, int]
    """Items that cannot be evaluated, by reason."""
    complaints: tuple[str, ...]
    """One sentence for each of the first items that are left out."""
    unknown_keys: tuple[str, ...]


def first_item_by_user(items: Sequence[Item]) -> dict[str, Item]:
    """The first item of each user; it has the user's references."""
    return {item.user: item for item in reversed(items)}
