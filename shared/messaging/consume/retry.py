"""Compute retry delays: exponential backoff with a maximum and jitter."""

import random
from collections.abc import Iterator

from shared.messaging.client.settings import MessagingSettings

JITTER = random.Random()
"""Shared: seeding a generator for each event would cost more than decoding it."""


def backoff_delays(
    settings: MessagingSettings, *, rng: random.Random | None = None
) -> Iterator[float]:
    """Endless delays in seconds: each doubles up to the maximum, with a jitter of +-50 %.

    The jitter prevents many instances from calling a recovered dependency at the same moment.
    """
    rng = rng or JITTER
    base = settings.retry_base_seconds
    while True:
        yield base * rng.uniform(0.5, 1.5)
        base = min(base * 2, settings.retry_max_seconds)
