"""Lay a ranked feed out as cards: place, score, five elements, reasons, how far it moved."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared.domain.taste import ELEMENTS
from shared.events import RankedFeed, RankedItem

DEMOTIONS: Final = {
    "seen": "seen before",
    "author_cap": "another of its author stands higher",
    "diversity": "too like those above",
}
TIERS: Final = {
    "vlm": "by the model",
    "embedding": "by likeness, without the model",
    "fallback": "not assessed",
}


@dataclass(frozen=True)
class Bar:
    """One element of one image."""

    name: str
    score: float
    rationale: str | None


@dataclass(frozen=True)
class Card:
    """One image in its place."""

    image_id: str
    rank: int
    score: float | None
    bars: tuple[Bar, ...]
    move: int
    """Places up since the feed before; negative is down."""
    new: bool
    marks: tuple[str, ...]
    """What else decided its place, in words."""

    @property
    def reasons(self) -> tuple[Bar, ...]:
        return tuple(bar for bar in self.bars if bar.rationale)

    @property
    def spoken(self) -> str:
        """All scores in a sentence, for whoever hears the page."""
        return ", ".join(f"{bar.name} {bar.score:.1f} of 5" for bar in self.bars)


def cards(feed: RankedFeed, *, before: Mapping[str, int] | None = None) -> tuple[Card, ...]:
    """The feed's images in order; `before` are the ranks of the feed that was shown last."""
    earlier = before or {}
    return tuple(
        Card(
            image_id=item.image_id,
            rank=item.rank,
            score=item.score,
            bars=_bars(item),
            move=earlier.get(item.image_id, item.rank) - item.rank,
            new=bool(earlier) and item.image_id not in earlier,
            marks=_marks(item),
        )
        for item in feed.items
    )


def _bars(item: RankedItem) -> tuple[Bar, ...]:
    if item.elements is None:
        return ()
    return tuple(
        Bar(e.spoken, item.elements[e].score, item.elements[e].rationale) for e in ELEMENTS
    )


def _marks(item: RankedItem) -> tuple[str, ...]:
    explored = ("swapped with its neighbour by chance",) if item.explored else ()
    tier = (TIERS[item.tier],) if item.tier != "vlm" else ()
    return (*tier, *explored, *(DEMOTIONS[reason] for reason in item.demoted))
