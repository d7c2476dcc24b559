"""A consumer is dead when it cannot recover by itself, and not ready without partitions."""

from dataclasses import replace

import pytest

from shared.messaging.health import ConsumerState, dead_because, not_ready_because

HEALTHY = ConsumerState(
    topic="feedback.v1",
    running=True,
    joined=True,
    lag=0,
    oldest_in_flight_seconds=0.0,
    since_last_delivery_seconds=10_000.0,
)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (HEALTHY, None),
        (replace(HEALTHY, running=False), "the consumer of feedback.v1 has ended"),
        (replace(HEALTHY, oldest_in_flight_seconds=300.0), None),
        (
            replace(HEALTHY, oldest_in_flight_seconds=301.0),
            "an event of feedback.v1 has been in flight for 301 s",
        ),
        (replace(HEALTHY, lag=5, since_last_delivery_seconds=299.0), None),
        (
            replace(HEALTHY, lag=5, since_last_delivery_seconds=400.0),
            "5 events of feedback.v1 are unread, and none was delivered for 400 s",
        ),
        (replace(HEALTHY, joined=False), None),
    ],
)
def test_a_dead_consumer_has_a_reason(state: ConsumerState, reason: str | None) -> None:
    assert dead_because(state, timeout_seconds=300.0) == reason


def test_a_consumer_without_partitions_is_not_ready() -> None:
    assert not_ready_because(HEALTHY) is None
    reason = not_ready_because(replace(HEALTHY, joined=False))
    assert reason == "the consumer of feedback.v1 has no partitions yet"
