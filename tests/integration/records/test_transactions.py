"""Markers are no lag, aborted events are not read, and an open transaction is no stall."""

import asyncio
import time

import pytest
from prometheus_client import CollectorRegistry

from shared.messaging.admin.cluster_state import read_cluster_state
from shared.messaging.read.bounded_reader import BatchSize
from shared.messaging.read.drain import TopicRecreated, drain
from shared.messaging.read.limits import ReadLimits
from shared.messaging.read.record_fetcher import RecordFetcher
from shared.messaging.read.tail import tail
from shared.messaging.service import KafkaService
from tests.integration.cluster import ALL, Cluster, Written, event
from tests.integration.messaging.running_service import (
    BOTH_PATHS,
    Handled,
    committed,
    dead_letters,
    health_of,
    holds,
    running,
    until,
)
from tests.integration.records.transactions import send, transactional, write

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
QUIET = {"liveness_timeout_seconds": 1.5}
LIMITS = ReadLimits(stall_seconds=10.0, total_seconds=60.0)


def events(*numbers: int, partition: int = 0) -> list[Written]:
    return [event(number, user="u", partition=partition) for number in numbers]


def lag_of(service: KafkaService, cluster: Cluster) -> float | None:
    labels = {"topic": cluster.topic.name}
    return service.registry.get_sample_value("preferstream_consumer_lag_events", labels)


async def group_lag(cluster: Cluster) -> int:
    """The lag of the group, from Kafka's offsets, as the monitor reports it."""
    state = await asyncio.to_thread(read_cluster_state, cluster.settings(), [cluster.topic.name])
    (group,) = [group for group in state.groups if group.name == cluster.group]
    return sum(group.lag.values())


async def stays_healthy_while_quiet(service: KafkaService, cluster: Cluster) -> None:
    """Nothing is written for longer than the liveness timeout."""
    async with health_of(service) as get_health:
        began = time.monotonic()
        while time.monotonic() - began < 3.0:
            assert await get_health("healthz") == (200, [])
            assert await get_health("readyz") == (200, [])
            await asyncio.sleep(0.1)
    assert lag_of(service, cluster) == 0


@BOTH_PATHS
async def test_a_quiet_topic_after_committed_and_aborted_transactions_has_no_lag(
    cluster: Cluster, path: str
) -> None:
    handled = Handled()
    async with running(cluster, path, handled, **QUIET) as service:
        await write(cluster, events(0, 1), commit=True)
        await write(cluster, events(100, 101), commit=False)
        await asyncio.to_thread(cluster.write, events(2))
        await write(cluster, events(102), commit=False)
        await write(cluster, events(3, partition=1), commit=True)
        await handled.until_all(range(4))
        # Partition 0 ends in an abort marker: 2 events, marker, 2 aborted, marker, 1, 1, marker.
        await until(lambda: holds(committed(cluster), lambda offsets: offsets == {0: 9, 1: 2}))
        assert await group_lag(cluster) == 0
        await stays_healthy_while_quiet(service, cluster)
    assert sorted(handled.images) == [0, 1, 2, 3]
    assert await dead_letters(cluster) == []


@BOTH_PATHS
async def test_a_restart_after_a_marker_reads_nothing_again_and_has_no_lag(
    cluster: Cluster, path: str
) -> None:
    first = Handled()
    async with running(cluster, path, first):
        await write(cluster, events(0), commit=True)
        await first.until_all([0])
        await until(lambda: holds(committed(cluster), lambda offsets: offsets == {0: 2}))
    await write(cluster, events(100, 101), commit=False)
    second = Handled()
    async with running(cluster, path, second, **QUIET) as service:
        await until(lambda: holds(committed(cluster), lambda offsets: offsets == {0: 5}))
        assert await group_lag(cluster) == 0
        await stays_healthy_while_quiet(service, cluster)
        await write(cluster, events(1), commit=True)
        await second.until_all([1])
    assert (first.images, second.images) == ([0], [1])


@BOTH_PATHS
async def test_interleaved_transactions_deliver_what_was_committed(
    cluster: Cluster, path: str
) -> None:
    async with transactional(cluster) as one, transactional(cluster) as two:
        await one.begin_transaction()
        await two.begin_transaction()
        for number in range(10):
            await send(one, cluster, events(number))
            await send(two, cluster, events(100 + number))
            await asyncio.to_thread(cluster.write, events(200 + number))
        await two.abort_transaction()
        await one.commit_transaction()
    handled = Handled()
    async with running(cluster, path, handled, **QUIET) as service:
        await handled.until_all([*range(10), *range(200, 210)])
        await until(lambda: holds(committed(cluster), lambda offsets: offsets == {0: 32}))
        await stays_healthy_while_quiet(service, cluster)
    assert not set(handled.images) & set(range(100, 110))


@BOTH_PATHS
async def test_an_open_transaction_is_neither_lag_nor_a_stall(cluster: Cluster, path: str) -> None:
    handled = Handled()
    async with (
        running(cluster, path, handled, **QUIET) as service,
        transactional(cluster) as producer,
    ):
        await asyncio.to_thread(cluster.write, events(0))
        await handled.until_all([0])
        await producer.begin_transaction()
        await send(producer, cluster, events(1))
        await asyncio.to_thread(cluster.write, events(2))
        await asyncio.to_thread(cluster.write, events(3, partition=1))
        await handled.until_all([3])  # another partition is not held back
        await stays_healthy_while_quiet(service, cluster)
        assert await group_lag(cluster) == 0
        state = await asyncio.to_thread(
            read_cluster_state, cluster.settings(), [cluster.topic.name]
        )
        assert state.partitions[cluster.topic.name, 0].held_back == 2
        assert 2 not in handled.images
        await producer.commit_transaction()
        await handled.until_all([1, 2])


