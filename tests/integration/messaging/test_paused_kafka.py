"""A Kafka that is paused (SIGSTOP) ends every bounded read within its limit, with a clear error."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest

from services.local.kafka.broker import LocalKafka, start_local_kafka
from shared.domain.errors import Unavailable
from shared.messaging.client.consumer import short_lived_consumer
from shared.messaging.client.kafka_types import OffsetRange, Partition
from shared.messaging.read.bounded_reader import BoundedReader, bounded_reader
from shared.messaging.read.limits import ReadLimits
from shared.messaging.read.tail import tail
from tests.integration.cluster import Cluster

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(400)]
START_SECONDS = 180.0
LIMITS = ReadLimits(stall_seconds=3.0, total_seconds=60.0)
RECORDS = 30
TIMEOUT_SECONDS = 60.0
"""Far above the limit, so that a busy machine does not fail the test."""


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A Kafka of this module, since a paused one would stop the tests of others."""
    folder = tmp_path_factory.mktemp("paused")
    with start_local_kafka(folder, start_timeout_seconds=START_SECONDS) as kafka:
        yield kafka


@pytest.fixture
def topic(own_kafka: LocalKafka) -> Cluster:
    """A topic with records."""
    cluster = Cluster(own_kafka.bootstrap, f"paused-{uuid4().hex[:8]}.")
    cluster.provision()
    cluster.write_events(range(RECORDS))
    return cluster


@contextmanager
def paused(kafka: LocalKafka) -> Iterator[None]:
    os.kill(kafka.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(kafka.pid, signal.SIGCONT)


def test_a_tail_on_a_paused_kafka_fails_in_time_and_succeeds_after_the_pause(
    own_kafka: LocalKafka, topic: Cluster
) -> None:
    started_at = time.monotonic()
    with paused(own_kafka), pytest.raises(Unavailable, match="did not answer: ") as stalled:
        list(tail(topic.settings(), topic.topic, max_per_partition=10, limits=LIMITS))
    assert time.monotonic() - started_at < TIMEOUT_SECONDS
    assert own_kafka.bootstrap in stalled.value.detail
    assert len(topic.read(topic.topic)) == RECORDS


def test_a_pause_before_the_offsets_are_known_ends_the_read(
    own_kafka: LocalKafka, topic: Cluster
) -> None:
    started_at = time.monotonic()
    with (
        pytest.raises(Unavailable, match="did not answer: "),
        bounded_reader(topic.settings(), limits=LIMITS) as reader,
        paused(own_kafka),
    ):
        reader.available([topic.topic])
    assert time.monotonic() - started_at < TIMEOUT_SECONDS


def test_a_read_that_stalls_in_the_middle_names_topic_partition_and_offset(
    own_kafka: LocalKafka, topic: Cluster
) -> None:
    settings = topic.settings()
    with short_lived_consumer(settings, timeout_seconds=LIMITS.stall_seconds) as consumer:
        reader = BoundedReader(consumer, address=own_kafka.bootstrap, limits=LIMITS)
        ranges: dict[Partition, OffsetRange] = reader.available([topic.topic])
        assert sum(end - begin for begin, end in ranges.values()) == RECORDS
        started_at = time.monotonic()
        with (
            paused(own_kafka),
            pytest.raises(Unavailable, match=r"nothing arrived within 3 s: topic .*partition \d"),
        ):
            list(reader.records(ranges))
        assert time.monotonic() - started_at < TIMEOUT_SECONDS
        # The same connection continues after the pause.
        assert len(list(reader.records(ranges))) == RECORDS
