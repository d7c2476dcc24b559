"""Divide liked references into tastes by their image vectors, for pictures that words miss.

Average linkage (Sokal and Michener, 1958) merges the two most similar groups again and again. Two
groups stay apart when they resemble each other no more than they resemble the disliked references.
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
    groups: list[Members] = [(number,) for number in range(len(liked))]
    while True:
        pairs = [
            (float(similar[np.ix_(a, b)].mean()), a, b)
            for i, a in enumerate(groups)
            for b in groups[:i]
            if not _are_apart(a, b, similar, to_disliked)
        ]
        if not pairs:
            break
        _, first, second = max(pairs)
        groups = [group for group in groups if group not in (first, second)]
        groups.append(tuple(sorted((*first, *second))))
    tastes = [group for group in groups if len(group) >= MIN_LIKES]
    if len(tastes) < 2:
        return []
    return sorted(tastes, key=lambda members: (-len(members), members))[:MAX_TASTES]


def _are_apart(
    first: Members, second: Members, similar: Similarities, to_disliked: Similarities
) -> bool:
    """Whether two groups are two tastes; a small group is none."""
    if min(len(first), len(second)) < MIN_LIKES:
        return False
    within = (_within(first, similar) + _within(second, similar)) / 2
    gap = within - similar[np.ix_(first, second)].mean()
    gap_to_disliked = within - to_disliked[[*first, *second]].mean()
    return bool(gap >= MIN_GAP and gap >= MIN_RELATIVE_GAP * gap_to_disliked)


def _within(group: Sequence[int], similar: Similarities) -> float:
    """Mean similarity of two different references of a group."""
    block = similar[np.ix_(group, group)]
    count = len(group)
    return float((block.sum() - np.trace(block)) / (count * (count - 1)))
