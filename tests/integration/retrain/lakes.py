"""Create a topic and a lake for one test, send records, and collect them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import duckdb
from confluent_kafka import Producer
from deltalake import DeltaTable
from prometheus_client import CollectorRegistry

from services.retrain.app import build_collector
from services.retrain.config import RetrainSettings
from services.retrain.lake.collect import Collector
from services.retrain.lake.schema import TABLES, TableSchema
from services.retrain.lake.table import LakeTable
from shared.events import Feedback
from shared.events.topics import FEEDBACK, Topic
from shared.events.wire.codec import encode
from shared.messaging.admin.provision import provision
from shared.messaging.client.settings import MessagingSettings

PARTITIONS = 3


@dataclass(frozen=True)
class Lake:
    """One feedback topic and its table."""

    kafka: str
    folder: Path
    topic: Topic

    @property
    def schema(self) -> TableSchema:
        (feedback,) = (table for table in TABLES if table.topic is FEEDBACK)
        return TableSchema("feedback", self.topic, feedback.event_columns)

    def collector(self, registry: CollectorRegistry | None = None, **settings: Any) -> Collector:
        """A collector with the wiring of the service, on this topic."""
        return build_collector(
            RetrainSettings(lake_uri=str(self.folder), **settings),
            MessagingSettings(kafka_bootstrap_servers=self.kafka),
            registry or CollectorRegistry(),
            tables=[self.schema],
        )

    def delta(self) -> DeltaTable:
        return DeltaTable(LakeTable(str(self.folder), self.schema).uri)

    def rows(self, columns: str = "*") -> list[tuple[Any, ...]]:
        """The table as DuckDB reads it, in the order of the topic."""
        files = self.delta().file_uris()
        if not files:
            return []
        with duckdb.connect() as connection:
            return connection.execute(
                f"SELECT {columns} FROM read_parquet(?, hive_partitioning=true,"
                " hive_types={'day': DATE}, union_by_name=true)"
                " ORDER BY kafka_partition, kafka_offset",
                [files],
            ).fetchall()

    def positions(self) -> list[tuple[int, int]]:
        """Partition and offset of each row."""
        return [(int(p), int(o)) for p, o in self.rows("kafka_partition, kafka_offset")]


def new_lake(kafka: str, folder: Path, prefix: str) -> Lake:
    topic = Topic(f"{prefix}feedback.v1", Feedback, FEEDBACK.retention_ms)
    provision(
        MessagingSettings(kafka_bootstrap_servers=kafka, topic_partitions=PARTITIONS), [topic]
    )
    return Lake(kafka, folder, topic)


class Sender:
    """Sends records to all partitions, with the timestamp that a test sets."""

    def __init__(self, lake: Lake) -> None:
        self._topic = lake.topic.name
        self._producer = Producer({"bootstrap.servers": lake.kafka, "acks": "all", "log_level": 0})
        self.sent: list[tuple[int, int]] = []

    def send(self, values: Iterable[bytes | None], *, timestamp_ms: int = 0) -> None:
        """Send to the partitions one after another; return when all records are acknowledged."""
        for number, value in enumerate(values):
            self._producer.produce(
                self._topic, value=value, partition=number % PARTITIONS,
                timestamp=timestamp_ms, on_delivery=self._delivered,
            )  # fmt: skip
        assert self._producer.flush(30) == 0

    def _delivered(self, error: object, message: Any) -> None:
        assert error is None
        self.sent.append((message.partition(), message.offset()))


def views(count: int, *, event_id: UUID | None = None) -> list[bytes]:
    return [_view(event_id or uuid4(), f"img-{n}") for n in range(count)]


def _view(event_id: UUID, image_id: str) -> bytes:
    event = {
        "event_id": str(event_id),
        "occurred_at": "2026-01-31T09:30:00Z",
        "user_id": "u",
        "type": "view",
        "image_id": image_id,
        "request_id": "r",
        "position": 1,
    }
    value = encode(Feedback.model_validate_json(json.dumps(event))).value
    assert value is not None
    return value


def each_once(positions: Sequence[tuple[int, int]], sent: Sequence[tuple[int, int]]) -> bool:
    return sorted(positions) == sorted(sent)
