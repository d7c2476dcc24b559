"""Limit the requests of each caller with a token bucket."""

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MAX_CALLERS: Final = 10_000
"""Callers kept in memory. A caller that was dropped starts with a full bucket again."""


@dataclass(frozen=True)
class Bucket:
    """The tokens that a caller has left at a moment (seconds of a monotonic clock)."""

    left: float
    at: float


def take_token(
    bucket: Bucket, now: float, *, per_second: float, burst: int
) -> tuple[Bucket, float]:
    """Return the bucket after one more request, and the seconds to wait (0: accepted)."""
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
        """Return 0 and count the request, or return the whole seconds until the next one."""
        now = self._now()
        before = self._buckets.pop(caller, Bucket(self._burst, now))
        self._buckets[caller], wait = take_token(
            before, now, per_second=self._per_second, burst=self._burst
        )
        if len(self._buckets) > MAX_CALLERS:
            self._buckets.popitem(last=False)
        return math.ceil(wait)
