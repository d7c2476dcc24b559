"""Search every store for data of an erased user, and list what Kafka's logs still retain."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from services.cli.user_data.erasure_report import RetainedRecords, SearchResult
from services.retrain.app import lake_erasure
from services.retrain.config import RetrainSettings
from services.retrain.jobs.erasure import JobErasure
from services.retrain.lake.table import LakeBroken
from shared.client.user_records import IsAboutUser
from shared.domain.errors import Unavailable
from shared.domain.times.time_bounds import time_of_ms
from shared.domain.user import User
from shared.events.topics import ALL_TOPICS, COMPACTED_WITHIN_MS, TOPICS, Topic
from shared.events.wire.record import Record
from shared.messaging.client.connection import Kafka, settings_of
from shared.messaging.read.tail import whole_topic
from shared.store.erasures import QdrantErasures
from shared.store.qdrant import open_qdrant
from shared.store.settings import StoreSettings


@dataclass(frozen=True)
class DataLocations:
    """Where the system stores data of users."""

    kafka: Kafka
    lake: RetrainSettings
    training_jobs: Path
    store: StoreSettings


def search_stores(locations: DataLocations, user: User) -> list[SearchResult]:
    """Search each store itself, without relying on the receipts of the services."""
    results = [_latest_values(locations.kafka, topic, user) for topic in TOPICS if topic.compacted]
    results += _lake(locations.lake, user)
    jobs = JobErasure(locations.training_jobs).remaining(user)
    results += [SearchResult(f"training jobs in {locations.training_jobs}", sum(jobs.values()))]
    if locations.store.qdrant_url:
        results += asyncio.run(_qdrant(locations.store, user))
    return results


def retained_records(kafka: Kafka, user: User) -> list[RetainedRecords]:
    """Records that stay in Kafka's logs until retention or compaction removes them."""
    retained = []
    for topic in ALL_TOPICS:
        records = list(_records_about(kafka, topic, user))
        # A tombstone of a compacted topic holds no data.
        values = [r for r in records if not (topic.compacted and r.value is None)]
        if values:
            retention_ms = COMPACTED_WITHIN_MS if topic.compacted else topic.retention_ms or 0
            newest = max(record.timestamp_ms for record in records)
            until = time_of_ms(newest + retention_ms)
            retained.append(RetainedRecords(topic.name, len(values), until))
    return retained


def _latest_values(kafka: Kafka, topic: Topic, user: User) -> SearchResult:
    """Count the latest values about the user, under any key."""
    latest: dict[bytes | None, Record] = {}
    for record in whole_topic(settings_of(kafka), topic):
        latest[record.key] = record
    is_about_user = IsAboutUser(tenant=user.tenant, user_id=user.user_id)
    values = [r for r in latest.values() if r.value is not None and is_about_user(r)]
    return SearchResult(f"latest values of {topic.name}", len(values))


def _records_about(kafka: Kafka, topic: Topic, user: User) -> Iterator[Record]:
    is_about_user = IsAboutUser(tenant=user.tenant, user_id=user.user_id)
    return filter(is_about_user, whole_topic(settings_of(kafka), topic))


def _lake(settings: RetrainSettings, user: User) -> list[SearchResult]:
    try:
        lake = lake_erasure(settings)
        rows, files = lake.remaining(user), lake.files_remaining(user)
    except (Unavailable, LakeBroken) as error:
        return [SearchResult(f"lake {settings.lake_uri}", None, str(error))]
    old_files = sum(count for name, count in files.items() if name.endswith("_files"))
    log_entries = sum(count for name, count in files.items() if name.endswith("_log"))
    return [
        *(SearchResult(f"lake table {table}", count) for table, count in rows.items()),
        SearchResult("files of the lake, live and old", old_files),
        SearchResult("log of the lake", log_entries),
    ]


async def _qdrant(settings: StoreSettings, user: User) -> list[SearchResult]:
    try:
        client = open_qdrant(settings)
        try:
            erasures = QdrantErasures(client)
            counts = await erasures.remaining(tenant=user.tenant, user_id=user.user_id)
        finally:
            await client.close()
    except Unavailable as error:
        return [SearchResult("Qdrant", None, error.detail)]
    return [SearchResult(f"Qdrant {name}", count) for name, count in counts.items()]
