"""Search every store for a person: what must hold nothing of them, and what Kafka still retains."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.cli.user_data.erasure_report import RetainedRecords, SearchResult
from services.retrain.app import lake_erasure
from services.retrain.config import RetrainSettings
from services.retrain.jobs.erasure import JobErasure
from services.retrain.lake.erased_users import UserKey
from services.retrain.lake.table import LakeBroken
from shared.client.user_records import IsAboutUser
from shared.domain.errors import Unavailable
from shared.events.topics import COMPACTED_WITHIN_MS, DEAD_LETTERS, TOPICS, Topic
from shared.events.wire.record import Record
from shared.messaging.client.connection import Kafka, settings_of
from shared.messaging.read.tail import whole_topic
from shared.store.erasures import QdrantErasures
from shared.store.qdrant import open_qdrant
from shared.store.settings import StoreSettings


@dataclass(frozen=True)
class DataLocations:
    """Where this system keeps what it keeps."""

    kafka: Kafka
    lake: RetrainSettings
    nights: Path
    store: StoreSettings


def search_stores(where: DataLocations, person: UserKey) -> list[SearchResult]:
    """Each store that must hold nothing, looked through by itself, whatever the services say."""
    found = [_compacted(where.kafka, topic, person) for topic in TOPICS if topic.compacted]
    found += _lake(where.lake, person)
    nights = JobErasure(where.nights).remaining(person)
    found += [SearchResult(f"nights in {where.nights}", sum(nights.values()))]
    if where.store.qdrant_url:
        found += asyncio.run(_qdrant(where.store, person))
    return found


def retained_records(kafka: Kafka, person: UserKey) -> list[RetainedRecords]:
    """What lies in Kafka's logs until retention or compaction removes it."""
    found = []
    for topic in (*TOPICS, *DEAD_LETTERS):
        records = list(_about(kafka, topic, person))
        old = [r for r in records if not (topic.compacted and r.value is None)]
        if old:
            kept_ms = COMPACTED_WITHIN_MS if topic.compacted else topic.retention_ms or 0
            newest = max(record.timestamp_ms for record in records)
            until = datetime.fromtimestamp(newest / 1000, UTC) + timedelta(milliseconds=kept_ms)
            found.append(RetainedRecords(topic.name, len(old), until))
    return found


def _compacted(kafka: Kafka, topic: Topic, person: UserKey) -> SearchResult:
    """Latest values that are about the person, under whatever key they stand."""
    latest: dict[bytes | None, Record] = {}
    for record in whole_topic(settings_of(kafka), topic):
        latest[record.key] = record
    about = IsAboutUser(tenant=person[0], user_id=person[1])
    values = [r for r in latest.values() if r.value is not None and about(r)]
    return SearchResult(f"latest values of {topic.name}", len(values))


def _about(kafka: Kafka, topic: Topic, person: UserKey) -> Iterator[Record]:
    return filter(IsAboutUser(tenant=person[0], user_id=person[1]), whole_topic(settings_of(kafka), topic))


def _lake(settings: RetrainSettings, person: UserKey) -> list[SearchResult]:
    try:
        rows = lake_erasure(settings).remaining(person)
    except (Unavailable, LakeBroken) as error:
        return [SearchResult(f"lake {settings.lake_uri}", None, str(error))]
    names = _log_entries_that_name(settings.lake_uri, person)
    return [SearchResult(f"lake table {table}", count) for table, count in rows.items()] + names


def _log_entries_that_name(lake: str, person: UserKey) -> list[SearchResult]:
    """Delta's own log, where it lies in a folder; in object storage it is left to the services."""
    folder = Path(lake.removeprefix("file://"))
    if not folder.is_dir():
        return []
    spelled = f'"{person[1]}'.encode()
    entries = [file for file in folder.glob("*/_delta_log/*.json") if spelled in file.read_bytes()]
    return [SearchResult("log of the lake", len(entries))]


async def _qdrant(settings: StoreSettings, person: UserKey) -> list[SearchResult]:
    try:
        client = open_qdrant(settings)
        try:
            counts = await QdrantErasures(client).remaining(tenant=person[0], user_id=person[1])
        finally:
            await client.close()
    except Unavailable as error:
        return [SearchResult("Qdrant", None, error.detail)]
    return [SearchResult(f"Qdrant {name}", count) for name, count in counts.items()]
