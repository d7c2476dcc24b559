"""Prepare a ranked feed as cards: rank, score, elements, rationales, and change of rank."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared.domain.taste import ELEMENTS
from shared.events import AppliedRule, ItemEvidence, RankedFeed, RankedItem

DEMOTIONS: Final = {
    "seen": "seen before",
    "author_cap": "another image of its author has a higher rank",
    "diversity": "too similar to images above",
}
SOURCES: Final = {
    "taste": "from the catalog: fits the taste in words",
    "likes": "from the catalog: resembles liked pictures",
    "similar": "from the catalog: resembles the given image",
    "popular": "from the catalog: popular with other users",
    "new": "from the catalog: new",
    "explored": "from the catalog: drawn by chance (exploration)",
}
"""How retrieval found an image; a listed one needs no sentence."""
TIERS: Final = {
    "vlm": "by the model",
    "embedding": "by embedding similarity, without the model",
    "popularity": "popular with other users",
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
    """One image of the feed."""

    image_id: str
    rank: int
    score: float | None
    """The user's own score, 0-25: with the subject, where it counts. The rank follows it, and
    popularity while the user has few references."""
    bars: tuple[Bar, ...]
    move: int
    """Ranks up since the previous feed; negative is down."""
    new: bool
    evidence: ItemEvidence | None
    """What speaks for and against the image, with the user's references."""
    subject_words: tuple[str, ...]
    """What the image shows, in words, the narrowest first."""
    marks: tuple[str, ...]
    """Other reasons for its rank, in words."""

    @property
    def rationales(self) -> tuple[Bar, ...]:
        return tuple(bar for bar in self.bars if bar.rationale)

    @property
    def screen_reader_text(self) -> str:
        """All scores in one sentence, for screen readers."""
        return ", ".join(f"{bar.name} {bar.score:.1f} of 5" for bar in self.bars)


def cards(
    feed: RankedFeed,
    *,
    before: Mapping[str, int] | None = None,
    taste_names: Mapping[str, str] | None = None,
) -> tuple[Card, ...]:
    """Return the images of a feed in order.

    `before` has the ranks of the previous feed, and `taste_names` the names of the user's tastes by
    id; a user with one taste has none.
    """
    earlier = before or {}
    return tuple(
        Card(
            image_id=item.image_id,
            rank=item.rank,
            score=item.score if item.score_total is None else item.score_total,
            bars=_bars(item),
            move=earlier.get(item.image_id, item.rank) - item.rank,
            new=bool(earlier) and item.image_id not in earlier,
            evidence=item.evidence,
            subject_words=tuple(shown.word for shown in item.subject_words),
            marks=_marks(item, taste_names or {}),
        )
        for item in feed.items
    )


def _bars(item: RankedItem) -> tuple[Bar, ...]:
    scored = item.elements
    bars = [Bar(e.label, scored[e].score, scored[e].rationale) for e in ELEMENTS] if scored else []
    subject = [] if item.subject is None else [Bar("subject", item.subject, None)]
    return (*bars, *subject)


def _marks(item: RankedItem, taste_names: Mapping[str, str]) -> tuple[str, ...]:
    name = taste_names.get(item.taste_id or "")
    taste = (f"by your taste: {name}",) if name else ()
    explored = ("swapped with its neighbor at random (exploration)",) if item.explored else ()
    tier = (TIERS[item.tier],) if item.tier != "vlm" else ()
    source = (SOURCES[item.source],) if item.source in SOURCES else ()
    popular = () if item.popularity is None else (f"popularity {item.popularity:.1f} of 5",)
    demoted = (DEMOTIONS[reason] for reason in item.demoted)
    words = moved_by_words(item)
    return (*source, *taste, *tier, *popular, *explored, *words, *demoted, *rule_marks(item))


def moved_by_words(item: RankedItem) -> tuple[str, ...]:
    """By how many places the user's own words moved an image."""
    places = item.moved_by_words
    if not places:
        return ()
    count = f"{abs(places)} place{'s' if abs(places) > 1 else ''}"
    return (f"{count} {'up' if places > 0 else 'down'} by words of yours",)


def rule_marks(item: RankedItem) -> tuple[str, ...]:
    """The rules of the shop that moved an image, in words, and its rank without them."""
    marks = tuple(_rule_mark(rule) for rule in item.rules)
    if not marks or item.rank_without_rules is None:
        return marks
    return (*marks, f"rank {item.rank_without_rules} without the shop's rules")


def _rule_mark(rule: AppliedRule) -> str:
    match rule.kind:
        case "pin":
            return f"pinned here by the shop's rule “{rule.name}”"
        case "cap":
            return f"behind other images by the shop's rule “{rule.name}”"
        case "boost":
            return f"{rule.points or 0:+g} points by the shop's rule “{rule.name}”"
