"""Convert rows to Arrow tables, the input format of Delta Lake."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from arro3.core import Array, DataType, Field, Schema
from arro3.core import Table as ArrowTable

from services.retrain.lake.schema import Column, Kind, Row

EPOCH = date(1970, 1, 1)
TYPES: Mapping[Kind, DataType] = {
    "text": DataType.utf8(),
    "integer": DataType.int64(),
    "timestamp": DataType.timestamp("us", tz="UTC"),
    "day": DataType.date32(),
}


def schema_of(columns: Sequence[Column]) -> Schema:
    """The Arrow schema of the columns."""
    return Schema([Field(c.name, TYPES[c.kind], nullable=not c.required) for c in columns])


def table_of(rows: Sequence[Row], columns: Sequence[Column]) -> ArrowTable:
    """Rows as an Arrow table; a column that a row lacks is null."""
    arrays = [_array([row.get(c.name) for row in rows], c.kind) for c in columns]
    return ArrowTable.from_arrays(arrays, schema=schema_of(columns))


def is_panic(error: BaseException) -> bool:
    """Whether an error is a panic of a Rust library, which is no subclass of `Exception`."""
    return type(error).__name__ == "PanicException"


def _array(values: Sequence[Any], kind: Kind) -> Array:
    match kind:
        case "text":
            return Array(values, type=DataType.utf8())
        case "integer":
            return Array(values, type=DataType.int64())
        case "timestamp":
            return Array([_micros(v) for v in values], type=DataType.int64()).cast(TYPES[kind])
        case "day":
            days = [(v - EPOCH).days for v in values]
            return Array(days, type=DataType.int64()).cast(DataType.int32()).cast(TYPES[kind])


def _micros(timestamp: datetime | None) -> int | None:
    """Microseconds since the epoch, in integers: a float would lose some of them."""
    if timestamp is None:
        return None
    since = timestamp.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
