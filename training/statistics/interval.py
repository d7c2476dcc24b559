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
        return f"{self.value:.3f} ({self.low:.3f}-{self.high:.3f})"


@dataclass(frozen=True)
class Share(Interval):
    """A share 0-1 with its 95 % interval over `users`, the clusters of the bootstrap."""

    count: int
    """Answers."""
    users: int
    """Clusters: users, or photographs where several crops come from one photograph."""

    def __str__(self) -> str:
        return super().__str__()
