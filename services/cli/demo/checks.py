"""Check the feeds of the demo against the known taste: which images are in the right order."""

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass

from shared.events import RankedFeed, RankedItem


@dataclass(frozen=True)
class Misplaced:
    """An image that the user does not want, above images that the user wants."""

    name: str
    rank: int
    above: int
    """Number of wanted images with a lower rank."""


def share_of_right_pairs(feed: RankedFeed, *, above: Set[str], below: Set[str]) -> float:
    """Share of the pairs (one image of each set) in the right order, from 0 to 1; chance is 0.5."""
    return _share(feed, lambda item: -item.rank, above, below) or 0.0


def share_by_look(feed: RankedFeed, *, above: Set[str], below: Set[str]) -> float | None:
    """The share that the look alone would reach; equal scores count half."""
    return _share(feed, lambda item: item.score, above, below)


def share_by_subject(feed: RankedFeed, *, above: Set[str], below: Set[str]) -> float | None:
    """The share that the subject alone would reach; None where no subject was scored."""
    return _share(feed, lambda item: item.subject, above, below)


def misplaced(feed: RankedFeed, *, above: Set[str], below: Set[str]) -> list[Misplaced]:
    """The images of `below` that rank above images of `above`, in the order of the feed."""
    last = [item.rank for item in feed.items if item.image_id in above]
    return [
        Misplaced(item.image_id, item.rank, number)
        for item in feed.items
        if item.image_id in below and (number := sum(rank > item.rank for rank in last))
    ]


def mean_rise(before: RankedFeed, after: RankedFeed, *, of: Set[str]) -> float:
    """Mean number of positions that these images moved up from one feed to the next."""
    rank_before = {item.image_id: item.rank for item in before.items}
    rises = [
        rank_before[item.image_id] - item.rank
        for item in after.items
        if item.image_id in of and item.image_id in rank_before
    ]
    return sum(rises) / len(rises) if rises else 0.0


def _share(
    feed: RankedFeed, value: Callable[[RankedItem], float | None], above: Set[str], below: Set[str]
) -> float | None:
    first, second = (list(_values(feed, value, names)) for names in (above, below))
    points = [(a > b) + (a == b) / 2 for a in first for b in second]
    return sum(points) / len(points) if points else None


def _values(
    feed: RankedFeed, value: Callable[[RankedItem], float | None], names: Set[str]
) -> Iterator[float]:
    for item in feed.items:
        if item.image_id in names and (number := value(item)) is not None:
            yield number
