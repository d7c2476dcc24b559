"""A value with its confidence interval, as every report prints it."""

from dataclasses import dataclass
from typing import Final

TAIL: Final = 0.025
"""Probability outside a 95 % interval on each side."""


@dataclass(frozen=True)
class Interval:
    """A value with the ends of its 95 % interval, or of a wider one where several are tested."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """`0.981 (0.973-0.988)`; rounding never moves an end onto 0 or 1."""
        low = self.low if self.low >= 1 else min(self.low, 0.999)
        high = self.high if self.high <= 0 else max(self.high, 0.001)
        return f"{self.value:.3f} ({low:.3f}-{high:.3f})"


@dataclass(frozen=True)
class Share(Interval):
    """A share 0-1 with its 95 % interval over `users`, the clusters of the bootstrap."""

    count: int
    """Answers."""
    users: int
    """Clusters: users, or photographs where several crops come from one photograph."""
