"""Divide liked references into tastes by their image vectors, for pictures that words miss.

Average linkage (Sokal and Michener, 1958) proposes two groups. They are two tastes when they
resemble each other no more than they resemble the disliked references.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from shared.domain.joint_tastes import MAX_TASTES
from shared.prompting.taste_clusters.word_clusters import MIN_LIKES

MIN_DISLIKES: Final = 4
"""Disliked references without which there is nothing to compare with."""
MIN_GAP: Final = 0.12
"""Least difference of the mean similarity within the groups and between them."""
MIN_RELATIVE_GAP: Final = 1.0
"""Least gap between the groups, as a multiple of the gap to the disliked references. Of two groups
of one kind it is about one half."""
Members = tuple[int, ...]
Vectors = npt.NDArray[np.float32]
Similarities = npt.NDArray[np.float64]


def image_clusters(liked: Vectors, disliked: Vectors) -> list[Members]:
    """The tastes as indices of liked references, the largest first; one taste gives no cluster.

    All rows are unit vectors: (liked, dimension) and (disliked, dimension).
    """
    if len(disliked) < MIN_DISLIKES:
        return []
    similar = np.asarray(liked @ liked.T, np.float64)
    to_disliked = np.asarray((liked @ disliked.T).mean(axis=1), np.float64)  # (liked,)
    clusters = _split(tuple(range(len(liked))), similar, to_disliked)
    if len(clusters) < 2:
        return []
    return sorted(clusters, key=lambda members: (-len(members), members))[:MAX_TASTES]


def _split(members: Members, similar: Similarities, to_disliked: Similarities) -> list[Members]:
    """These references as one taste, or as several when their groups are far enough apart."""
    two = _two_groups(members, similar)
    if two is None or not _are_apart(*two, similar, to_disliked):
        return [members]
    return [part for group in two for part in _split(group, similar, to_disliked)]


def _two_groups(members: Members, similar: Similarities) -> tuple[Members, Members] | None:
    """The last two large groups before they are merged; None where there are never two."""
    groups: list[Members] = [(member,) for member in members]
    two = None
    while len(groups) > 1:
        large = [group for group in groups if len(group) >= MIN_LIKES]
        if len(large) == 2:
            two = (large[0], large[1])
        first, second = max(
            ((a, b) for i, a in enumerate(groups) for b in groups[:i]),
            key=lambda pair: similar[np.ix_(*pair)].mean(),
        )
        groups = [group for group in groups if group not in (first, second)]
        groups.append(tuple(sorted((*first, *second))))
    return two


def _are_apart(
    first: Members, second: Members, similar: Similarities, to_disliked: Similarities
) -> bool:
    within = (_within(first, similar) + _within(second, similar)) / 2
    gap = within - similar[np.ix_(first, second)].mean()
    gap_to_disliked = within - to_disliked[[*first, *second]].mean()
    return bool(gap >= MIN_GAP and gap >= MIN_RELATIVE_GAP * gap_to_disliked)


def _within(group: Sequence[int], similar: Similarities) -> float:
    """Mean similarity of two different references of a group."""
    block = similar[np.ix_(group, group)]
    count = len(group)
    return float((block.sum() - np.trace(block)) / (count * (count - 1)))
