"""Keep each part of the evidence within its time: nothing is begun that would end after it."""

from collections.abc import Callable


class Turn:
    """Asked before each batch: is it too late for another one, as long as the longest so far?"""

    def __init__(self, now: Callable[[], float], *, end: float) -> None:
        self._now = now
        self.end = end
        """May be brought forward while it runs: what had to be asked has been."""
        self._asked: float | None = None
        self._longest = 0.0

    def __call__(self) -> bool:
        now = self._now()
        if self._asked is not None:
            self._longest = max(self._longest, now - self._asked)
        self._asked = now
        return now + self._longest > self.end
