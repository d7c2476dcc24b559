"""Say in sentences why an image of a feed has its rank; pure functions."""

from collections.abc import Iterator
from typing import Final

from shared.domain.taste import ELEMENTS
from shared.events import AppliedRule, RankedFeed, RankedItem

TIERS: Final = {
    "vlm": "the model scored it against the taste",
    "embedding": "it was scored without the model, by stored words and vectors",
    "popularity": "the taste is not known yet; it is placed by what other users like",
    "fallback": "nothing is known that could rank it",
}
SOURCES: Final = {
    "listed": "the request listed it",
    "taste": "its words are close to the taste",
    "likes": "it is close to liked images",
    "similar": "it resembles the image of the request",
    "popular": "other users like it",
    "new": "it is new",
    "explored": "it was drawn by chance, to learn about images that are hardly viewed",
}
DEMOTIONS: Final = {
    "seen": "ranked behind other images, because the user has seen it",
    "author_cap": "ranked behind other authors, because enough images of its author come first",
    "diversity": "ranked lower, because it is too similar to images above",
}


def sentences(item: RankedItem, feed: RankedFeed) -> list[str]:
    """The reasons for the rank of an image, the main one first."""
    return list(_reasons(item, feed))


def _reasons(item: RankedItem, feed: RankedFeed) -> Iterator[str]:
    pins = [rule for rule in item.rules if rule.kind == "pin"]
    if pins:
        yield _of_rule(pins[0])
    if item.evidence is not None:
        yield item.evidence.text
    yield f"how it was scored: {TIERS[item.tier]}"
    if item.source is not None:
        yield f"how it was found: {SOURCES[item.source]}"
    total = item.score if item.score_total is None else item.score_total
    if total is not None:
        yield f"total {total:.1f} of 25"
    if item.elements is not None:
        for element in ELEMENTS:
            scored = item.elements[element]
            rationale = f": {scored.rationale}" if scored.rationale else ""
            yield f"{element.label} {scored.score:.1f} of 5{rationale}"
    if item.subject is not None:
        yield f"what it shows {item.subject:.1f} of 5"
    if item.popularity is not None:
        yield f"popularity {item.popularity:.1f} of 5"
    if item.moved_by_words:
        yield f"{item.moved_by_words:+d} places by words that the user pinned, wrote or vetoed"
    yield from (DEMOTIONS[reason] for reason in item.demoted)
    yield from (_of_rule(rule) for rule in item.rules if rule.kind != "pin")
    if item.rank_without_rules is not None:
        yield f"rank {item.rank_without_rules} without the shop's rules"
    if item.explored:
        yield "exploration chose at random between it and its neighbor"
    if feed.degraded_reason:
        yield f"the feed is degraded: {feed.degraded_reason}"


def _of_rule(rule: AppliedRule) -> str:
    match rule.kind:
        case "pin":
            return f"the shop's rule {rule.name!r} pins it to this place"
        case "cap":
            return f"the shop's rule {rule.name!r} ranks it behind other images"
        case "boost":
            return f"the shop's rule {rule.name!r} adds {rule.points or 0:+g} points"
