"""Put a slate in the order that is served: best first, but new, of many hands, and varied."""

from collections import Counter
from collections.abc import Callable, Sequence, Set

from services.assessor.steps.feed_items import Assessed, with_demotion

BEST_TOTAL = 25.0

Likeness = Callable[[Assessed, Assessed], float]
"""How alike two images look, 0-1; 0 where that is not known."""


def in_groups(
    ranked: Sequence[Assessed], *, seen: Set[str], author_cap: int
) -> tuple[list[Assessed], list[Assessed], list[Assessed]]:
    """Those to show first, those of authors who have had their share, those seen already.

    The order within each is the one that came. `author_cap` 0 caps nobody; an image without an
    author is nobody's.
    """
    first: list[Assessed] = []
    capped: list[Assessed] = []
    known: list[Assessed] = []
    shown: Counter[str] = Counter()
    for one in ranked:
        author = one.entry.candidate.author_id
        if one.entry.image_id in seen:
            known.append(with_demotion(one, "seen"))
        elif author_cap and author is not None and shown[author] >= author_cap:
            capped.append(with_demotion(one, "author_cap"))
        else:
            first.append(one)
            if author is not None:
                shown[author] += 1
    return first, capped, known


def diversified(
    ranked: Sequence[Assessed], likeness: Likeness, *, weight: float, places: int
) -> list[Assessed]:
    """The first `places` chosen for their score less their likeness to what stands above them.

    Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998): score and likeness both run
    from 0 to 1, and `weight` is the share of likeness in the sum. The rest keeps its order.
    """
    left = list(ranked)
    nearest = [0.0] * len(left)
    chosen: list[Assessed] = []
    while left and len(chosen) < places:
        values = [
            (1 - weight) * max(one.total, 0.0) / BEST_TOTAL - weight * near
            for one, near in zip(left, nearest, strict=True)
        ]
        best = max(range(len(left)), key=values.__getitem__)
        taken = left.pop(best)
        del nearest[best]
        chosen.append(taken)
        nearest = [max(near, likeness(one, taken)) for one, near in zip(left, nearest, strict=True)]
    places_before = {id(one): place for place, one in enumerate(ranked)}
    return [
        with_demotion(one, "diversity") if places_before[id(one)] < place else one
        for place, one in enumerate([*chosen, *left])
    ]
