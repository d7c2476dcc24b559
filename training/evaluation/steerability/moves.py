"""Measure how far the images that show a word move in a feed when a user corrects this word.

The protocol is in the spirit of SteerEval (arXiv 2601.21105), for images: a profile in words is
edited, and the ranks before and after are compared, apart for raising and lowering edits and for
common and rare words.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import mean

from training.statistics.interval import Share
from training.statistics.wilson import wilson


@dataclass(frozen=True)
class Move:
    """The movement of the images of one slate that show a word. Positive is the wanted way."""

    ranks: float
    """Change of their mean rank, in the wanted direction."""
    room: float
    """The greatest possible change of their mean rank, 0 where they are at the end already."""

    @property
    def has_room(self) -> bool:
        return self.room > 0

    @property
    def is_right(self) -> bool:
        """Whether they moved in the wanted direction; no movement is not right."""
        return self.ranks > 0


def move(
    before: Sequence[str], after: Sequence[str], showing: Collection[str], *, raises: bool
) -> Move:
    """Compare two orders of one slate, best first; `showing` are the images that show the word.

    `raises`: whether the edit should lift these images. An image counts once, however many of its
    elements show the word. Raises ValueError when the slates differ, or `showing` is none of them.
    """
    if sorted(before) != sorted(after):
        raise ValueError("the two feeds have different images; rank the same slate twice")
    chosen = set(showing) & set(before)
    if not chosen:
        raise ValueError("no image of the slate shows the word; such a slate is a control")
    first, second = (_mean_rank(order, chosen) for order in (before, after))
    best = (len(chosen) - 1) / 2
    worst = len(before) - 1 - best
    sign = 1 if raises else -1
    return Move(ranks=sign * (first - second), room=first - best if raises else worst - first)


def moved_ranks(before: Sequence[str], after: Sequence[str]) -> float:
    """Mean distance in ranks of all images between two orders of one slate; 0: nothing moved."""
    place = {name: rank for rank, name in enumerate(after)}
    return mean(abs(place[name] - rank) for rank, name in enumerate(before))


@dataclass(frozen=True)
class Steered:
    """All slates of one kind of edit."""

    slates: int
    """Slates with room, that is in which the images can move in the wanted direction."""
    without_room: int
    right: Share | None
    """Share of the slates with room that moved the right way, with a Wilson interval."""
    unmoved: int
    """Slates with room in which the mean rank is the same; they count as not right."""
    ranks: float
    """Mean change of rank in the wanted direction, over the slates with room."""
    of_room: float
    """Share of the greatest possible change, 0-1, over the slates with room."""


def steered(moves: Sequence[Move]) -> Steered:
    """Summarize the moves; slates without room are counted and left out."""
    with_room = [each for each in moves if each.has_room]
    count = len(with_room)
    return Steered(
        slates=count,
        without_room=len(moves) - count,
        right=wilson_share(sum(each.is_right for each in with_room), count) if count else None,
        unmoved=sum(each.ranks == 0 for each in with_room),
        ranks=mean(each.ranks for each in with_room) if count else 0.0,
        of_room=sum(m.ranks for m in with_room) / sum(m.room for m in with_room) if count else 0.0,
    )


def wilson_share(successes: int, count: int) -> Share:
    """A share with its 95 % Wilson interval; `count` is at least 1."""
    low, high = wilson(successes / count, count)
    return Share(successes / count, low, high, count, count)


def _mean_rank(order: Sequence[str], chosen: Collection[str]) -> float:
    return mean(rank for rank, name in enumerate(order) if name in chosen)
