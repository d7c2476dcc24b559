"""The lake collects around transactions and records that cannot be read, and loses nothing."""

import asyncio
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from services.local.kafka.broker import LocalKafka
from tests.integration.cluster import Cluster, Written
from tests.integration.records.test_missing_offsets import delete_before
from tests.integration.records.test_unreadable import batch_at, garbage
from tests.integration.records.transactions import write
from tests.integration.records.writers import CODECS, with_librdkafka
from tests.integration.retrain.lakes import Lake, new_lake, views

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


def new(kafka: str, folder: Path, prefix: str) -> tuple[Lake, Cluster]:
    """A lake, and a cluster that writes to its topic."""
    lake = new_lake(kafka, folder / "lake", prefix)
    cluster = Cluster(kafka, prefix)
    cluster.topic = lake.topic
    return lake, cluster


def events(count: int, *, partition: int = 0) -> list[Written]:
    return [Written(b"u", value, partition=partition) for value in views(count)]


def collect(lake: Lake, registry: CollectorRegistry | None = None) -> list[str]:
    """Collect once; the problems."""
    return [str(problem) for problem in lake.collector(registry).run().problems]


def test_every_codec_is_collected_and_a_damaged_batch_is_one_refused_row(
    own_kafka: LocalKafka, topic_prefix: str, tmp_path: Path
) -> None:
    lake, cluster = new(own_kafka.bootstrap, tmp_path, topic_prefix)
    for codec in CODECS:
        with_librdkafka(cluster, codec, events(5))
    batch_at(own_kafka, cluster, 10).damage(garbage, keep_checksum=False)
    assert collect(lake) == []
    rows = lake.rows("kafka_offset, refused")
    assert [offset for offset, _ in rows] == [*range(10), 14, *range(15, 20)]
    assert [offset for offset, refused in rows if refused == "unreadable_batch"] == [14]
    assert collect(lake) == []
    assert len(lake.rows()) == 16


def test_a_wrong_checksum_leaves_the_other_partitions_and_is_collected_after_the_repair(
    own_kafka: LocalKafka, topic_prefix: str, tmp_path: Path
) -> None:
    lake, cluster = new(own_kafka.bootstrap, tmp_path, topic_prefix)
    for partition in range(3):
        with_librdkafka(cluster, "gzip", events(5, partition=partition))
    batch = batch_at(own_kafka, cluster, 0, partition=1)
    batch.damage(garbage, keep_checksum=True)
    (problem,) = collect(lake)
    assert f"topic {lake.topic.name}, partition 1 cannot be read at offset 0: " in problem
    assert {partition for partition, _ in lake.positions()} == {0, 2}
    assert len(lake.positions()) == 10
    batch.repair()
    assert collect(lake) == []
    assert len(lake.positions()) == len(set(lake.positions())) == 15


async def test_aborted_records_are_not_collected_and_markers_do_not_count_as_lost(
    own_kafka: LocalKafka, topic_prefix: str, tmp_path: Path
) -> None:
    lake, cluster = new(own_kafka.bootstrap, tmp_path, topic_prefix)
    await write(cluster, events(3), commit=True)
    await write(cluster, events(2), commit=False)
    assert await asyncio.to_thread(collect, lake) == []
    assert lake.positions() == [(0, 0), (0, 1), (0, 2)]
    await write(cluster, events(2), commit=False)
    assert await asyncio.to_thread(collect, lake) == []
    assert lake.positions() == [(0, 0), (0, 1), (0, 2)]
    # Retention deletes everything; nothing of it was waiting to be collected.
    await asyncio.to_thread(delete_before, cluster, 10)
    await write(cluster, events(1), commit=True)
    registry = CollectorRegistry()
    assert await asyncio.to_thread(collect, lake, registry) == []
    assert lake.positions()[3:] == [(0, 10)]
    labels = {"table": "feedback"}
    assert not registry.get_sample_value("preferstream_collect_lost_records_total", labels)
