"""Check the feeds of the demo against the known taste: how well the liked style is ranked."""

from collections.abc import Set

from shared.events import RankedFeed


def share_of_right_pairs(feed: RankedFeed, *, above: Set[str], below: Set[str]) -> float:
    """Share of the pairs (one image of each set) in the right order, from 0 to 1; chance is 0.5."""
    ranks = {item.image_id: item.rank for item in feed.items}
    pairs = [(ranks[a], ranks[b]) for a in above & ranks.keys() for b in below & ranks.keys()]
    return sum(a < b for a, b in pairs) / len(pairs) if pairs else 0.0


def mean_rise(before: RankedFeed, after: RankedFeed, *, of: Set[str]) -> float:
    """Mean number of positions that these images moved up from one feed to the next."""
    rank_before = {item.image_id: item.rank for item in before.items}
    rises = [
        rank_before[item.image_id] - item.rank
        for item in after.items
        if item.image_id in of and item.image_id in rank_before
    ]
    return sum(rises) / len(rises) if rises else 0.0
