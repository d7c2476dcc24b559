"""Publishing returns after Kafka's acknowledgement, and translates its errors."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.domain.errors import Unavailable, Unprocessable
from shared.events.wire.record import Outgoing
from shared.messaging.client.producer import BlockingProducer
from shared.messaging.publisher import KafkaPublisher
from tests.integration.cluster import Cluster, incompressible

pytestmark = pytest.mark.kafka

HEADERS = (("null", None), ("not-utf8", b"\xff\xfe"), ("twice", b"1"), ("twice", b"2"))


@pytest.fixture
async def publisher(cluster: Cluster) -> AsyncIterator[KafkaPublisher]:
    started = KafkaPublisher(cluster.settings(), client_id="tested")
    await started.start()
    yield started
    await started.stop()


def topic_of_small_records(cluster: Cluster) -> str:
    """A topic with a smaller limit than the client's, so that Kafka itself refuses the record."""
    from kafka import KafkaAdminClient

    name = f"{cluster.topic.name}.small"
    options = {
        "num_partitions": 1,
        "replication_factor": 1,
        "configs": {"max.message.bytes": "1000"},
    }
    admin = KafkaAdminClient(bootstrap_servers=cluster.bootstrap)
    try:
        admin.create_topics({name: options})
        admin.wait_for_topics([name], timeout_ms=60_000)
    finally:
        admin.close()
    return name


async def test_published_records_are_in_the_topic_unchanged(
    cluster: Cluster, publisher: KafkaPublisher
) -> None:
    name = cluster.topic.name
    sent = [
        Outgoing(name, b"\xffkey", b"\x00\xffvalue", HEADERS),
        Outgoing(name, b"tombstone", None),
        Outgoing(name, None, b""),
    ]
    await publisher.send(*sent)
    records = await asyncio.to_thread(cluster.read, cluster.topic)
    assert {(record.key, record.value, record.headers) for record in records} == {
        (record.key, record.value, record.headers) for record in sent
    }


async def test_a_tombstone_has_a_key_and_no_value(
    cluster: Cluster, publisher: KafkaPublisher
) -> None:
    await publisher.tombstone(cluster.topic, "user-42")
    (record,) = await asyncio.to_thread(cluster.read, cluster.topic)
    assert (record.key, record.value) == (b"user-42", None)


async def test_a_record_that_kafka_itself_refuses_is_unprocessable(
    cluster: Cluster, publisher: KafkaPublisher
) -> None:
    name = await asyncio.to_thread(topic_of_small_records, cluster)
    with pytest.raises(Unprocessable, match="record_too_large"):
        await publisher.send(Outgoing(name, b"k", incompressible(2000)))
    await publisher.send(Outgoing(name, b"k", b"small"))


async def test_a_record_that_is_too_large_is_refused(
    cluster: Cluster, publisher: KafkaPublisher
) -> None:
    huge = Outgoing(cluster.topic.name, b"k", incompressible(5_000_000))
    with pytest.raises(Unprocessable, match="record_too_large"):
        await publisher.send(huge)
    slightly_too_large = Outgoing(cluster.topic.name, b"k", incompressible(4 * 1024 * 1024 + 10))
    with pytest.raises(Unprocessable, match="record_too_large"):
        await publisher.send(slightly_too_large)
    await publisher.send(Outgoing(cluster.topic.name, b"k", b"v"))


async def test_a_stopped_publisher_is_unavailable(cluster: Cluster) -> None:
    publisher = KafkaPublisher(cluster.settings(), client_id="tested")
    with pytest.raises(Unavailable, match="the publisher is not running"):
        await publisher.send(Outgoing(cluster.topic.name, b"k", b"v"))


async def test_a_publisher_without_kafka_does_not_start(cluster: Cluster) -> None:
    publisher = KafkaPublisher(
        cluster.settings(kafka_bootstrap_servers="127.0.0.1:9"), client_id="tested"
    )
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:9"):
        await publisher.start()


def test_the_blocking_producer_refuses_a_record_that_is_too_large_as_the_publisher_does(
    cluster: Cluster,
) -> None:
    with BlockingProducer(cluster.settings()) as producer:
        for size in (5_000_000, 4 * 1024 * 1024 + 10):
            with pytest.raises(Unprocessable, match="record_too_large"):
                producer.send(Outgoing(cluster.topic.name, b"k", incompressible(size)))
        name = topic_of_small_records(cluster)
        with pytest.raises(Unprocessable, match="record_too_large"):
            producer.send(Outgoing(name, b"k", incompressible(2000)))
        producer.send(Outgoing(cluster.topic.name, b"k", b"v"))
    assert [record.value for record in cluster.read(cluster.topic)] == [b"v"]
