"""Keep rows in Delta tables, each commit with the Kafka offsets that it reaches.

The offsets are the table's own transactions (`txn` actions, one application id a partition), so
rows and offsets become visible together or not at all. Tables need reader version 1 and writer
version 2, which every Delta reader has: Spark, Trino, DuckDB.
"""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, Protocol

from arro3.core import Table as ArrowTable
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from services.retrain.lake.arrow_tables import schema_of, table_of
from services.retrain.lake.schema import Row, Table
from shared.domain.errors import Unavailable

log = logging.getLogger(__name__)
_STORE_SAYS_NO = re.compile(r"os error (?!2\b)\d+|Generic \w+ error")
"""Delta has one error for all; this is how it tells of a disk or a store that refuses. What is not
there (os error 2) will not come back by itself."""
COMPACTED_BYTES = 128 * 1024 * 1024
"""Size that compaction aims at: a file is then worth opening, and small against memory."""

FENCE: Final = "preferstream.erase"
"""Application id of a transaction that every commit of rows repeats and every erasure moves on: a
commit whose rows were looked through before an erasure collides with it."""
NO_NAMES_IN_THE_LOG: Final = {
    "delta.dataSkippingStatsColumns": "kafka_partition,kafka_offset,written_at"
}
"""Delta's log keeps the least and the greatest value of other columns, and outlives their rows."""


class LakeBroken(Exception):
    """A table cannot be read; the text says which and what to do."""


class TakenByAnother(Exception):
    """Another instance committed these records first; its rows stand, ours were not written."""


class Erasures(Protocol):
    """Knows whose rows must not come back (`services.retrain.lake.erased_users`)."""

    def without_erased(self, rows: Sequence[Row]) -> Sequence[Row]: ...


class LakeTable:
    """One table, opened anew for each use, since others write to it as well."""

    def __init__(
        self,
        lake: str,
        table: Table,
        *,
        storage_options: Mapping[str, str] | None = None,
        erasures: Erasures | None = None,
    ) -> None:
        self.table = table
        self._erasures = erasures
        self.uri = f"{lake.rstrip('/')}/{table.name}"
        self._options = dict(storage_options or {})

    def prepare(self) -> None:
        """Create the table if it is missing."""
        with self.translated():
            if self.exists():
                self._keep_names_out_of_the_log()
            else:
                DeltaTable.create(
                    self.uri,
                    schema=schema_of(self.table.columns),
                    mode="ignore",
                    partition_by=["day"],
                    name=self.table.name,
                    configuration=NO_NAMES_IN_THE_LOG,
                    description=f"{self.table.topic.name}: one row a record",
                    storage_options=self._options,
                )

    def offsets(self, partitions: Sequence[int]) -> dict[int, int]:
        """Where each partition goes on; those never read are left out."""
        with self.translated():
            opened = self.open()
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

        Rows of people who were erased since they did that are left out.
        Raises `TakenByAnother`, `LakeBroken` and `Unavailable`; then nothing was written.
        """
        transactions = [Transaction(self._application(p), at) for p, at in next_offsets.items()]
        with self.translated():
            opened = self.open()
            # What another instance committed before this line is found here, and what it commits
            # after it makes the commit fail: two transactions of one application id collide.
            for partition in next_offsets:
                found = opened.transaction_version(self._application(partition))
                if found != after.get(partition):
                    raise TakenByAnother(
                        f"{self.uri}: partition {partition} goes on at {found}, not"
                        f" {after.get(partition)}"
                    )
            # Looked through after the fence was read: an erasure that is missed moves it on.
            transactions.append(Transaction(FENCE, opened.transaction_version(FENCE) or 0))
            kept = self._erasures.without_erased(rows) if self._erasures else rows
            write_deltalake(
                opened,
                table_of(kept, self.table.columns),
                mode="append",
                # A column that is new to the table is added to it; one that we lost stays null.
                schema_mode="merge",
                commit_properties=CommitProperties(app_transactions=transactions),
            )

    def files_by_day(self) -> dict[str, int]:
        """How many files each day has."""
        counts: dict[str, int] = {}
        with self.translated():
            actions = self.open().get_add_actions(flatten=True)
            for day in ArrowTable.from_arrow(actions).column("partition.day").to_pylist():
                counts[str(day)] = counts.get(str(day), 0) + 1
        return counts

    def compact(self, days: Sequence[str], *, vacuum_days: int) -> None:
        """Make the files of these days into few, and delete what was replaced long ago."""
        with self.translated():
            for day in days:
                self.open().optimize.compact(
                    partition_filters=[("day", "=", day)], target_size=COMPACTED_BYTES
                )
            self.open().vacuum(
                retention_hours=vacuum_days * 24,
                dry_run=False,
                enforce_retention_duration=False,
                # What a collector wrote and did not live to commit is in no log.
                full=True,
            )

    def exists(self) -> bool:
        with self.translated():
            return DeltaTable.is_deltatable(self.uri, self._options)

    def open(self) -> DeltaTable:
        """The table as it now stands; wrap what is done with it in `translated`."""
        return DeltaTable(self.uri, storage_options=self._options)

    def _keep_names_out_of_the_log(self) -> None:
        opened = self.open()
        if not NO_NAMES_IN_THE_LOG.items() <= opened.metadata().configuration.items():
            opened.alter.set_table_properties(NO_NAMES_IN_THE_LOG)

    def _application(self, partition: int) -> str:
        return f"preferstream.collect/{self.table.topic.name}/{partition}"

    @contextmanager
    def translated(self) -> Iterator[None]:
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
