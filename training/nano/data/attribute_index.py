"""Index the images of a pool by the values that they show, for random lookup."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class AttributeIndex:
    """Positions of images in their pool, sorted by the combination of their values."""

    sizes: tuple[int, ...]
    """Number of values of each indexed element."""
    by_key: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]

    @classmethod
    def of(
        cls, values: npt.NDArray[np.int64], positions: npt.NDArray[np.int64], sizes: Sequence[int]
    ) -> "AttributeIndex":
        """`values` (n, elements) of the images at `positions` (n,)."""
        keys = np.ravel_multi_index(tuple(values.T), tuple(sizes))
        order = np.argsort(keys, kind="stable")
        every_key = np.arange(np.prod(sizes))
        first = np.searchsorted(keys[order], every_key)
        last = np.searchsorted(keys[order], every_key, side="right")
        return cls(tuple(sizes), positions[order], first, last)

    def __len__(self) -> int:
        return len(self.by_key)

    def any(self, rng: np.random.Generator) -> int:
        """The position of a random image."""
        return int(self.by_key[rng.integers(len(self))])

    def find(self, rng: np.random.Generator, values: npt.NDArray[np.int64]) -> int | None:
        """The position of a random image with exactly these values, or None if there is none."""
        key = np.ravel_multi_index(tuple(values), self.sizes)
        if self.first[key] == self.last[key]:
            return None
        return int(self.by_key[rng.integers(self.first[key], self.last[key])])
