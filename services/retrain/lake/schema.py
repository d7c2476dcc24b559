"""Define the lake's tables: columns for queries, and the whole event as JSON."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal

from shared.domain.errors import Unprocessable
from shared.domain.times.time_bounds import MAX_AHEAD, written_time
from shared.events.topics import CANDIDATES, FEEDBACK, FEEDS, PROFILES, Topic
from shared.events.types.base import Event, UserEvent
from shared.events.wire.codec import decode
from shared.events.wire.record import Record

log = logging.getLogger(__name__)
Kind = Literal["text", "integer", "timestamp", "day"]
Row = Mapping[str, Any]

MAX_AGE: Final = timedelta(days=31)
"""One day longer than Kafka keeps these topics; an earlier timestamp comes from a wrong clock."""
RECORDS_FOR_A_CLOCK: Final = 10
"""Records whose timestamps are compared with our clock; fewer may all come from one wrong clock."""
NOT_CONVERTIBLE: Final = "not_convertible"
"""Value of `refused` for a record on which our own code failed."""


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    name: str
    kind: Kind
    required: bool = False


@dataclass(frozen=True)
class TableSchema:
    """The columns of one topic's table in the lake."""

    name: str
    topic: Topic
    event_columns: tuple[Column, ...]
    """Fields of the event that are columns under the same names."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns in order."""
        return (*COMMON, *self.event_columns, *LAST)


COMMON: Final = (
    Column("day", "day", required=True),
    Column("kafka_partition", "integer", required=True),
    Column("kafka_offset", "integer", required=True),
    Column("written_at", "timestamp", required=True),
    Column("collected_at", "timestamp", required=True),
    Column("refused", "text"),
    Column("event_id", "text"),
    Column("occurred_at", "timestamp"),
    Column("tenant", "text"),
    Column("user_id", "text"),
)
LAST: Final = (Column("event", "text"),)

TABLES: Final = (
    TableSchema(
        "feeds",
        FEEDS,
        (
            Column("request_id", "text"),
            Column("status", "text"),
            Column("model_version", "text"),
            Column("variant", "text"),
            Column("profile_version", "integer"),
        ),
    ),
    TableSchema(
        "feedback",
        FEEDBACK,
        (
            Column("type", "text"),
            Column("image_id", "text"),
            Column("request_id", "text"),
            Column("position", "integer"),
            Column("dwell_ms", "integer"),
        ),
    ),
    TableSchema("candidates", CANDIDATES, (Column("request_id", "text"),)),
    TableSchema("profiles", PROFILES, (Column("profile_version", "integer"),)),
)
"""Training uses feeds and feedback; candidates hold the addresses of the images, and profiles the
taste that scored them. Kafka deletes old candidates, and compacts profiles."""


def reader_time(records: Sequence[Record], now: datetime) -> datetime:
    """The time at which a batch is read: `now`, or a later one where our clock is far behind.

    A machine that resumes with the clock of yesterday would refuse today's events as from the
    future, for ever, because each record is collected once. The median Kafka timestamp of a batch
    is then the better clock; few records with wrong timestamps do not change it.
    """
    times = sorted(t for r in records if (t := written_time(r.timestamp_ms)) is not None)
    if len(times) < RECORDS_FOR_A_CLOCK:
        return now
    median = times[(len(times) - 1) // 2]
    return median if median - now > MAX_AHEAD else now


def row_of(schema: TableSchema, record: Record, *, now: datetime) -> Row:
    """A record as a row; an invalid record is kept too, with the reason in `refused`.

    Never raises: an error in our own code costs the row, not the collection. A time is compared
    with `now` once: a row that was stored stays as it is, also when the record is read again later.
    """
    position = {
        "day": _day(record.timestamp_ms, now),
        "kafka_partition": record.partition,
        "kafka_offset": record.offset,
        "written_at": written_time(record.timestamp_ms, now=now) or now,
        "collected_at": now,
    }
    try:
        return position | _event_values(schema, decode(schema.topic, record, now=now))
    except Unprocessable as error:
        reason = error.reason
    except Exception:
        log.exception(
            "%s cannot be converted to a row; it is kept as an invalid row", record.source
        )
        reason = NOT_CONVERTIBLE
    value = None if record.value is None else record.value.decode("utf-8", "replace")
    return position | {"refused": reason, "event": value}


def _event_values(schema: TableSchema, event: Event) -> dict[str, Any]:
    assert isinstance(event, UserEvent), "the lake has tables of users' events only"
    fields = {column.name: getattr(event, column.name) for column in schema.event_columns}
    return fields | {
        "event_id": str(event.event_id),
        "occurred_at": event.occurred_at,
        "tenant": event.tenant,
        "user_id": event.user_id,
        "event": event.model_dump_json(),
    }


def _day(timestamp_ms: int, now: datetime) -> date:
    """The day of the record's timestamp; today if the timestamp is older than `MAX_AGE` or ahead.

    Each batch writes one file a day: random timestamps would make thousands of files.
    """
    written = written_time(timestamp_ms, now=now)
    is_plausible = written is not None and now - MAX_AGE <= written
    return (written if written is not None and is_plausible else now).astimezone(UTC).date()
