"""Delete a user's rows from the lake's tables, and the old files that still hold them."""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from arro3.core import Table as ArrowTable
from deltalake import CommitProperties, QueryBuilder, Transaction, write_deltalake

from services.retrain.lake.arrow_tables import table_of
from services.retrain.lake.erased_users import ErasureTable, user_of
from services.retrain.lake.file_search import Covers, TableFiles
from services.retrain.lake.table import FENCE, ConcurrentCommit, LakeTable
from shared.domain.erasures import Erasure
from shared.domain.errors import Unavailable
from shared.domain.user import User

log = logging.getLogger(__name__)
ATTEMPTS: Final = 5
"""A commit can collide with collections and compactions, which last seconds every few minutes."""
ROWS_PER_DELETE: Final = 1_000
"""The predicate of a delete names each row."""
ORPHAN_HOURS: Final = 1
"""Age from which a file that no commit names is deleted: a commit follows its files in seconds."""
Position = tuple[int, int]
"""Kafka partition and offset of a row."""


class LakeErasure:
    """Erases from every table; blocking, so it runs in its own thread."""

    def __init__(self, tables: Sequence[LakeTable], erasures: ErasureTable) -> None:
        self._tables = tables
        self._erasures = erasures

    def erase(self, user: User, erasure: Erasure, *, now: datetime) -> dict[str, int]:
        """Delete the user's rows; return their number by table.

        Safe while a collector runs, because of the order: the erasure is stored before the fence
        is incremented. A batch that was filtered before the erasure cannot be committed after it,
        and a batch that is filtered later leaves the user out.
        Raises `Unavailable` and `LakeBroken`.
        """
        for table in self._tables:
            # Also an empty table: Kafka's older records of the user may be collected later.
            table.prepare()
        with self._tables[0].translated():
            self._erasures.add(user, erasure, now=now)
        for table in self._tables:
            _commit(table, _increment_fence)
        return {table.schema.name: self._remove(table, user, erasure) for table in self._tables}

    def remaining(self, user: User, erasure: Erasure | None = None) -> dict[str, int]:
        """Number of the user's rows by table; with an erasure, of the rows that it covers."""
        return {
            table.schema.name: len(_positions(table, user, erasure))
            for table in self._tables
            if table.exists()
        }

    def files_remaining(self, user: User, erasure: Erasure | None = None) -> dict[str, int]:
        """Number of files by table that still have such rows, or name the user in Delta's log.

        Live and old files are read as the disk lists them; raises as `erase`.
        """
        counts: dict[str, int] = {}
        for table in self._tables:
            if not table.exists():
                continue
            with table.translated():
                files = TableFiles(table)
                counts[f"{table.schema.name}_files"] = len(files.with_rows(user, _covers(erasure)))
                counts[f"{table.schema.name}_log"] = files.log_entries(user.user_id)
        return counts

    def rows(self, user: User) -> dict[str, list[str]]:
        """The user's events as they were collected, by table; raises as `erase`."""
        return {
            table.schema.name: [row["event"] or "" for row in _rows(table, user, all_events=True)]
            for table in self._tables
            if table.exists()
        }

    def _remove(self, table: LakeTable, user: User, erasure: Erasure) -> int:
        positions = _positions(table, user, erasure)
        for begin in range(0, len(positions), ROWS_PER_DELETE):
            predicate = _predicate(positions[begin : begin + ROWS_PER_DELETE])
            _commit(table, partial(_delete, predicate=predicate))
        with table.translated():
            _delete_replaced_files(table)
            # A vacuum may leave old files behind, and does not see those of a failed commit.
            TableFiles(table).delete_unnamed(user, _covers(erasure))
        return len(positions)


def _positions(table: LakeTable, user: User, erasure: Erasure | None) -> list[Position]:
    """Positions of the user's rows. A delete by user id would keep the id in Delta's log."""
    return [
        (row["kafka_partition"], row["kafka_offset"])
        for row in _rows(table, user, all_events=False)
        if _covers(erasure)(row)
    ]


def _covers(erasure: Erasure | None) -> Covers:
    """Whether an erasure covers a row; without one, every row counts."""
    return lambda row: (
        erasure is None
        or erasure.covers(occurred_at=row["occurred_at"], written_at=row["written_at"])
    )


def _rows(table: LakeTable, user: User, *, all_events: bool) -> list[dict[str, Any]]:
    """The user's rows, including invalid records whose text names the user.

    Without `all_events` the column `event` is read only for invalid records, which need it.
    """
    event = "event" if all_events else "CASE WHEN user_id IS NULL THEN event END AS event"
    with table.translated():
        query = QueryBuilder().register("rows", table.open())
        rows = query.execute(
            "SELECT kafka_partition, kafka_offset, written_at, occurred_at, tenant, user_id,"
            f" {event} FROM rows"
            f" WHERE user_id = {_quoted(user.user_id)} OR (user_id IS NULL AND event IS NOT NULL)"
        ).read_all()
    return [row for row in _dicts(ArrowTable.from_arrow(rows)) if user_of(row) == user]


def _increment_fence(table: LakeTable) -> None:
    delta = table.open()
    incremented = Transaction(FENCE, (delta.transaction_version(FENCE) or 0) + 1)
    write_deltalake(
        delta,
        table_of([], table.schema.columns),
        mode="append",
        schema_mode="merge",
        commit_properties=CommitProperties(app_transactions=[incremented]),
    )


def _delete(table: LakeTable, *, predicate: str) -> None:
    table.open().delete(predicate)


def _delete_replaced_files(table: LakeTable) -> None:
    """Delete files that deletes and compactions replaced; a reader of such a file must start again.

    The first call follows Delta's log, and so leaves the files that a collector writes now. The
    second call lists the folder, for the files of a collector that died.
    """
    for hours, folder in ((0, False), (ORPHAN_HOURS, True)):
        table.open().vacuum(
            retention_hours=hours, dry_run=False, enforce_retention_duration=False, full=folder
        )


def _commit(table: LakeTable, change: Callable[[LakeTable], None]) -> None:
    """Commit a change; if another commit came first, try again on the new version of the table."""
    for _ in range(ATTEMPTS):
        try:
            with table.translated():
                change(table)
            return
        except ConcurrentCommit as error:
            log.info("another commit came first: %s", error)
    raise Unavailable(
        "lake", f"other commits to {table.uri} came first in {ATTEMPTS} attempts; try again later"
    )


def _predicate(positions: Sequence[Position]) -> str:
    by_partition: dict[int, list[int]] = {}
    for partition, offset in positions:
        by_partition.setdefault(partition, []).append(offset)
    return " OR ".join(
        f"(kafka_partition = {partition} AND kafka_offset IN ({', '.join(map(str, offsets))}))"
        for partition, offsets in by_partition.items()
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _dicts(table: ArrowTable) -> Iterator[dict[str, Any]]:
    columns = [table.column(name).to_pylist() for name in table.column_names]
    for values in zip(*columns, strict=True):
        yield dict(zip(table.column_names, values, strict=True))
