"""Write records in transactions, with aiokafka's transactional producer."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from tests.integration.cluster import Cluster, Written


@asynccontextmanager
async def transactional(
    cluster: Cluster, *, timeout_seconds: float = 60.0
) -> AsyncIterator[AIOKafkaProducer]:
    """A transactional producer; an open transaction ends by Kafka's timeout."""
    producer = AIOKafkaProducer(
        bootstrap_servers=cluster.bootstrap,
        transactional_id=f"test-{uuid4().hex}",
        transaction_timeout_ms=int(timeout_seconds * 1000),
    )
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def send(producer: AIOKafkaProducer, cluster: Cluster, records: Iterable[Written]) -> None:
    """Send in the transaction that is open, and wait for the acknowledgements."""
    for record in records:
        partition = None if record.partition < 0 else record.partition
        await producer.send_and_wait(cluster.topic.name, record.value, record.key, partition)


async def write(cluster: Cluster, records: Iterable[Written], *, commit: bool) -> None:
    """One transaction of its own producer."""
    async with transactional(cluster) as producer:
        await producer.begin_transaction()
        await send(producer, cluster, records)
        if commit:
            await producer.commit_transaction()
        else:
            await producer.abort_transaction()
