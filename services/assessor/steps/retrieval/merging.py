"""Merge the rankings of several queries: reciprocal rank fusion, then the places of each source.

Reciprocal rank fusion: Cormack, Clarke and Büttcher, SIGIR 2009.
"""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from services.assessor.steps.retrieval.shares import places
from shared.events.types.feed import Source

RANK_CONSTANT: Final = 60
"""`k` of the paper: how much less the first ranks differ from the following ones."""
T = TypeVar("T", bound=Hashable)


def reciprocal_rank_fusion(rankings: Sequence[tuple[Sequence[T], float]]) -> list[T]:
    """The items of all rankings, by the sum of `weight / (k + rank)`; ranks start at 1.

    Of equal sums the item comes first that comes first in an earlier ranking.
    """
    if len(rankings) == 1:
        return list(dict.fromkeys(rankings[0][0]))
    sums: dict[T, float] = {}
    for ranking, weight in rankings:
        for rank, item in enumerate(dict.fromkeys(ranking), start=1):
            sums[item] = sums.get(item, 0.0) + weight / (RANK_CONSTANT + rank)
    return sorted(sums, key=lambda item: -sums[item])


@dataclass(frozen=True)
class Ranking:
    """The images that one search has found, best first, and its share of the shortlist."""

    source: Source
    share: float
    image_ids: tuple[str, ...]


def shortlisted(
    rankings: Sequence[Ranking], *, limit: int, without: Collection[str] = ()
) -> list[tuple[str, Source]]:
    """At most `limit` images, each once, with the source that brought it.

    Each ranking fills the places of its share with its best images that no ranking before it has
    brought. Places that it cannot fill go to the others in proportion to their shares, and to those
    without a share last.
    """
    sources: dict[str, Source] = {}
    left = [
        replace(ranking, image_ids=tuple(i for i in ranking.image_ids if i not in without))
        for ranking in rankings
    ]
    while len(sources) < limit:
        left = [
            replace(ranking, image_ids=tuple(i for i in ranking.image_ids if i not in sources))
            for ranking in left
        ]
        left = [ranking for ranking in left if ranking.image_ids]
        if not left:
            break
        shares = [ranking.share for ranking in left]
        given = places(shares if any(shares) else [1.0] * len(left), limit - len(sources))
        for ranking, number in zip(left, given, strict=True):
            new = [i for i in ranking.image_ids if i not in sources][:number]
            sources |= dict.fromkeys(new, ranking.source)
    return list(sources.items())
