"""Retry delays double up to a maximum, have a jitter, and do not run out."""

import itertools
import random

import pytest

from shared.messaging.client.settings import MessagingSettings
from shared.messaging.consume.retry import backoff_delays

SETTINGS = MessagingSettings(retry_base_seconds=0.2, retry_max_seconds=5.0)


class Middle(random.Random):
    """Draws the middle of every range."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


def test_each_delay_is_twice_the_last_up_to_the_maximum() -> None:
    delays = list(itertools.islice(backoff_delays(SETTINGS, rng=Middle()), 8))
    assert delays == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0])


@pytest.mark.parametrize("seed", range(10))
def test_each_delay_has_a_jitter_of_half_its_length(seed: int) -> None:
    middles = itertools.islice(backoff_delays(SETTINGS, rng=Middle()), 50)
    delays = list(itertools.islice(backoff_delays(SETTINGS, rng=random.Random(seed)), 50))
    assert all(
        middle * 0.5 <= delay <= middle * 1.5 for middle, delay in zip(middles, delays, strict=True)
    )
    assert len(set(delays)) == len(delays)


def test_two_instances_have_different_delays() -> None:
    first, second = (list(itertools.islice(backoff_delays(SETTINGS), 5)) for _ in range(2))
    assert first != second
