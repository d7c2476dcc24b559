"""How the local Kafka tells its caller what it is doing."""

from collections.abc import Callable

Progress = Callable[[str], None]


def silent(_step: str) -> None:
    """For callers that do not want to know."""
