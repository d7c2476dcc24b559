"""Keep the images that wait for indexing, in the order in which they are indexed."""

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from shared.domain.images.image_key import ImageKey


class Priority(IntEnum):
    """Which images come first; a lower number is earlier."""

    PUBLISHED = 0
    """Images that no query can return yet."""
    OUTDATED = 1
    """Images that serve with an older description, or with vectors of an older encoder."""


@dataclass(frozen=True)
class Pauses:
    """The pauses of an image whose host does not answer; each is twice as long as the last one."""

    first_seconds: float
    max_seconds: float

    def after(self, attempts: int) -> float:
        """Seconds until the next attempt, after so many attempts."""
        # The exponent is bounded, since a host may be away for months.
        return min(self.first_seconds * 2.0 ** min(attempts - 1, 32), self.max_seconds)


@dataclass
class Retry:
    """The attempts at an image whose host does not answer."""

    part: str
    """The part that did not answer, such as `image_host`."""
    attempts: int = 0


class WaitingList:
    """At most `size` images; the store knows those that were left out.

    Published images come before outdated ones. Within a priority the tenants take turns, each with
    its oldest image, so that the bulk import of one tenant does not keep the others waiting.
    """

    def __init__(
        self,
        *,
        size: int,
        pauses: Pauses,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._size = size
        self._pauses = pauses
        self._monotonic = monotonic
        self._queues: dict[Priority, dict[str, dict[ImageKey, None]]] = {p: {} for p in Priority}
        """By priority and tenant, the images in their order; the next tenant first."""
        self._priorities: dict[ImageKey, Priority] = {}
        """The priority of each image in the queues."""
        self._retries: dict[ImageKey, Retry] = {}
        self._later: list[tuple[float, ImageKey, Priority]] = []
        """A heap of the images that are tried again, by the time of their next attempt."""
        self._paused: dict[ImageKey, float] = {}
        """The time of the next attempt of each image in the heap that still counts."""
        self.left_out = False
        """Whether an image was left out, so that the store must be read again."""

    def __len__(self) -> int:
        """Images that can be indexed now."""
        self._move_due()
        return len(self._priorities)

    @property
    def has_room(self) -> bool:
        """Whether half of the places are free."""
        return 2 * (len(self._priorities) + len(self._paused)) <= self._size

    @property
    def retries(self) -> dict[str, int]:
        """How many images wait for their next attempt, by the part that did not answer."""
        counts: dict[str, int] = {}
        for key in self._paused:
            part = self._retries[key].part
            counts[part] = counts.get(part, 0) + 1
        return counts

    def attempted(self, *, least: int) -> int:
        """How many paused images had at least so many attempts."""
        return sum(self._retries[key].attempts >= least for key in self._paused)

    def add(self, key: ImageKey, priority: Priority, *, at_once: bool = False) -> None:
        """Let an image wait. One that waits for its next attempt is tried `at_once`, or stays."""
        if at_once:
            self._forget_retry(key)
        if key in self._paused or self._priorities.get(key, Priority.OUTDATED + 1) <= priority:
            return
        if key in self._priorities:
            self._dequeue(key)
        elif len(self._priorities) + len(self._paused) >= self._size:
            self.left_out = True
            return
        self._enqueue(key, priority)

    def take(self) -> tuple[ImageKey, Priority] | None:
        """The next image, which waits no longer; None when no image can be indexed now."""
        self._move_due()
        for priority, tenants in self._queues.items():
            if tenants:
                tenant, queue = next(iter(tenants.items()))
                key = next(iter(queue))
                self._dequeue(key)
                if queue:
                    # The last one of the tenants from now on.
                    tenants[tenant] = tenants.pop(tenant)
                return key, priority
        return None

    def retry(self, key: ImageKey, priority: Priority, *, part: str) -> int:
        """Let an image wait for its next attempt; returns how many attempts it had."""
        retry = self._retries.setdefault(key, Retry(part))
        retry.part = part
        retry.attempts += 1
        if len(self._paused) >= self._size:
            self._retries.pop(key)
            self.left_out = True
            return retry.attempts
        due_at = self._monotonic() + self._pauses.after(retry.attempts)
        self._paused[key] = due_at
        heapq.heappush(self._later, (due_at, key, priority))
        return retry.attempts

    def done(self, key: ImageKey) -> None:
        """Forget an image that is indexed, has failed or was removed."""
        self._forget_retry(key)
        if key in self._priorities:
            self._dequeue(key)

    def finished(self, key: ImageKey) -> None:
        """Forget the attempts of an image that was taken; a later publication of it still waits."""
        if key not in self._paused:
            self._retries.pop(key, None)

    def _forget_retry(self, key: ImageKey) -> None:
        self._paused.pop(key, None)
        self._retries.pop(key, None)

    def _move_due(self) -> None:
        now = self._monotonic()
        while self._later and self._later[0][0] <= now:
            due_at, key, priority = heapq.heappop(self._later)
            if self._paused.get(key) == due_at:
                del self._paused[key]
                if key not in self._priorities:
                    self._enqueue(key, priority)

    def _enqueue(self, key: ImageKey, priority: Priority) -> None:
        self._queues[priority].setdefault(key.tenant, {})[key] = None
        self._priorities[key] = priority

    def _dequeue(self, key: ImageKey) -> None:
        priority = self._priorities.pop(key)
        tenants = self._queues[priority]
        del tenants[key.tenant][key]
        if not tenants[key.tenant]:
            del tenants[key.tenant]
