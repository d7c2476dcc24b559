"""One test's own topics on the real Kafka: make them, write to them, read them, see commits."""

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
"""More records than any test writes."""


@dataclass(frozen=True)
class Written:
    """A record as a foreign client writes it."""

    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...] = ()
    partition: int = -1


class Cluster:
    """What a test does with Kafka beside the code that it tests; each call has an end."""

    def __init__(self, bootstrap: str, prefix: str, *, partitions: int = 3) -> None:
        self.bootstrap = bootstrap
        self.partitions = partitions
        self.topic = Topic(f"{prefix}feedback", Feedback, DAY_MS)
        self.letters = Topic(self.topic.dead_letters, None, DAY_MS)
        self.group = f"preferstream.tested.{self.topic.name}"
        """The group of a service that is called `tested`."""

    def settings(self, **changes: Any) -> MessagingSettings:
        """Short waits, so that tests are quick; time-outs that no slow machine runs into."""
        return MessagingSettings.model_validate(
            {
                "kafka": self.bootstrap,
                "topic_partitions": self.partitions,
                "commit_seconds": 0.1,
                "retry_first_seconds": 0.02,
                "retry_longest_seconds": 0.1,
                "session_timeout_seconds": 15.0,
                **changes,
            }
        )

    def provision(self) -> None:
        from shared.messaging.admin.provision import provision

        assert provision(self.settings(), (self.topic, self.letters)) == []

    def write(self, records: Iterable[Written], *, compressed: bool = False) -> None:
        """To the topic, with a client that is not ours; returns when all are acknowledged."""
        producer = Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "message.max.bytes": 50_000_000,
                "enable.idempotence": True,  # else batches that are sent again may change places
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
        """Everything that lies in a topic now."""
        from shared.messaging.read.tail import tail

        return list(tail(self.settings(), topic, most=ALL))

    def committed(self) -> dict[int, int]:
        """How far the group has committed, by partition, where it has got anywhere."""
        from kafka import KafkaAdminClient

        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        try:
            found = admin.list_group_offsets([self.group])[self.group]
        finally:
            admin.close()
        return {place.partition: said.offset for place, said in found.items() if said.offset > 0}


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


def numbers_of(letters: Sequence[Record]) -> list[int]:
    """Which of `not_json` lie among dead letters."""
    return sorted(int((letter.value or b"").split()[-1]) for letter in letters)


def incompressible(size: int) -> bytes:
    return os.urandom(size)
