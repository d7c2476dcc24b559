"""A consumer is dead when it will not come back by itself, and not ready without partitions."""

from dataclasses import replace

import pytest

from shared.messaging.health import ConsumerState, dead_because, unready_because

WELL = ConsumerState(
    topic="feedback.v1",
    running=True,
    joined=True,
    lag=0,
    oldest_in_work_seconds=0.0,
    since_last_delivery_seconds=10_000.0,
)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (WELL, None),
        (replace(WELL, running=False), "the consumer of feedback.v1 has ended"),
        (replace(WELL, oldest_in_work_seconds=300.0), None),
        (
            replace(WELL, oldest_in_work_seconds=301.0),
            "an event of feedback.v1 has been in work for 301 s",
        ),
        (replace(WELL, lag=5, since_last_delivery_seconds=299.0), None),
        (
            replace(WELL, lag=5, since_last_delivery_seconds=400.0),
            "5 events of feedback.v1 lie unread, and none was delivered for 400 s",
        ),
        (replace(WELL, joined=False), None),
    ],
)
def test_a_dead_consumer_says_why(state: ConsumerState, reason: str | None) -> None:
    assert dead_because(state, stuck_seconds=300.0) == reason


def test_a_consumer_without_partitions_is_not_ready() -> None:
    assert unready_because(WELL) is None
    told = unready_because(replace(WELL, joined=False))
    assert told == "the consumer of feedback.v1 has no partitions yet"
