"""Read the events of a tenant for an export: from the lake, then from Kafka what it lacks."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.cli.interchange.erased import ErasedUsers
from services.retrain.lake.erased_users import ErasureTable
from services.retrain.lake.stored_events import stored_events
from services.retrain.lake.table import LakeTable
from shared.domain.clock import system_clock
from shared.domain.errors import Unprocessable
from shared.domain.times.time_bounds import written_time
from shared.events.topics import Topic
from shared.events.types.base import Event
from shared.events.wire.codec import decode
from shared.events.wire.record import Record
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.bounded_reader import bounded_reader
from shared.messaging.read.limits import LONG_READ_LIMITS

REMEMBERED_IDS: Final = 200_000
"""Redelivered events follow one another closely; older repetitions keep their id for the reader."""


@dataclass
class ExportSource:
    """The places from which an export reads; either may be missing."""

    tenant: str
    kafka: MessagingSettings | None
    tables: dict[str, LakeTable]
    """Tables of the lake by topic; empty without the lake."""
    erasures: ErasureTable | None
    erased: ErasedUsers
    left_out: int = 0
    """Events of erased users."""
    invalid: int = 0
    """Records that are no valid events."""

    def events(self, topic: Topic) -> Iterator[Event]:
        """Every event of the tenant once; raises `Unavailable` and `LakeBroken`.

        The lake stores up to which offset it has collected a partition: Kafka is read from there.
        """
        seen: OrderedDict[UUID, None] = OrderedDict()
        for event in self._all(topic):
            if event.event_id in seen:
                continue
            seen[event.event_id] = None
            if len(seen) > REMEMBERED_IDS:
                seen.popitem(last=False)
            yield event

    def latest(self, topic: Topic) -> Iterator[Event]:
        """The latest event of each key of a compacted topic, without tombstones.

        Two passes: the first one notes where each key's latest record is, so that memory holds
        keys only.
        """
        places: dict[bytes | None, tuple[int, int]] = {}
        for record in self._records(topic, {}):
            places[record.key] = (record.partition, record.offset)
        for record in self._records(topic, {}):
            if places.get(record.key) == (record.partition, record.offset):
                yield from self._valid(topic, record)

    def _all(self, topic: Topic) -> Iterator[Event]:
        table = self.tables.get(topic.name)
        collected: dict[int, int] = {}
        if table is not None and self.erasures is not None and table.exists():
            # Before the rows: records that are collected meanwhile are read twice, not never.
            collected = table.offsets(self._partitions(topic))
            for event, written_at in stored_events(table, self.erasures, tenant=self.tenant):
                if self.erased.covers(event, written_at=written_at):
                    self.left_out += 1
                else:
                    yield event
        for record in self._records(topic, collected):
            yield from self._valid(topic, record)

    def _partitions(self, topic: Topic) -> list[int]:
        if self.kafka is None:
            return []
        with bounded_reader(self.kafka) as reader:
            return [number for _, number in reader.available([topic])]

    def _records(self, topic: Topic, collected: dict[int, int]) -> Iterator[Record]:
        if self.kafka is None:
            return
        with bounded_reader(self.kafka, limits=LONG_READ_LIMITS) as reader:
            ranges = {
                partition: (min(max(begin, collected.get(partition[1], 0)), end), end)
                for partition, (begin, end) in reader.available([topic]).items()
            }
            yield from reader.records(ranges)

    def _valid(self, topic: Topic, record: Record) -> Iterator[Event]:
        if record.value is None:
            return
        try:
            event = decode(topic, record)
        except Unprocessable:
            self.invalid += 1
            return
        if getattr(event, "tenant", None) != self.tenant:
            return
        written_at = written_time(record.timestamp_ms, now=system_clock())
        if self.erased.covers(event, written_at=written_at):
            self.left_out += 1
            return
        yield event
