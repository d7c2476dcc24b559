"""What time it is, passed in so that decisions can be tested at any time."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time; the real one is `system_clock`."""

    def __call__(self) -> datetime:
        """Now, with a zone."""
        ...


def system_clock() -> datetime:
    return datetime.now(UTC)
