"""The clients of apps survive records that cannot be read."""

import asyncio
from pathlib import Path

import pytest

from services.local.kafka.broker import LocalKafka
from shared.client.asynchronous import AsyncClient
from shared.client.topic_reader import topic_reader
from shared.domain.errors import Unavailable
from shared.events.topics import FEEDS, PROFILES
from shared.events.wire.record import Outgoing
from shared.messaging.admin.provision import provision
from shared.messaging.client.producer import BlockingProducer
from tests.integration.cluster import Cluster
from tests.integration.messaging.running_service import until
from tests.integration.records.batch_log import batches_of
from tests.integration.records.test_unreadable import garbage

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


async def test_a_client_receives_the_other_partitions_while_one_has_a_wrong_checksum(
    own_kafka: LocalKafka, own_cluster: Cluster
) -> None:
    settings = own_cluster.settings()
    provision(settings, (FEEDS, PROFILES))
    users = [b"user-%d" % number for number in range(12)]
    received: list[bytes | None] = []

    async def receive(client: AsyncClient) -> None:
        async with client.listening() as records:
            async for record, _ in records:
                received.append(record.key)

    async with AsyncClient(settings) as client:
        receiving = asyncio.create_task(receive(client))
        consumer = client._consumer
        assert consumer is not None
        consumer.pause(*consumer.assignment())  # until the damage is done
        with BlockingProducer(settings) as producer:
            producer.send(*(Outgoing(FEEDS.name, user, b"{}") for user in users))
        damaged = next(
            batch
            for number in range(own_cluster.partitions)
            for batch in batches_of(Path(own_kafka.data_dir), FEEDS.name, number)
        )
        damaged.damage(garbage, keep_checksum=True)
        try:
            consumer.resume(*consumer.assignment())
            await until(lambda: client.blocked_partitions() == 1)
            assert "cannot be read at offset 0" in (client.unreadable_because() or "")
            # The gateway stays ready: the feeds of the other partitions arrive.
            assert await client.unavailable_because() is None
            assert 0 < len(received) < len(users)
            assert client.reader_failure() is None
            with (
                pytest.raises(Unavailable, match=r"cannot be read at offset 0: .* Compare"),
                topic_reader(settings, FEEDS, from_beginning=True) as reader,
            ):
                list(reader.records_for(seconds=5.0))
        finally:
            damaged.repair()
        await until(lambda: set(received) == set(users))
        assert client.unreadable_because() is None
        receiving.cancel()
