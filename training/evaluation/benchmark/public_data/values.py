"""Hold what is read from public data: ratings, choices, and the cases of a user."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Place:
    """The row of a file, for messages."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Rating:
    """One user's score of one image."""

    user: str
    image: str
    """What names the image in the data: its file, or its id."""
    score: float
    place: Place


@dataclass(frozen=True)
class Choice:
    """One user's choice between two images."""

    user: str
    better: str
    worse: str
    prompt: str
    """The text that both images were generated from."""
    at: str
    """The time of the choice as sortable text; empty where it is unknown."""
    place: Place


@dataclass(frozen=True)
class JudgedPair:
    """Two images that a user ordered, and the row that says so."""

    better: str
    worse: str
    place: str


@dataclass(frozen=True)
class UserCases:
    """A user's references, and the pairs that are judged with them; no image is in both."""

    user: str
    liked: tuple[str, ...]
    """The surest first; there may be spare ones for images that turn out to be broken."""
    disliked: tuple[str, ...]
    pairs: tuple[JudgedPair, ...]
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the user's rows, such as the true profile."""

    @property
    def images(self) -> tuple[str, ...]:
        """Every image of these cases, each once."""
        judged = [image for pair in self.pairs for image in (pair.better, pair.worse)]
        return tuple(dict.fromkeys((*self.liked, *self.disliked, *judged)))


@dataclass(frozen=True)
class UserLeftOut:
    """A user without cases, and why."""

    user: str
    reason: str
    """A short, stable identifier for counters."""
    detail: str
