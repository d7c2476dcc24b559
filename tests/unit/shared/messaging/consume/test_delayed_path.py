"""A record of a retry topic is processed a fixed time after it was written, and holds no place."""

from typing import Any

import pytest
from aiokafka import TopicPartition

from shared.events.topics import FEEDBACK, FEEDBACK_RETRY
from shared.events.wire.record import Record
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.consume.delayed_path import DelayedPath

DELAY = 30.0
NOW = 1_700_000_000.0


class Subscriber:
    consumer = "the consumer"


class Watch:
    """Records the postponed partitions."""

    def __init__(self) -> None:
        self.postponed: list[tuple[TopicPartition, int, float]] = []

    def postpone(
        self, consumer: Any, partition: TopicPartition, offset: int, *, seconds: float
    ) -> None:
        self.postponed.append((partition, offset, seconds))


class Window:
    """Does the work of each record at once."""

    def __init__(self) -> None:
        self.offsets: list[int] = []

    async def submit(self, record: Record, consumer: Any, work: Any) -> None:
        self.offsets.append(record.offset)
        await work(record)


class Processing:
    def __init__(self) -> None:
        self.sources: list[str] = []

    async def until_done(self, record: Record) -> None:
        self.sources.append(record.source)


class Setup:
    def __init__(self) -> None:
        self.now = NOW
        self.window = Window()
        self.processing = Processing()
        self.watch = Watch()
        path: Any = DelayedPath
        self.path = path(
            self.processing, MessagingSettings(), self.window,
            of=FEEDBACK, delay_seconds=DELAY, clock=lambda: self.now,
        )  # fmt: skip
        self.path.watch = self.watch
        self.path.subscriber = Subscriber()

    async def take(self, offset: int, *, age: float, partition: int = 0) -> None:
        written_ms = round((NOW - age) * 1000)
        source = (("x-source", f"feedback.v1/4/{offset}".encode()),)
        name = FEEDBACK_RETRY.name
        await self.path.take(Record(name, partition, offset, written_ms, b"ana", b"{}", source))


@pytest.fixture
def setup() -> Setup:
    return Setup()


async def test_a_record_that_is_due_is_processed_as_its_original(setup: Setup) -> None:
    await setup.take(7, age=DELAY)
    assert (setup.window.offsets, setup.watch.postponed) == ([7], [])
    assert setup.processing.sources == ["feedback.v1/4/7"]


async def test_a_record_that_is_not_due_pauses_its_own_partition_until_then(setup: Setup) -> None:
    await setup.take(7, age=10, partition=2)
    await setup.take(3, age=40, partition=1)
    assert setup.watch.postponed == [(TopicPartition(FEEDBACK_RETRY.name, 2), 7, 20.0)]
    assert setup.window.offsets == [3]


async def test_no_record_waits_longer_than_the_delay_whatever_the_clocks_are(setup: Setup) -> None:
    await setup.take(7, age=-1e6)
    assert [seconds for *_, seconds in setup.watch.postponed] == [DELAY]
    setup.now -= 1e6
    await setup.take(7, age=-1e6)
    assert setup.window.offsets == [7]


async def test_each_record_of_a_partition_waits_for_its_own_time(setup: Setup) -> None:
    await setup.take(7, age=10)
    setup.now += 20
    await setup.take(7, age=10)
    await setup.take(8, age=5)
    assert [(offset, s) for _, offset, s in setup.watch.postponed] == [(7, 20.0), (8, 5.0)]
    assert setup.window.offsets == [7]
