"""Keep each part of the evidence within its time: nothing is begun that would end after it."""

from collections import deque
from collections.abc import Callable
from typing import Final

BATCHES: Final = 4
"""Looked back at: the first ones take longer, with controls and with nothing remembered yet."""


class Turn:
    """Asked before each batch: is it too late for another one, as long as the longest of late?"""

    def __init__(self, now: Callable[[], float], *, end: float) -> None:
        self._now = now
        self.end = end
        """May be brought forward while it runs: what had to be asked has been."""
        self._asked: float | None = None
        self._took: deque[float] = deque(maxlen=BATCHES)

    def __call__(self) -> bool:
        now = self._now()
        if self._asked is not None:
            self._took.append(now - self._asked)
        self._asked = now
        return now + max(self._took, default=0.0) > self.end
