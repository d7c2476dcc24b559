"""Services see the time of an event as at most its arrival, and survive any Kafka timestamp."""

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from shared.events import Feedback
from shared.events.topics import FEEDBACK
from shared.events.wire.record import Outgoing, Record
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.consume.dead_letter_guard import DeadLetterGuard
from shared.messaging.consume.processing import Processing
from shared.messaging.contract import Delivery
from shared.messaging.metrics import MessagingMetrics
from tests.contract.events import wire

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Machine:
    """A consumer of feedback on a machine whose clock a test can set."""

    def __init__(self) -> None:
        self.now = NOW
        self.handled: list[datetime] = []
        self.sent: list[Outgoing] = []
        self.registry = CollectorRegistry()
        self.processing = Processing(
            FEEDBACK,
            self.handle,
            sender=self,
            guard=DeadLetterGuard(max_ratio=1, window=100),
            metrics=MessagingMetrics(self.registry),
            settings=MessagingSettings(),
            clock=lambda: self.now,
        )

    async def handle(self, event: Feedback, delivery: Delivery) -> None:
        self.handled.append(event.occurred_at)

    async def send(self, *records: Outgoing) -> None:
        self.sent += records

    async def receive(self, occurred_at: datetime, *, timestamp_ms: int) -> None:
        value = wire.value(wire.FEEDBACK, occurred_at=occurred_at.isoformat())
        record = Record(FEEDBACK.name, 0, len(self.handled), timestamp_ms, b"user-42", value)
        await self.processing.once(record)

    def age(self) -> tuple[float | None, float | None]:
        """Number and sum of the observed ages, in seconds."""
        labels = {"topic": FEEDBACK.name}
        return tuple(  # type: ignore[return-value]  # two values
            self.registry.get_sample_value(f"preferstream_event_age_seconds_{part}", labels)
            for part in ("count", "sum")
        )


def ms(time: datetime) -> int:
    return round(time.timestamp() * 1000)


async def test_a_like_from_the_future_is_as_late_as_its_arrival() -> None:
    machine = Machine()
    await machine.receive(NOW + 23 * HOUR, timestamp_ms=ms(NOW))
    assert machine.handled == [NOW]


async def test_a_delayed_upload_keeps_its_older_time() -> None:
    machine = Machine()
    await machine.receive(NOW - 700 * HOUR, timestamp_ms=ms(NOW))
    assert machine.handled == [NOW - 700 * HOUR]


async def test_a_like_from_far_in_the_future_is_a_dead_letter() -> None:
    machine = Machine()
    await machine.receive(NOW + 25 * HOUR, timestamp_ms=ms(NOW))
    assert machine.handled == []
    assert [letter.topic for letter in machine.sent] == [FEEDBACK.dead_letters]
    assert b"24 hours in the future" in dict(machine.sent[0].headers)["x-detail"]


@pytest.mark.parametrize("timestamp_ms", [-(2**63), -1, 0, 1_772_366, 2**63 - 1])
async def test_any_kafka_timestamp_is_processed_and_gives_no_age(timestamp_ms: int) -> None:
    machine = Machine()
    await machine.receive(NOW - HOUR, timestamp_ms=timestamp_ms)
    assert machine.handled == [NOW - HOUR]
    assert machine.age() == (None, None)


async def test_after_the_clock_was_set_back_events_are_handled_and_ages_are_not_negative() -> None:
    machine = Machine()
    await machine.receive(NOW, timestamp_ms=ms(NOW))
    machine.now = NOW - HOUR
    # Written before the clock was set back, and after it.
    await machine.receive(NOW, timestamp_ms=ms(NOW))
    await machine.receive(NOW - HOUR, timestamp_ms=ms(NOW - HOUR))
    assert machine.handled == [NOW, NOW, NOW - HOUR]
    assert machine.sent == []
    assert machine.age() == (3, 0)
