"""Merge the rankings of several searches: each source fills the places of its share."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from services.assessor.steps.retrieval.shares import places
from shared.events.types.feed import Source


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
