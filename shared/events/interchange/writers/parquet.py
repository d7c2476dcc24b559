"""Write events as Parquet: columns for queries, and the whole event as JSON."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from shared.events.topics import CATALOG, FEEDBACK, FEEDS, Topic
from shared.events.types.base import Event
from shared.files.atomic_write import atomic_file

ROWS_OF_A_GROUP: Final = 5_000
"""Rows that are in memory together: a feed of 300 images has 100 KB."""
_TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    CATALOG.name: ("image_id", "uri", "author_id", "created_at", "tags"),
    FEEDBACK.name: ("user_id", "type", "image_id", "request_id", "position", "dwell_ms", "uri"),
    FEEDS.name: (
        "user_id", "request_id", "status", "model_version", "variant", "profile_version", "items",
    ),
}  # fmt: skip
"""Columns of each table after those of every event."""
ITEM_FIELDS: Final = ("image_id", "rank", "score", "propensity", "explored", "source")


class ParquetWriter:
    """Appends events of one topic in groups of rows."""

    def __init__(self, topic: Topic, write: Callable[[list[dict[str, Any]]], None]) -> None:
        self._columns = _TABLES[topic.name]
        self._write = write
        self._rows: list[dict[str, Any]] = []
        self.count = 0

    def write(self, event: Event) -> None:
        self._rows.append(_row(event, self._columns))
        self.count += 1
        if len(self._rows) >= ROWS_OF_A_GROUP:
            self.flush()

    def flush(self) -> None:
        if self._rows:
            self._write(self._rows)
        self._rows = []


@contextmanager
def parquet_writer(path: Path, topic: Topic) -> Iterator[ParquetWriter]:
    """A writer; its file appears complete when the block ends. Raises `OSError`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema(pa, topic)
    with (
        atomic_file(path) as file,
        pq.ParquetWriter(file, schema, compression="zstd") as parquet,
    ):
        writer = ParquetWriter(
            topic, lambda rows: parquet.write_table(pa.Table.from_pylist(rows, schema=schema))
        )
        yield writer
        writer.flush()


def _row(event: Event, columns: tuple[str, ...]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "event_id": str(event.event_id),
        "occurred_at": event.occurred_at,
        "tenant": getattr(event, "tenant", None),
        "event": event.model_dump_json(),
    }
    for name in columns:
        value = getattr(event, name)
        if name == "items":
            value = [{field: getattr(item, field) for field in ITEM_FIELDS} for item in value]
        row[name] = list(value) if isinstance(value, tuple) else value
    return row


def _schema(pa: Any, topic: Topic) -> Any:
    time = pa.timestamp("us", tz="UTC")
    item = pa.struct(
        [
            ("image_id", pa.string()), ("rank", pa.int32()), ("score", pa.float64()),
            ("propensity", pa.float64()), ("explored", pa.bool_()), ("source", pa.string()),
        ]
    )  # fmt: skip
    kinds = {
        "created_at": time, "tags": pa.list_(pa.string()), "items": pa.list_(item),
        "position": pa.int64(), "dwell_ms": pa.int64(), "profile_version": pa.int64(),
    }  # fmt: skip
    return pa.schema(
        [
            ("event_id", pa.string()), ("occurred_at", time), ("tenant", pa.string()),
            *((name, kinds.get(name, pa.string())) for name in _TABLES[topic.name]),
            ("event", pa.string()),
        ]
    )  # fmt: skip
