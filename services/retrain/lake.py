"""Keep rows in Delta tables, each commit with the Kafka offsets that it reaches.

The offsets are the table's own transactions (`txn` actions, one application id a partition), so
rows and offsets become visible together or not at all. Tables need reader version 1 and writer
version 2, which every Delta reader has: Spark, Trino, DuckDB.
"""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from arro3.core import Array, DataType, Field, Schema
from arro3.core import Table as ArrowTable
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from services.retrain.columns import Column, Kind, Row, Table
from shared.errors import Unavailable

log = logging.getLogger(__name__)
EPOCH = date(1970, 1, 1)
TYPES: Mapping[Kind, DataType] = {
    "text": DataType.utf8(),
    "number": DataType.int64(),
    "moment": DataType.timestamp("us", tz="UTC"),
    "day": DataType.date32(),
}
_STORE_SAYS_NO = re.compile(r"os error (?!2\b)\d+|Generic \w+ error")
"""Delta has one error for all; this is how it tells of a disk or a store that refuses. What is not
there (os error 2) will not come back by itself."""
COMPACTED_BYTES = 128 * 1024 * 1024
"""Size that compaction aims at: a file is then worth opening, and small against memory."""


class LakeBroken(Exception):
    """A table cannot be read; the text says which and what to do."""


class TakenByAnother(Exception):
    """Another instance committed these records first; its rows stand, ours were not written."""


class LakeTable:
    """One table, opened anew for each use, since others write to it as well."""

    def __init__(
        self, lake: str, table: Table, *, storage_options: Mapping[str, str] | None = None
    ) -> None:
        self.table = table
        self.uri = f"{lake.rstrip('/')}/{table.name}"
        self._options = dict(storage_options or {})

    def prepare(self) -> None:
        """Create the table if it is missing."""
        with self._translated():
            if not DeltaTable.is_deltatable(self.uri, self._options):
                DeltaTable.create(
                    self.uri,
                    schema=_schema(self.table.columns),
                    mode="ignore",
                    partition_by=["day"],
                    name=self.table.name,
                    description=f"{self.table.topic.name}: one row a record",
                    storage_options=self._options,
                )

    def offsets(self, partitions: Sequence[int]) -> dict[int, int]:
        """Where each partition goes on; those never read are left out."""
        with self._translated():
            opened = self._open()
            found = {p: opened.transaction_version(self._application(p)) for p in partitions}
        return {p: offset for p, offset in found.items() if offset is not None}

    def append(
        self,
        rows: Sequence[Row],
        next_offsets: Mapping[int, int],
        *,
        after: Mapping[int, int | None],
    ) -> None:
        """Rows and offsets in one commit, if the partitions still go on `after` those offsets.

        Raises `TakenByAnother`, `LakeBroken` and `Unavailable`; then nothing was written.
        """
        transactions = [Transaction(self._application(p), at) for p, at in next_offsets.items()]
        with self._translated():
            opened = self._open()
            # What another instance committed before this line is found here, and what it commits
            # after it makes the commit fail: two transactions of one application id collide.
            for partition in next_offsets:
                found = opened.transaction_version(self._application(partition))
                if found != after.get(partition):
                    raise TakenByAnother(
                        f"{self.uri}: partition {partition} goes on at {found}, not"
                        f" {after.get(partition)}"
                    )
            write_deltalake(
                opened,
                _arrow(rows, self.table.columns),
                mode="append",
                # A column that is new to the table is added to it; one that we lost stays null.
                schema_mode="merge",
                commit_properties=CommitProperties(app_transactions=transactions),
            )

    def files_by_day(self) -> dict[str, int]:
        """How many files each day has."""
        counts: dict[str, int] = {}
        with self._translated():
            actions = self._open().get_add_actions(flatten=True)
            for day in ArrowTable.from_arrow(actions).column("partition.day").to_pylist():
                counts[str(day)] = counts.get(str(day), 0) + 1
        return counts

    def compact(self, days: Sequence[str], *, vacuum_days: int) -> None:
        """Make the files of these days into few, and delete what was replaced long ago."""
        with self._translated():
            for day in days:
                self._open().optimize.compact(
                    partition_filters=[("day", "=", day)], target_size=COMPACTED_BYTES
                )
            self._open().vacuum(
                retention_hours=vacuum_days * 24,
                dry_run=False,
                enforce_retention_duration=False,
            )

    def _open(self) -> DeltaTable:
        return DeltaTable(self.uri, storage_options=self._options)

    def _application(self, partition: int) -> str:
        return f"preferstream.collect/{self.table.topic.name}/{partition}"

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Delta's failures by what can be done about them."""
        try:
            yield
        except CommitFailedError as error:
            raise TakenByAnother(f"{self.uri}: {_first_line(error)}") from error
        except (DeltaError, TableNotFoundError, OSError, ValueError) as error:
            if _STORE_SAYS_NO.search(str(error)):
                raise Unavailable(
                    "lake",
                    f"{self.uri} cannot be written or read: {_first_line(error)}. Is there room"
                    " on the disk, and may we write there? Nothing is lost: Kafka keeps what is"
                    " not yet here",
                ) from error
            raise LakeBroken(
                f"the Delta table {self.uri} cannot be used: {_first_line(error)}. Bring the folder"
                " back from a copy; or move it away, and collecting begins anew with what Kafka"
                " still has"
            ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:500]


def _schema(columns: Sequence[Column]) -> Schema:
    return Schema([Field(c.name, TYPES[c.kind], nullable=not c.required) for c in columns])


def _arrow(rows: Sequence[Row], columns: Sequence[Column]) -> ArrowTable:
    arrays = [_array([row.get(c.name) for row in rows], c.kind) for c in columns]
    return ArrowTable.from_arrays(arrays, schema=_schema(columns))


def _array(values: Sequence[Any], kind: Kind) -> Array:
    match kind:
        case "text":
            return Array(values, type=DataType.utf8())
        case "number":
            return Array(values, type=DataType.int64())
        case "moment":
            return Array([_micros(v) for v in values], type=DataType.int64()).cast(TYPES[kind])
        case "day":
            days = [(v - EPOCH).days for v in values]
            return Array(days, type=DataType.int64()).cast(DataType.int32()).cast(TYPES[kind])


def _micros(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
