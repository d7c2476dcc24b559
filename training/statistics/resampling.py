"""Samples of users, drawn with replacement (cluster bootstrap)."""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

CELLS_PER_CHUNK: Final = 4_000_000
"""Cells of the table of draws that are made together: 32 MB."""
CELLS_CACHED: Final = 40_000_000
"""Cells that are kept for the next comparison of as many users: 160 MB."""


class Resampling:
    """Bootstrap samples of users; the same samples for every table with as many users.

    Samples do not depend on the data, so comparisons and simulated training jobs can share them.
    """

    def __init__(self, *, draws: int, seed: int) -> None:
        self._draws = draws
        self._seed = seed
        self._cache: dict[int, list[npt.NDArray[np.float32]]] = {}

    def sums(self, table: Floats) -> Floats:
        """Column sums of every sample: (users, k) -> (draws, k)."""
        if not len(table):
            raise ValueError("There are no users to draw from.")
        single = table.astype(np.float32)
        return np.concatenate([part @ single for part in self._counts(len(table))]).astype(float)

    def _counts(self, users: int) -> Iterable[npt.NDArray[np.float32]]:
        """How often each user is in each sample, in chunks of samples: (chunk, users) each."""
        if self._draws * users > CELLS_CACHED:
            return self._drawn(users)
        if users not in self._cache:
            self._cache = {users: list(self._drawn(users)), **self._cache}
            while sum(self._draws * count for count in self._cache) > CELLS_CACHED:
                self._cache.popitem()
        return self._cache[users]

    def _drawn(self, users: int) -> Iterator[npt.NDArray[np.float32]]:
        rng = np.random.default_rng([self._seed, users])
        chunk = max(1, CELLS_PER_CHUNK // users)
        for begin in range(0, self._draws, chunk):
            rows = min(chunk, self._draws - begin)
            chosen = rng.integers(users, size=(rows, users), dtype=np.int32).astype(np.int64)
            chosen += (np.arange(rows, dtype=np.int64) * users)[:, None]
            counts = np.bincount(chosen.ravel(), minlength=rows * users)
            yield counts.reshape(rows, users).astype(np.float32)
