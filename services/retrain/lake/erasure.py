"""Remove a person's rows from the lake's tables, and the files that still hold them."""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from arro3.core import Table as ArrowTable
from deltalake import CommitProperties, QueryBuilder, Transaction, write_deltalake

from services.retrain.lake.arrow_tables import table_of
from services.retrain.lake.erased_users import LakeErasures, Person, person_of
from services.retrain.lake.table import FENCE, LakeTable, TakenByAnother
from shared.domain.erasures import Erasure
from shared.domain.errors import Unavailable

log = logging.getLogger(__name__)
TRIES: Final = 5
"""A commit collides with those of collections and compactions, seconds every few minutes."""
PLACES_AT_ONCE: Final = 1_000
"""Rows of one delete: its predicate names each."""
ORPHAN_HOURS: Final = 1
"""Age from which a file that no commit names is nobody's: a commit follows its files in seconds."""
Place = tuple[int, int]
"""Kafka partition and offset of a row."""


class LakeErasing:
    """Erases from every table; blocking, so it runs in a thread of its own."""

    def __init__(self, tables: Sequence[LakeTable], erasures: LakeErasures) -> None:
        self._tables = tables
        self._erasures = erasures

    def erase(self, person: Person, erasure: Erasure, *, now: datetime) -> dict[str, int]:
        """How many rows were removed, by table. Raises `Unavailable` and `LakeBroken`.

        The order is what makes it safe beside a collector: the erasure is known before the fence
        moves on, so a batch that was looked through before cannot be committed any more, and one
        that is looked through after leaves the person out.
        """
        for table in self._tables:
            # Also one that nothing was collected into yet: what Kafka still has comes later.
            table.prepare()
        with self._tables[0].translated():
            self._erasures.add(person, erasure, now=now)
        for table in self._tables:
            _again(table, _move_fence_on)
        return {table.table.name: self._remove(table, person, erasure) for table in self._tables}

    def remaining(self, person: Person, erasure: Erasure | None = None) -> dict[str, int]:
        """Rows of the person that a search finds, by table; with an erasure, those it covers."""
        return {
            table.table.name: len(_places(table, person, erasure))
            for table in self._tables
            if table.exists()
        }

    def rows(self, person: Person) -> dict[str, list[str]]:
        """The person's events as they were collected, by table; raises as `erase`."""
        return {
            table.table.name: [row["event"] or "" for row in _rows(table, person, whole=True)]
            for table in self._tables
            if table.exists()
        }

    def _remove(self, table: LakeTable, person: Person, erasure: Erasure) -> int:
        places = _places(table, person, erasure)
        for begin in range(0, len(places), PLACES_AT_ONCE):
            _again(table, _delete, _where(places[begin : begin + PLACES_AT_ONCE]))
        with table.translated():
            _delete_files(table)
        return len(places)


def _places(table: LakeTable, person: Person, erasure: Erasure | None) -> list[Place]:
    """Where the person's rows stand. Deletes name places: Delta's log would keep the person."""
    return [
        (row["kafka_partition"], row["kafka_offset"])
        for row in _rows(table, person, whole=False)
        if erasure is None or _covers(erasure, row)
    ]


def _rows(table: LakeTable, person: Person, *, whole: bool) -> list[dict[str, Any]]:
    """The person's rows, those of records that could not be read among them.

    Unless they are wanted whole, the event is read of the latter alone.
    """
    event = "event" if whole else "CASE WHEN user_id IS NULL THEN event END AS event"
    with table.translated():
        query = QueryBuilder().register("rows", table.open())
        found = query.execute(
            "SELECT kafka_partition, kafka_offset, written_at, occurred_at, tenant, user_id,"
            f" {event} FROM rows"
            f" WHERE user_id = {_quoted(person[1])} OR (user_id IS NULL AND event IS NOT NULL)"
        ).read_all()
    return [row for row in _dicts(ArrowTable.from_arrow(found)) if person_of(row) == person]


def _covers(erasure: Erasure, row: dict[str, Any]) -> bool:
    occurred_at = row["occurred_at"] or row["written_at"]
    return erasure.covers(occurred_at, written_at=row["written_at"])


def _move_fence_on(table: LakeTable, _: str) -> None:
    opened = table.open()
    moved = Transaction(FENCE, (opened.transaction_version(FENCE) or 0) + 1)
    write_deltalake(
        opened,
        table_of([], table.table.columns),
        mode="append",
        schema_mode="merge",
        commit_properties=CommitProperties(app_transactions=[moved]),
    )


def _delete(table: LakeTable, predicate: str) -> None:
    table.open().delete(predicate)


def _delete_files(table: LakeTable) -> None:
    """Those that deletes and compactions replaced, whoever reads them; a reader starts again.

    The first call goes by Delta's log and so leaves what a collector is writing this moment; the
    second looks at the folder, for what a collector that died has left.
    """
    for hours, folder in ((0, False), (ORPHAN_HOURS, True)):
        table.open().vacuum(
            retention_hours=hours, dry_run=False, enforce_retention_duration=False, full=folder
        )


def _again(table: LakeTable, act: Any, predicate: str = "") -> None:
    """Commit, and when another was faster, look at the table anew and commit again."""
    for _ in range(TRIES):
        try:
            with table.translated():
                act(table, predicate)
            return
        except TakenByAnother as error:
            log.info("another commit was faster: %s", error)
    raise Unavailable("lake", f"{table.uri} is written to by others all the time; tried {TRIES}x")


def _where(places: Sequence[Place]) -> str:
    by_partition: dict[int, list[int]] = {}
    for partition, offset in places:
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