async def test_a_transaction_that_hangs_open_ends_by_its_timeout(cluster: Cluster) -> None:
    handled = Handled()
    async with (
        running(cluster, "slow", handled),
        transactional(cluster, timeout_seconds=2.0) as producer,
    ):
        await producer.begin_transaction()
        await send(producer, cluster, events(1))
        await asyncio.to_thread(cluster.write, events(2))
        await handled.until_all([2])  # Kafka looks for such transactions every ten seconds
    assert handled.images == [2]


@BOTH_PATHS
async def test_uncommitted_events_are_read_when_the_setting_says_so(
    cluster: Cluster, path: str
) -> None:
    await write(cluster, events(0), commit=False)
    handled = Handled()
    settings = {"kafka_isolation_level": "read_uncommitted", **QUIET}
    async with running(cluster, path, handled, **settings) as service:
        await handled.until_all([0])
        await until(lambda: holds(committed(cluster), lambda offsets: offsets == {0: 2}))
        await stays_healthy_while_quiet(service, cluster)
    uncommitted = cluster.settings(kafka_isolation_level="read_uncommitted")
    assert len(list(tail(uncommitted, cluster.topic, max_per_partition=ALL))) == 1


@BOTH_PATHS
async def test_no_offset_is_committed_past_an_event_in_flight(cluster: Cluster, path: str) -> None:
    gate = asyncio.Event()
    handled = Handled(lambda _: gate.wait())
    await write(cluster, events(0), commit=True)
    await write(cluster, events(100), commit=False)
    async with running(cluster, path, handled):
        await until(lambda: handled.started == [0])
        await asyncio.sleep(1.0)  # several commit intervals
        assert await committed(cluster) == {}
        gate.set()
        await until(lambda: holds(committed(cluster), lambda offsets: offsets == {0: 4}))


async def test_the_bounded_reads_pass_over_markers_and_leave_out_aborted_records(
    cluster: Cluster,
) -> None:
    await write(cluster, events(0, 1), commit=True)
    await write(cluster, events(100), commit=False)
    await asyncio.to_thread(cluster.write, events(2))
    await write(cluster, events(101), commit=False)
    async with transactional(cluster) as producer:
        await producer.begin_transaction()
        await send(producer, cluster, events(102, partition=1))
        began = time.monotonic()
        records = await asyncio.to_thread(
            lambda: list(
                tail(cluster.settings(), cluster.topic, max_per_partition=ALL, limits=LIMITS)
            )
        )
        assert [(r.partition, r.offset) for r in records] == [(0, 0), (0, 1), (0, 5)]
        batches = await asyncio.to_thread(_drained, cluster, {})
        assert time.monotonic() - began < LIMITS.stall_seconds
        assert [offset for offset, _ in batches] == [0, 1, 5]
        await producer.abort_transaction()
    offsets = {0: 8}
    assert await asyncio.to_thread(_drained, cluster, offsets) == []
    assert offsets == {0: 8, 1: 2}


async def test_a_drain_waits_where_an_open_transaction_begins_before_its_last_offset(
    cluster: Cluster,
) -> None:
    async with transactional(cluster) as producer:
        await producer.begin_transaction()
        await send(producer, cluster, events(0, 1))
        # As after a change from `read_uncommitted`: these offsets were read already.
        assert await asyncio.to_thread(_drained, cluster, {0: 2}) == []
        await producer.commit_transaction()
    await asyncio.to_thread(cluster.write, events(2))
    offsets = {0: 2}
    assert [at for at, _ in await asyncio.to_thread(_drained, cluster, offsets)] == [3]
    with pytest.raises(TopicRecreated, match="was read up to offset 9, but it ends at 4"):
        _drained(cluster, {0: 9})


def _drained(cluster: Cluster, offsets: dict[int, int]) -> list[tuple[int, bytes | None]]:
    """Drain from these offsets and move them, as the lake does."""
    records = []
    for batch in drain(
        cluster.settings(),
        cluster.topic,
        group=f"preferstream.lake.{cluster.topic.name}",
        start_of=offsets.get,
        size=BatchSize(records=2, bytes=1_000_000),
        limits=LIMITS,
    ):
        assert batch.lost == 0
        offsets.update(batch.next_offsets)
        records += [(record.offset, record.value) for record in batch.records]
    return records


async def test_a_single_record_that_was_aborted_or_is_a_marker_is_not_found_at_once(
    cluster: Cluster,
) -> None:
    await write(cluster, events(0), commit=True)
    await write(cluster, events(100), commit=False)
    fetcher = RecordFetcher(cluster.settings())
    await fetcher.start()
    try:
        began = time.monotonic()
        fetched = [await fetcher.fetch(cluster.topic.name, 0, offset) for offset in range(4)]
        assert time.monotonic() - began < 8.0
    finally:
        await fetcher.stop()
    assert [record is not None for record in fetched] == [True, False, False, False]


async def test_a_broadcast_after_a_marker_has_no_lag(cluster: Cluster) -> None:
    registry = CollectorRegistry()
    service = KafkaService("tested", cluster.settings(**QUIET), registry)
    handled = Handled()
    service.every_instance(cluster.topic, handled)
    await write(cluster, events(0), commit=True)
    await write(cluster, events(100), commit=False)
    await service.start()
    try:
        await handled.until_all([0])
        await until(lambda: lag_of(service, cluster) == 0)
        await stays_healthy_while_quiet(service, cluster)
    finally:
        await service.stop()
    assert handled.images == [0]
