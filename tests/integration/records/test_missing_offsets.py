"""Compacted and deleted offsets are no lag, are committed, and end no read."""

import asyncio
import time

import pytest
from kafka import KafkaAdminClient, TopicPartition

from tests.integration.cluster import Cluster, event
from tests.integration.messaging.running_service import (
    BOTH_PATHS,
    Handled,
    committed,
    holds,
    running,
    until,
)
from tests.integration.records.test_transactions import (
    QUIET,
    group_lag,
    lag_of,
    stays_healthy_while_quiet,
)
from tests.integration.records.writers import set_topic

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


def delete_before(cluster: Cluster, offset: int, *, partition: int = 0) -> None:
    """Delete the records before this offset, as retention does."""
    admin = KafkaAdminClient(bootstrap_servers=cluster.bootstrap)
    try:
        admin.delete_records({TopicPartition(cluster.topic.name, partition): offset})
    finally:
        admin.close()


def write(cluster: Cluster, numbers: range) -> None:
    cluster.write(event(number, user=f"user-{number % 3}", partition=0) for number in numbers)


@BOTH_PATHS
async def test_deleted_records_that_were_handled_are_no_lag(cluster: Cluster, path: str) -> None:
    await asyncio.to_thread(write, cluster, range(10))
    handled = Handled()
    async with running(cluster, path, handled, **QUIET) as service:
        await handled.until_all(range(10))
        await asyncio.to_thread(delete_before, cluster, 10)
        await stays_healthy_while_quiet(service, cluster)
        await until(lambda: holds(committed(cluster), lambda offsets: offsets == {0: 10}))
        assert await group_lag(cluster) == 0


@BOTH_PATHS
@pytest.mark.parametrize("left", [0, 5])
async def test_a_restart_after_retention_deleted_unread_events_continues_at_the_oldest(
    cluster: Cluster, path: str, left: int
) -> None:
    await asyncio.to_thread(write, cluster, range(10))
    first = Handled()
    async with running(cluster, path, first):
        await first.until_all(range(10))
    await asyncio.to_thread(write, cluster, range(10, 30))
    await asyncio.to_thread(delete_before, cluster, 30 - left)
    second = Handled()
    async with running(cluster, path, second, **QUIET) as service:
        await second.until_all(range(30 - left, 30))
        # Also an outside tool, which compares the commit with the end, reports no lag.
        await until(lambda: holds(committed(cluster), lambda offsets: offsets == {0: 30}))
        assert await group_lag(cluster) == 0
        await stays_healthy_while_quiet(service, cluster)
        await asyncio.to_thread(write, cluster, range(30, 33))
        await second.until_all(range(30, 33))
    assert sorted(second.images) == list(range(30 - left, 33))


@BOTH_PATHS
async def test_a_compacted_topic_has_no_lag_at_its_end(cluster: Cluster, path: str) -> None:
    set_topic(
        cluster,
        {
            "cleanup.policy": "compact",
            "segment.ms": "100",
            "min.cleanable.dirty.ratio": "0.01",
            "min.compaction.lag.ms": "0",
            "max.compaction.lag.ms": "200",
        },
    )
    await asyncio.to_thread(write, cluster, range(60))
    await asyncio.sleep(0.5)
    await asyncio.to_thread(write, cluster, range(60, 63))  # begins a new segment
    async with asyncio.timeout(120):
        while len(await asyncio.to_thread(cluster.read, cluster.topic)) >= 60:  # noqa: ASYNC110
            await asyncio.sleep(1.0)
    began = time.monotonic()
    records = await asyncio.to_thread(cluster.read, cluster.topic)
    assert time.monotonic() - began < 10.0
    assert len(records) < 60
    handled = Handled()
    async with running(cluster, path, handled, **QUIET) as service:
        await handled.until_all(range(60, 63))
        await until(lambda: holds(committed(cluster), lambda offsets: offsets == {0: 63}))
        assert await group_lag(cluster) == 0
        assert lag_of(service, cluster) == 0
        await stays_healthy_while_quiet(service, cluster)
