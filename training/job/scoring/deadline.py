"""Stop each part of the evidence in time: no batch starts that would end after the deadline."""

from collections import deque
from collections.abc import Callable
from typing import Final

BATCHES: Final = 4
"""Recent batches that predict the next one; the first ones take longer, with controls and an empty
cache."""
IsLate = Callable[[], bool]
"""Called before each batch; True: do not start it."""
Advance = Callable[[str, int, int], None]
"""Called with the name of a part, what is done of it, and its total."""


class Deadline:
    """An `IsLate` that expects the next batch to take as long as the longest recent one."""

    def __init__(self, now: Callable[[], float], *, end: float) -> None:
        self._now = now
        self.end = end
        """Seconds on the clock of `now`; may be changed while the part runs."""
        self._last_call: float | None = None
        self._durations: deque[float] = deque(maxlen=BATCHES)

    def __call__(self) -> bool:
        now = self._now()
        if self._last_call is not None:
            self._durations.append(now - self._last_call)
        self._last_call = now
        return now + max(self._durations, default=0.0) > self.end
