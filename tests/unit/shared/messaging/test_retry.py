"""Waits double up to a limit, spread, and never end."""

import itertools
import random

import pytest

from shared.messaging.client.settings import MessagingSettings
from shared.messaging.consume.retry import waits

SETTINGS = MessagingSettings(retry_first_seconds=0.2, retry_longest_seconds=5.0)


class Middle(random.Random):
    """Draws the middle of every range."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


def test_each_wait_is_twice_the_last_up_to_the_longest() -> None:
    found = list(itertools.islice(waits(SETTINGS, rng=Middle()), 8))
    assert found == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0])


@pytest.mark.parametrize("seed", range(10))
def test_each_wait_is_spread_by_half_either_way(seed: int) -> None:
    middles = itertools.islice(waits(SETTINGS, rng=Middle()), 50)
    spread = list(itertools.islice(waits(SETTINGS, rng=random.Random(seed)), 50))
    assert all(m * 0.5 <= s <= m * 1.5 for m, s in zip(middles, spread, strict=True))
    assert len(set(spread)) == len(spread)


def test_two_instances_do_not_wait_alike() -> None:
    one, other = (list(itertools.islice(waits(SETTINGS), 5)) for _ in range(2))
    assert one != other
