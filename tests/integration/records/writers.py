"""Write compressed batches with four producers: three Python clients, and Kafka's own Java code."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from aiokafka import AIOKafkaProducer
from confluent_kafka import Producer
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import ConfigResource

from tests.integration.cluster import Cluster, Written

CODECS: Final = ("gzip", "snappy", "lz4", "zstd")
MAX_REQUEST_BYTES: Final = 50_000_000
Write = Callable[[Cluster, str, Sequence[Written]], None]
"""Writes the records in one batch of this codec, all to the partition of the first one."""


def with_kafka_python(cluster: Cluster, codec: str, records: Sequence[Written]) -> None:
    producer = KafkaProducer(
        bootstrap_servers=cluster.bootstrap,
        compression_type=codec,
        linger_ms=500,
        batch_size=MAX_REQUEST_BYTES,
        max_request_size=MAX_REQUEST_BYTES,
    )
    try:
        sent = [
            producer.send(cluster.topic.name, r.value, r.key, partition=r.partition)
            for r in records
        ]
        producer.flush()
        for future in sent:
            future.get(timeout=60)
    finally:
        producer.close()


def with_librdkafka(cluster: Cluster, codec: str, records: Sequence[Written]) -> None:
    producer = Producer(
        {
            "bootstrap.servers": cluster.bootstrap,
            "compression.type": codec,
            "linger.ms": 500,
            "batch.size": MAX_REQUEST_BYTES,
            "message.max.bytes": MAX_REQUEST_BYTES,
        }
    )
    refused: list[str] = []
    for record in records:
        producer.produce(
            cluster.topic.name,
            key=record.key,
            value=record.value,
            partition=record.partition,
            on_delivery=lambda error, _: refused.append(str(error)) if error else None,
        )
    assert producer.flush(60) == 0
    assert refused == []


def with_aiokafka(cluster: Cluster, codec: str, records: Sequence[Written]) -> None:
    asyncio.run(_with_aiokafka(cluster, codec, records))


def with_java(cluster: Cluster, codec: str, records: Sequence[Written]) -> None:
    """The broker compresses the batch again, with the code and the libraries of Java producers."""
    set_topic(cluster, {"compression.type": codec})
    try:
        # From another codec, since the broker keeps a batch that has the topic's codec.
        with_librdkafka(cluster, "lz4" if codec == "gzip" else "gzip", records)
    finally:
        set_topic(cluster, {"compression.type": "producer"})


WRITERS: Final[Mapping[str, Write]] = {
    "kafka-python": with_kafka_python,
    "librdkafka": with_librdkafka,
    "aiokafka": with_aiokafka,
    "java": with_java,
}


def set_topic(cluster: Cluster, configs: Mapping[str, str]) -> None:
    """Change the configuration of the topic."""
    admin = KafkaAdminClient(bootstrap_servers=cluster.bootstrap)
    try:
        admin.alter_configs([ConfigResource("topic", cluster.topic.name, dict(configs))])
    finally:
        admin.close()


async def _with_aiokafka(cluster: Cluster, codec: str, records: Sequence[Written]) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=cluster.bootstrap,
        compression_type=codec,
        linger_ms=500,
        max_batch_size=MAX_REQUEST_BYTES,
        max_request_size=MAX_REQUEST_BYTES,
    )
    await producer.start()
    try:
        sent = [
            await producer.send(cluster.topic.name, r.value, r.key, partition=r.partition)
            for r in records
        ]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()
