"""A user of the demo: liked, disliked and new pictures, and which of the new ones are right."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shared.events import ProfileUpdated, RankedFeed


@dataclass(frozen=True)
class Scenario:
    """The pictures of one user. `wanted` and `unwanted` are known from the pictures' sources."""

    name: str
    """Short, for the id of the user."""
    title: str
    text: str
    """What the user likes, and how the right answer is known."""
    liked: tuple[Path, ...]
    disliked: tuple[Path, ...]
    slate: tuple[Path, ...]
    wanted: frozenset[str] = frozenset()
    """Names of the new pictures that are like the liked ones by their source."""
    unwanted: frozenset[str] = frozenset()
    shows: Mapping[str, str] = field(default_factory=dict)
    """What the source says that a picture shows, by file name."""

    @property
    def files(self) -> tuple[Path, ...]:
        return (*self.liked, *self.disliked, *self.slate)


@dataclass(frozen=True)
class ScenarioResult:
    """The profile from the references of a scenario, and the feed of its new pictures."""

    scenario: Scenario
    user: str
    profile: ProfileUpdated
    feed: RankedFeed
