"""Find images of a pool by what they show: sorted once, looked up at random."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Shelves:
    """The places of images in their pool, by their values; one shelf a combination."""

    sizes: tuple[int, ...]
    """How many values each of the looked-up elements has."""
    by_key: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]

    @classmethod
    def of(
        cls, values: npt.NDArray[np.int64], places: npt.NDArray[np.int64], sizes: Sequence[int]
    ) -> "Shelves":
        """`values` (n, elements) of the images at `places` (n,)."""
        keys = np.ravel_multi_index(tuple(values.T), tuple(sizes))
        order = np.argsort(keys, kind="stable")
        every_key = np.arange(np.prod(sizes))
        first = np.searchsorted(keys[order], every_key)
        last = np.searchsorted(keys[order], every_key, side="right")
        return cls(tuple(sizes), places[order], first, last)

    def __len__(self) -> int:
        return len(self.by_key)

    def any(self, rng: np.random.Generator) -> int:
        """Any image at all."""
        return int(self.by_key[rng.integers(len(self))])

    def find(self, rng: np.random.Generator, values: npt.NDArray[np.int64]) -> int | None:
        """Any image with exactly these values, or None when there is none."""
        key = np.ravel_multi_index(tuple(values), self.sizes)
        if self.first[key] == self.last[key]:
            return None
        return int(self.by_key[rng.integers(self.first[key], self.last[key])])
