"""The topics of one test on a real Kafka: create, write, read, and get the committed offsets."""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from confluent_kafka import Producer

from shared.events import Feedback
from shared.events.topics import DAY_MS, Topic
from shared.events.wire.record import Header, Record
from shared.messaging.client.settings import MessagingSettings

ALL = 1_000_000
"""A limit above the number of records of any test."""


@dataclass(frozen=True)
class Written:
    """A record to write with another vendor's client."""

    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...] = ()
    partition: int = -1


class Cluster:
    """The topics of one test; it writes with another vendor's client than the code under test."""

    def __init__(self, bootstrap: str, prefix: str, *, partitions: int = 3) -> None:
        self.bootstrap = bootstrap
        self.partitions = partitions
        self.topic = Topic(f"{prefix}feedback", Feedback, DAY_MS)
        self.dead_letters = Topic(self.topic.dead_letters, None, DAY_MS)
        self.group = f"preferstream.tested.{self.topic.name}"
        """The group of a service with the name `tested`."""

    def settings(self, **changes: Any) -> MessagingSettings:
        """Short delays for quick tests; timeouts that are long enough for a slow machine."""
        return MessagingSettings.model_validate(
            {
                "kafka_bootstrap_servers": self.bootstrap,
                "topic_partitions": self.partitions,
                "commit_seconds": 0.1,
                "retry_base_seconds": 0.02,
                "retry_max_seconds": 0.1,
                "session_timeout_seconds": 15.0,
                **changes,
            }
        )

    def provision(self) -> None:
        from shared.messaging.admin.provision import provision

        assert provision(self.settings(), (self.topic, self.dead_letters)) == []

    def write(self, records: Iterable[Written], *, compressed: bool = False) -> None:
        """Write to the topic with another vendor's client; returns when all are acknowledged."""
        producer = Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "message.max.bytes": 50_000_000,
                "enable.idempotence": True,  # otherwise a retry may change the order of batches
                "compression.type": "gzip" if compressed else "none",
            }
        )
        refused: list[str] = []
        for record in records:
            producer.produce(
                self.topic.name,
                key=record.key,
                value=record.value,
                headers=list(record.headers),
                partition=record.partition,
                on_delivery=lambda error, _: refused.append(str(error)) if error else None,
            )
        assert producer.flush(60) == 0
        assert refused == []

    def write_events(self, numbers: Iterable[int], *, users: int = 20) -> None:
        self.write(event(number, user=f"user-{number % users}") for number in numbers)

    def read(self, topic: Topic) -> list[Record]:
        """All records of a topic."""
        from shared.messaging.read.tail import tail

        return list(tail(self.settings(), topic, max_per_partition=ALL))

    def committed(self) -> dict[int, int]:
        """The committed offset of each partition that has one."""
        from kafka import KafkaAdminClient

        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        try:
            offsets = admin.list_group_offsets([self.group])[self.group]
        finally:
            admin.close()
        return {p.partition: entry.offset for p, entry in offsets.items() if entry.offset > 0}


def event(number: int, *, user: str, partition: int = -1) -> Written:
    """A like of image `number`."""
    fields = {
        "event_id": str(uuid4()),
        "occurred_at": "2026-01-31T09:30:00Z",
        "user_id": user,
        "type": "like",
        "image_id": str(number),
    }
    return Written(user.encode(), json.dumps(fields).encode(), partition=partition)


def not_json(number: int, *, partition: int = -1) -> Written:
    return Written(b"user-1", f"not JSON {number}".encode(), partition=partition)


def numbers_of(dead_letters: Sequence[Record]) -> list[int]:
    """The numbers of the `not_json` records among dead letters."""
    return sorted(int((record.value or b"").split()[-1]) for record in dead_letters)


def incompressible(size: int) -> bytes:
    return os.urandom(size)
