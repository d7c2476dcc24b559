"""Wait longer after each failure, up to a limit, and never all at the same moment."""

import random
from collections.abc import Iterator

from shared.messaging.client.settings import MessagingSettings


def waits(settings: MessagingSettings, *, rng: random.Random | None = None) -> Iterator[float]:
    """Endless seconds to wait before each retry: doubling, bounded, spread by half either way.

    The spread keeps many instances from asking a part that has just come back all at once.
    """
    rng = rng or random.Random()
    base = settings.retry_first_seconds
    while True:
        yield base * rng.uniform(0.5, 1.5)
        base = min(base * 2, settings.retry_longest_seconds)
