"""Draw the pairs of a blind test: by chance, without a look at any prediction."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

PAIRS: Final = 30
MIN_PICTURES: Final = 10
"""Pictures from which 30 different pairs can be drawn: ten have 45."""


@dataclass(frozen=True)
class Pair:
    """Two pictures by id, at the places where they are shown."""

    left: str
    right: str


def draw_pairs(picture_ids: Sequence[str], *, rng: random.Random) -> list[Pair]:
    """30 different pairs in which every picture is shown about equally often.

    The sides are drawn too. Raises `ValueError` with fewer than ten pictures.
    """
    if len(picture_ids) < MIN_PICTURES:
        raise ValueError(f"{len(picture_ids)} pictures; {MIN_PICTURES} are needed")
    pairs: list[Pair] = []
    drawn: set[frozenset[str]] = set()
    shown = dict.fromkeys(picture_ids, 0)
    while len(pairs) < PAIRS:
        # The least shown picture that still has a partner, with its least shown new partner.
        order = sorted(rng.sample(list(picture_ids), len(picture_ids)), key=shown.__getitem__)
        first, second = next(
            (a, b)
            for number, a in enumerate(order)
            for b in order[number + 1 :]
            if frozenset((a, b)) not in drawn
        )
        drawn.add(frozenset((first, second)))
        for picture_id in (first, second):
            shown[picture_id] += 1
        left, right = (first, second) if rng.random() < 0.5 else (second, first)
        pairs.append(Pair(left, right))
    return pairs
