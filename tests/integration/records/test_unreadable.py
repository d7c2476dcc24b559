"""A batch that cannot be read costs itself alone, and is noticed with its topic and offset."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.local.kafka.broker import LocalKafka
from shared.domain.errors import Unavailable
from shared.messaging.batches.codecs import MAX_BATCH_BYTES
from shared.messaging.client.consumer import short_lived_consumer
from shared.messaging.read.bounded_reader import BoundedReader
from shared.messaging.read.tail import tail, whole_topic
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
from tests.integration.records.batch_log import LogBatch, batches_of
from tests.integration.records.writers import with_librdkafka

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
CODECS = ("gzip", "snappy", "lz4", "zstd")


def write(cluster: Cluster, codec: str, numbers: range, *, partition: int = 0) -> None:
    """One batch."""
    events = [event(number, user="u", partition=partition) for number in numbers]
    with_librdkafka(cluster, codec, events)


def batch_at(kafka: LocalKafka, cluster: Cluster, offset: int, *, partition: int = 0) -> LogBatch:
    """The batch that begins at this offset, on the disk."""
    batches = batches_of(Path(kafka.data_dir), cluster.topic.name, partition)
    return next(batch for batch in batches if batch.base_offset == offset)


def garbage(payload: bytes) -> bytes:
    return b"\xfe" * len(payload)


@BOTH_PATHS
async def test_batches_that_do_not_decompress_become_dead_letters_and_the_others_are_handled(
    own_kafka: LocalKafka, own_cluster: Cluster, path: str
) -> None:
    for at, codec in enumerate((*CODECS, "none")):
        write(own_cluster, codec, range(at * 10, at * 10 + 5))
        write(own_cluster, codec, range(at * 10 + 5, at * 10 + 10))
        batch_at(own_kafka, own_cluster, at * 10).damage(garbage, keep_checksum=False)
    good = [number for number in range(50) if number % 10 >= 5]
    handled = Handled()
    async with running(own_cluster, path, handled) as service, health_of(service) as get_health:
        await handled.until_all(good)
        await until(lambda: holds(dead_letters(own_cluster), lambda letters: len(letters) == 5))
        await until(lambda: holds(committed(own_cluster), lambda offsets: offsets == {0: 50}))
        assert await get_health("readyz") == (200, [])
    assert sorted(handled.images) == good
    letters = await dead_letters(own_cluster)
    letters.sort(key=lambda letter: int((dict(letter.headers)["x-source"] or b"").split(b"/")[-1]))
    for at, letter in enumerate(letters):
        headers = dict(letter.headers)
        assert headers["x-error"] == b"unreadable_batch"
        assert (headers["x-detail"] or b"").startswith(
            f"offsets {at * 10} to {at * 10 + 4} cannot be read: ".encode()
        )
        assert headers["x-source"] == f"{own_cluster.topic.name}/0/{at * 10 + 4}".encode()
        assert (letter.key, letter.value) == (None, b"")
    # The bounded reader passes over them too.
    records = await asyncio.to_thread(own_cluster.read, own_cluster.topic)
    assert [r.offset for r in records if r.unreadable] == [4, 14, 24, 34, 44]
    assert len(records) == 30


@BOTH_PATHS
async def test_a_decompression_bomb_is_a_dead_letter_and_costs_little_time(
    cluster: Cluster, path: str
) -> None:
    bomb = Written(b"stranger", bytes(4 * MAX_BATCH_BYTES), partition=0)
    for at, codec in enumerate(("zstd", "gzip")):
        await asyncio.to_thread(write, cluster, codec, range(at * 10, at * 10 + 3))
        await asyncio.to_thread(write_bomb, cluster, codec, bomb)
        await asyncio.to_thread(write, cluster, codec, range(at * 10 + 3, at * 10 + 6))
    handled = Handled()
    async with running(cluster, path, handled) as service:
        await handled.until_all([*range(6), *range(10, 16)])
        await until(lambda: holds(dead_letters(cluster), lambda letters: len(letters) == 2))
        assert service.dead_because() is None
    reasons = {dict(letter.headers)["x-error"] for letter in await dead_letters(cluster)}
    assert reasons == {b"batch_too_large"}


def write_bomb(cluster: Cluster, codec: str, bomb: Written) -> None:
    from confluent_kafka import Producer

    producer = Producer(
        {
            "bootstrap.servers": cluster.bootstrap,
            "compression.type": codec,
            "message.max.bytes": 1_000_000_000,
        }
    )
    errors: list[str] = []
    producer.produce(
        cluster.topic.name, bomb.value, bomb.key, 0,
        on_delivery=lambda error, _: errors.append(str(error)) if error else None,
    )  # fmt: skip
    assert producer.flush(120) == 0
    assert errors == []


@asynccontextmanager
async def wrong_checksum(batch: LogBatch) -> AsyncIterator[None]:
    """The batch is damaged on the disk for the length of a block."""
    batch.damage(garbage, keep_checksum=True)
    try:
        yield
    finally:
        batch.repair()


@BOTH_PATHS
async def test_a_wrong_checksum_stops_its_partition_alone_until_the_disk_is_repaired(
    own_kafka: LocalKafka, own_cluster: Cluster, path: str
) -> None:
    write(own_cluster, "none", range(5))
    write(own_cluster, "none", range(5, 10))
    batch = batch_at(own_kafka, own_cluster, 5)
    handled = Handled()
    async with (
        wrong_checksum(batch),
        running(own_cluster, path, handled, liveness_timeout_seconds=1.0) as service,
        health_of(service) as get_health,
    ):
        began = time.monotonic()
        await handled.until_all(range(5))
        await until(lambda: holds(get_health("readyz"), lambda response: response[0] == 503))
        assert time.monotonic() - began < 60.0
        _, problems = await get_health("readyz")
        place = f"topic {own_cluster.topic.name}, partition 0 cannot be read at offset 5: "
        assert place in problems[0]
        assert _blocked(service, own_cluster) == 1.0
        # Others are as fast as before: 30 events one after another, each within the retry time.
        for number in range(100, 130):
            one = range(number, number + 1)
            await asyncio.to_thread(write, own_cluster, "none", one, partition=1)
        began = time.monotonic()
        await handled.until_all(range(100, 130))
        assert time.monotonic() - began < 10.0
        await asyncio.sleep(2.0)  # longer than the liveness timeout: a restart does not help
        assert await get_health("healthz") == (200, [])
        batch.repair()
        await handled.until_all(range(5, 10))
        await until(lambda: holds(get_health("readyz"), lambda response: response == (200, [])))
        assert _blocked(service, own_cluster) == 0.0
    assert await dead_letters(own_cluster) == []


def _blocked(service: KafkaService, cluster: Cluster) -> float | None:
    labels = {"topic": cluster.topic.name}
    return service.registry.get_sample_value("preferstream_blocked_partitions", labels)


async def test_a_bounded_read_gets_the_other_partitions_before_it_fails_at_a_wrong_checksum(
    own_kafka: LocalKafka, own_cluster: Cluster
) -> None:
    for partition in range(3):
        write(own_cluster, "gzip", range(5), partition=partition)
    settings = own_cluster.settings()
    place = rf"topic {own_cluster.topic.name}, partition 1 cannot be read at offset 0: "
    async with wrong_checksum(batch_at(own_kafka, own_cluster, 0, partition=1)):
        records = list(tail(settings, own_cluster.topic, max_per_partition=ALL))
        assert sorted((r.partition, r.offset) for r in records) == [
            (partition, offset) for partition in (0, 2) for offset in range(5)
        ]
        with pytest.raises(Unavailable, match=place):
            list(whole_topic(settings, own_cluster.topic))
        with short_lived_consumer(settings, timeout_seconds=30.0) as consumer:
            reader = BoundedReader(consumer, address=own_kafka.bootstrap)
            ranges = reader.available([own_cluster.topic])
            with pytest.raises(Unavailable, match=place):
                list(reader.batches(ranges))
    assert len(list(whole_topic(settings, own_cluster.topic))) == 15


async def test_a_partition_that_kafka_does_not_serve_is_reported(
    own_kafka: LocalKafka, own_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.messaging.consume import position_watch

    monkeypatch.setattr(position_watch, "UNFETCHED_SECONDS", 1.0)
    handled = Handled()
    async with running(own_cluster, "slow", handled) as service, health_of(service) as get_health:
        await asyncio.to_thread(write, own_cluster, "none", range(2))
        await handled.until_all(range(2))
        assert await get_health("readyz") == (200, [])
        (subscriber,) = service._broker.subscribers
        consumer = subscriber.consumer  # type: ignore[attr-defined]
        consumer.pause(*consumer.assignment())  # as when the client never fetches again
        await asyncio.to_thread(write, own_cluster, "none", range(2, 5))
        await until(lambda: holds(get_health("readyz"), lambda response: response[0] == 503))
        _, problems = await get_health("readyz")
        assert f"topic {own_cluster.topic.name}, partition 0 is at offset 2, " in problems[0]
        assert "and nothing was fetched for" in problems[0]
