"""The window keeps N events in flight, commits finished prefixes, and loses nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError

from shared.events.wire.record import Record
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.consume.offset_window import OffsetWindow

ZERO, ONE = TopicPartition("t", 0), TopicPartition("t", 1)


def record(offset: int, partition: int = 0) -> Record:
    return Record("t", partition, offset, 0, b"u", b"v")


class Consumer:
    """A fake consumer: its assigned partitions, and the committed offsets."""

    def __init__(self, *assigned: TopicPartition) -> None:
        self.assigned = set(assigned)
        self.committed: dict[TopicPartition, int] = {}
        self.refusals = 0

    def assignment(self) -> set[TopicPartition]:
        return self.assigned

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        await asyncio.sleep(0)
        assert set(offsets) <= self.assigned
        if self.refusals:
            self.refusals -= 1
            raise CommitFailedError()
        self.committed.update(offsets)


class Work:
    """A handler that finishes each event on request, and knows the events in flight."""

    def __init__(self) -> None:
        self.open: dict[tuple[int, int], asyncio.Future[None]] = {}
        self.done: list[int] = []

    async def __call__(self, event: Record) -> None:
        location = (event.partition, event.offset)
        assert location not in self.open, f"{event.source} is in flight twice"
        self.open[location] = asyncio.get_running_loop().create_future()
        try:
            await self.open[location]
            self.done.append(event.offset)
        finally:
            del self.open[location]

    def finish(self, *offsets: int, partition: int = 0) -> None:
        for offset in offsets:
            self.open[partition, offset].set_result(None)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20.0):
        while not condition():  # noqa: ASYNC110 - the condition has no event
            await asyncio.sleep(0.002)


Make = Callable[..., OffsetWindow]


@pytest.fixture
async def failures() -> list[BaseException]:
    return []


@pytest.fixture
async def make(failures: list[BaseException]) -> AsyncIterator[Make]:
    windows: list[OffsetWindow] = []

    def window(*, in_flight: int | None = None, **settings: float) -> OffsetWindow:
        # Tests commit explicitly.
        chosen = {"commit_seconds": 1000.0, "drain_seconds": 0.05, **settings}
        windows.append(
            OffsetWindow(
                MessagingSettings.model_validate(chosen),
                on_failure=failures.append,
                in_flight=in_flight,
            )
        )
        return windows[-1]

    yield window
    for opened in windows:
        await opened.close()


async def test_n_events_are_in_flight_and_the_next_waits_for_a_slot(make: Make) -> None:
    window, consumer, work = make(events_in_flight=3), Consumer(ZERO), Work()
    for offset in range(3):
        await window.submit(record(offset), consumer, work)
    waiting = asyncio.create_task(window.submit(record(3), consumer, work))
    await until(lambda: len(work.open) == 3)
    await asyncio.sleep(0.05)
    assert not waiting.done()
    work.finish(2)
    await until(lambda: (0, 3) in work.open)
    await waiting
    assert window.in_flight == 3


async def test_a_subscription_with_its_own_number_has_that_many_in_flight_in_one_partition(
    make: Make,
) -> None:
    window, consumer, work = (
        make(events_in_flight=2, events_span=5, in_flight=8),
        Consumer(ZERO),
        Work(),
    )
    for offset in range(8):
        await window.submit(record(offset), consumer, work)
    waiting = asyncio.create_task(window.submit(record(8), consumer, work))
    await until(lambda: len(work.open) == 8)
    await asyncio.sleep(0.05)
    assert not waiting.done()
    work.finish(0)
    await waiting


async def test_the_bytes_of_the_values_in_flight_are_limited(make: Make) -> None:
    window, consumer, work = make(events_in_flight_bytes=2), Consumer(ZERO), Work()
    await window.submit(record(0), consumer, work)
    await window.submit(record(1), consumer, work)
    waiting = asyncio.create_task(window.submit(record(2), consumer, work))
    await until(lambda: len(work.open) == 2)
    await asyncio.sleep(0.05)
    assert not waiting.done()
    work.finish(1)
    await waiting
    await until(lambda: (0, 2) in work.open)


async def test_only_the_finished_prefix_is_committed(make: Make) -> None:
    window, consumer, work = make(), Consumer(ZERO, ONE), Work()
    for offset in range(4):
        await window.submit(record(offset), consumer, work)
        await window.submit(record(offset + 10, 1), consumer, work)
    await until(lambda: len(work.open) == 8)
    work.finish(1, 3)
    work.finish(10, 11, partition=1)
    await until(lambda: len(work.done) == 4)
    await window.commit()
    assert consumer.committed == {ONE: 12}
    work.finish(0)
    await until(lambda: len(work.done) == 5)
    await window.commit()
    assert consumer.committed == {ZERO: 2, ONE: 12}


async def test_a_refused_commit_is_repeated(make: Make) -> None:
    window, consumer, work = make(), Consumer(ZERO), Work()
    consumer.refusals = 1
    await window.submit(record(0), consumer, work)
    await until(lambda: len(work.open) == 1)
    work.finish(0)
    await until(lambda: work.done == [0])
    await window.commit()
    assert consumer.committed == {}
    await window.commit()
    assert consumer.committed == {ZERO: 1}


async def test_the_span_delays_newer_events_until_the_oldest_is_done(make: Make) -> None:
    window, consumer, work = make(events_span=10, events_in_flight=2), Consumer(ZERO), Work()
    await window.submit(record(0), consumer, work)
    waiting = asyncio.create_task(window.submit(record(10), consumer, work))
    await asyncio.sleep(0.12)
    assert list(work.open) == [(0, 0)]
    work.finish(0)
    await until(lambda: (0, 10) in work.open)
    await waiting


async def test_a_failure_is_reported_and_blocks_its_partition(
    make: Make, failures: list[BaseException]
) -> None:
    window, consumer, work = make(), Consumer(ZERO), Work()
    await window.submit(record(0), consumer, work)
    await window.submit(record(1), consumer, work)
    await until(lambda: len(work.open) == 2)
    work.open[0, 0].set_exception(RuntimeError("too many"))
    work.finish(1)
    await until(lambda: window.in_flight == 0)
    await window.commit()
    assert [str(error) for error in failures] == ["too many"]
    assert consumer.committed == {}


async def test_a_revoked_partition_is_drained_and_committed_first(make: Make) -> None:
    window, consumer, work = make(drain_seconds=20.0), Consumer(ZERO, ONE), Work()
    await window.submit(record(0), consumer, work)
    await window.submit(record(5, 1), consumer, work)
    await until(lambda: len(work.open) == 2)
    revoking = asyncio.create_task(window.on_partitions_revoked({ZERO}))
    await asyncio.sleep(0.02)
    assert not revoking.done()
    work.finish(0)
    await revoking
    assert consumer.committed == {ZERO: 1}
    assert list(work.open) == [(1, 5)]
    work.finish(5, partition=1)


async def test_work_that_does_not_finish_in_time_is_cancelled_and_not_committed(make: Make) -> None:
    window, consumer, work = make(), Consumer(ZERO), Work()
    await window.submit(record(0), consumer, work)
    await window.submit(record(1), consumer, work)
    await until(lambda: len(work.open) == 2)
    work.finish(1)
    await window.on_partitions_revoked({ZERO})
    assert work.open == {}
    assert consumer.committed == {}


async def test_an_event_that_waited_through_a_rebalance_is_processed_on_redelivery(
    make: Make,
) -> None:
    window, consumer, work = make(events_in_flight=2), Consumer(ZERO), Work()
    await window.submit(record(0), consumer, work)
    await window.submit(record(1), consumer, work)
    waiting = asyncio.create_task(window.submit(record(2), consumer, work))
    await until(lambda: len(work.open) == 2)
    # The two are cancelled, and the partition is assigned to us again.
    await window.on_partitions_revoked({ZERO})
    await window.on_partitions_assigned({ZERO})
    await waiting
    assert work.open == {}
    redelivered = asyncio.gather(*(window.submit(record(n), consumer, work) for n in range(3)))
    for offset in range(3):
        await until(lambda o=offset: (0, o) in work.open)
        work.finish(offset)
    await redelivered
    await until(lambda: window.in_flight == 0)
    await window.commit()
    assert work.done == [0, 1, 2]
    assert consumer.committed == {ZERO: 3}


async def test_close_finishes_the_events_in_flight_and_accepts_no_more(make: Make) -> None:
    window, consumer, work = make(drain_seconds=20.0), Consumer(ZERO), Work()
    await window.submit(record(0), consumer, work)
    await until(lambda: len(work.open) == 1)
    closing = asyncio.create_task(window.close())
    await asyncio.sleep(0)
    await window.submit(record(1), consumer, work)
    work.finish(0)
    await closing
    assert (work.done, work.open) == ([0], {})
    assert consumer.committed == {ZERO: 1}


async def test_the_age_counts_from_the_start_of_the_oldest_event_in_flight(make: Make) -> None:
    window, consumer, work = make(), Consumer(ZERO), Work()
    now = asyncio.get_running_loop().time()
    assert window.oldest_age(now) == 0.0
    await window.submit(record(0), consumer, work)
    assert window.oldest_age(now + 1000.0) > 900.0
    assert window.newest_done(ZERO) is None
