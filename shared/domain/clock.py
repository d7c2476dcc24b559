"""The clock as a parameter, so that tests can set the time."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Returns the current time; production code uses `system_clock`."""

    def __call__(self) -> datetime:
        """The current time, with a timezone."""
        ...


def system_clock() -> datetime:
    return datetime.now(UTC)
