"""Draw unexplored images by chance, each with its exact probability.

The ids of the catalog's points are spread evenly over all UUIDs. So a random cell, an equal part of
their range, holds a random part of the catalog, and a page or two read it. The probability of an
image is that of its cell, times that of the image within the cell. Neither depends on the draw.
"""

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import floor, log2
from typing import Final
from uuid import UUID

UUID_BITS: Final = 128
MAX_CELL_BITS: Final = 40
LEAST_POOL: Final = 24
POOL_PER_PLACE: Final = 3
"""Least expected number of images in a cell: a cell with fewer images than places is then rare."""
FEW_VIEWERS: Final = 3
"""Viewers below which an image is unexplored: its popularity is hardly known."""


@dataclass(frozen=True)
class Cell:
    """One of 2^bits equal parts of the range of point ids."""

    bits: int
    number: int

    @property
    def start(self) -> UUID:
        """The first id of the cell."""
        return UUID(int=self.number << (UUID_BITS - self.bits))

    @property
    def end(self) -> int:
        """The first id after the cell, as an integer."""
        return (self.number + 1) << (UUID_BITS - self.bits)

    @property
    def probability(self) -> float:
        """Probability that a draw chooses this cell."""
        return 2.0**-self.bits

    def holds(self, point: UUID) -> bool:
        return self.start.int <= point.int < self.end


WHOLE: Final = Cell(0, 0)


def drawn_cell(seed: UUID, *, count: float, number: int, without: int = 0) -> Cell:
    """A random cell with an expected number of images that suffices to draw `number`.

    `count` is about how many images there are, of which `without` are not drawn. The size of the
    cell depends on these numbers alone.
    """
    pool = max(LEAST_POOL, POOL_PER_PLACE * number)
    bits = floor(log2(max((count - without) / pool, 1.0)))
    bits = min(bits, MAX_CELL_BITS)
    return Cell(bits, int(_random(seed, "cell").random() * 2**bits))


def estimated_count(number: int, *, last: UUID) -> float:
    """About how many images there are, if `number` of them have the lowest ids, up to `last`."""
    return number * 2.0**UUID_BITS / (last.int + 1)


def drawn(
    pool: Sequence[str],
    *,
    number: int,
    seed: UUID,
    viewers: Mapping[str, int],
    without: Collection[str] = (),
) -> dict[str, float]:
    """At most `number` images of the pool and the probability of each within it.

    Images with few viewers come first: among them each is equally likely, and the others are drawn
    for the places that they leave.
    """
    candidates = sorted(image_id for image_id in pool if image_id not in without)
    few = [i for i in candidates if viewers.get(i, 0) < FEW_VIEWERS]
    many = [i for i in candidates if viewers.get(i, 0) >= FEW_VIEWERS]
    rng, images = _random(seed, "images"), dict[str, float]()
    for group in (few, many):
        count = min(number - len(images), len(group))
        if count > 0:
            images |= dict.fromkeys(_sample(group, count, rng), count / len(group))
    return images


def _sample(items: Sequence[str], count: int, rng: random.Random) -> list[str]:
    """Without replacement; with random() alone, whose sequence Python keeps stable."""
    keys = {item: rng.random() for item in items}
    return sorted(items, key=keys.__getitem__)[:count]


def _random(seed: UUID, purpose: str) -> random.Random:
    return random.Random(f"{seed}:{purpose}")
