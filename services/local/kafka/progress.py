"""Define how the local Kafka reports the steps of its start."""

from collections.abc import Callable

Progress = Callable[[str], None]


def silent(_step: str) -> None:
    """Report nothing."""
