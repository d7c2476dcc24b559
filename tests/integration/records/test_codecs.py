"""Both clients read every codec of Kafka, from every producer, mixed within a partition."""

import asyncio
import itertools
from dataclasses import replace

import pytest

from shared.messaging.read.tail import tail
from tests.integration.cluster import ALL, Cluster, Written, event
from tests.integration.messaging.running_service import (
    BOTH_PATHS,
    Handled,
    committed,
    dead_letters,
    holds,
    running,
    until,
)
from tests.integration.records.writers import CODECS, WRITERS, Write

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
PARTITION = 0


def large(number: int, size: int) -> Written:
    """An event with white space behind its JSON."""
    like = event(number, user="u", partition=PARTITION)
    return replace(like, value=(like.value or b"").ljust(size))


async def write(writer: Write, cluster: Cluster, codec: str, records: list[Written]) -> None:
    await asyncio.to_thread(writer, cluster, codec, records)


@BOTH_PATHS
async def test_every_codec_of_every_producer_is_read_mixed_within_one_partition(
    cluster: Cluster, path: str
) -> None:
    numbers = itertools.count()
    for codec in CODECS:
        for writer in WRITERS.values():
            events = [event(next(numbers), user="u", partition=PARTITION) for _ in range(3)]
            await write(writer, cluster, codec, events)
        plain = event(next(numbers), user="u", partition=PARTITION)
        await asyncio.to_thread(cluster.write, [plain])
    count = next(numbers)
    handled = Handled()
    async with running(cluster, path, handled) as service:
        await handled.until_all(range(count))
        await until(lambda: holds(committed(cluster), lambda offsets: offsets == {0: count}))
        assert service.dead_because() is None
    assert await dead_letters(cluster) == []
    # The other client reads the same records.
    records = await asyncio.to_thread(cluster.read, cluster.topic)
    assert [record.offset for record in records] == list(range(count))
    assert all(record.unreadable is None for record in records)


@pytest.mark.parametrize("codec", CODECS)
@BOTH_PATHS
async def test_a_batch_of_several_megabytes_in_many_blocks_is_read(
    cluster: Cluster, path: str, codec: str
) -> None:
    writers = list(WRITERS.values())
    for at, writer in enumerate(writers):
        events = [large(at * 40 + number, 200_000) for number in range(40)]
        await write(writer, cluster, codec, events)
    count = len(writers) * 40
    handled = Handled()
    async with running(cluster, path, handled):
        await handled.until_all(range(count))
    records = await asyncio.to_thread(
        lambda: list(tail(cluster.settings(), cluster.topic, max_per_partition=ALL))
    )
    assert len(records) == count
    assert {len(record.value or b"") for record in records} == {200_000}
