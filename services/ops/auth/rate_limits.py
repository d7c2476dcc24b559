"""Let each caller make so many requests a second, and after a pause a burst."""

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MOST_CALLERS: Final = 10_000
"""Callers remembered; one that is forgotten starts with a full bucket again."""


@dataclass(frozen=True)
class Bucket:
    """What a caller has left, as of a moment (seconds of a monotonic clock)."""

    left: float
    at: float


def taken(bucket: Bucket, now: float, *, per_second: float, burst: int) -> tuple[Bucket, float]:
    """The bucket after one more request, and the seconds to wait: 0 when it is let through."""
    left = min(burst, bucket.left + (now - bucket.at) * per_second)
    if left >= 1:
        return Bucket(left - 1, now), 0.0
    return Bucket(left, now), (1 - left) / per_second


class RateLimits:
    """The buckets of all callers."""

    def __init__(self, *, per_second: float, burst: int, now: Callable[[], float]) -> None:
        self._per_second = per_second
        self._burst = burst
        self._now = now
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def wait_seconds(self, caller: str) -> int:
        """Whole seconds until the caller may ask; 0 when now, which counts as asking."""
        now = self._now()
        before = self._buckets.pop(caller, Bucket(self._burst, now))
        self._buckets[caller], wait = taken(
            before, now, per_second=self._per_second, burst=self._burst
        )
        if len(self._buckets) > MOST_CALLERS:
            self._buckets.popitem(last=False)
        return math.ceil(wait)
