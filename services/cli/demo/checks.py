"""Judge a demo's feeds by what is known of the images: is the liked style really on top?"""

from collections.abc import Set

from shared.events import RankedFeed


def share_of_right_pairs(feed: RankedFeed, *, above: Set[str], below: Set[str]) -> float:
    """Of all pairs of one image from each set, the share in the right order (0-1, chance 0.5)."""
    ranks = {item.image_id: item.rank for item in feed.items}
    pairs = [(ranks[a], ranks[b]) for a in above & ranks.keys() for b in below & ranks.keys()]
    return sum(a < b for a, b in pairs) / len(pairs) if pairs else 0.0


def mean_rise(before: RankedFeed, after: RankedFeed, *, of: Set[str]) -> float:
    """How many places these images rose from one feed to the next, on average."""
    earlier = {item.image_id: item.rank for item in before.items}
    rises = [
        earlier[item.image_id] - item.rank
        for item in after.items
        if item.image_id in of and item.image_id in earlier
    ]
    return sum(rises) / len(rises) if rises else 0.0
