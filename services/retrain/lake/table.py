"""Append rows to Delta tables; each commit also stores the Kafka offsets that it reaches.

The offsets are the table's own transactions (`txn` actions, one application id a partition), so
rows and offsets become visible together or not at all. Tables need reader version 1 and writer
version 2, which Spark, Trino and DuckDB support.
"""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from arro3.core import Table as ArrowTable
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from services.retrain.lake.arrow_tables import is_panic, schema_of, table_of
from services.retrain.lake.schema import Row, TableSchema
from shared.domain.errors import Unavailable
from shared.files.lake_address import delta_address
from shared.files.writable_folder import unwritable_because

log = logging.getLogger(__name__)
_STORAGE_ERROR = re.compile(r"os error (?!2\b)\d+|Generic \w+ error")
"""Delta has one error type for all failures; this text marks an error of the disk or the
store, which may end by itself. A missing file (os error 2) stays missing."""
KAFKA_KEEPS: Final = "Kafka keeps the records that are not collected yet"
COMPACTED_BYTES = 128 * 1024 * 1024
"""Target size of a compacted file: it is opened quickly and fits into memory."""

FENCE: Final = "preferstream.erase"
"""Application id of a transaction that every commit of rows repeats and every erasure increments: a
commit whose rows were filtered before an erasure collides with it."""
NO_USERS_IN_STATISTICS: Final = {
    "delta.dataSkippingStatsColumns": "kafka_partition,kafka_offset,written_at"
}
"""Delta's log keeps the minimum and maximum of these columns also after their rows were deleted; a
column with user ids is not among them."""


class LakeBroken(Exception):
    """A table cannot be used; the text names it and says what to do."""


class ConcurrentCommit(Exception):
    """Another instance committed these records first; our rows were not written."""


class ErasureFilter(Protocol):
    """Filters out rows of erased users (`services.retrain.lake.erased_users`)."""

    def without_erased(self, rows: Sequence[Row]) -> Sequence[Row]: ...


class LakeTable:
    """One table, opened again for each use, because other processes write to it too."""

    def __init__(
        self,
        lake: str,
        schema: TableSchema,
        *,
        storage_options: Mapping[str, str] | None = None,
        erasures: ErasureFilter | None = None,
    ) -> None:
        self.schema = schema
        self._erasures = erasures
        self._lake = lake
        self.uri = f"{lake.rstrip('/')}/{schema.name}"
        """For messages; Delta Lake opens `address`."""
        self._options = dict(storage_options or {})

    @property
    def storage_options(self) -> dict[str, str]:
        """How object storage is reached."""
        return dict(self._options)

    def prepare(self) -> None:
        """Create the table if it is missing, and keep user ids out of its log."""
        self._require_writable_folder()
        with self.translated():
            if self.exists():
                self._keep_users_out_of_statistics()
            else:
                DeltaTable.create(
                    self.address(create=True),
                    schema=schema_of(self.schema.columns),
                    mode="ignore",
                    partition_by=["day"],
                    name=self.schema.name,
                    configuration=NO_USERS_IN_STATISTICS,
                    description=f"{self.schema.topic.name}: one row for each record",
                    storage_options=self._options,
                )

    def _require_writable_folder(self) -> None:
        """Raise `Unavailable` on a full disk: Delta Lake prints panics, and keeps partial files."""
        folder = Path(self.address()) if "://" not in self.address() else None
        if folder is not None and (problem := unwritable_because(folder)):
            raise Unavailable("lake", f"{problem}. Nothing is lost: {KAFKA_KEEPS}")

    def offsets(self, partitions: Sequence[int]) -> dict[int, int]:
        """The next offset of each partition; a partition that was never read is left out."""
        with self.translated():
            table = self.open()
            offsets = {p: table.transaction_version(self._application(p)) for p in partitions}
        return {p: offset for p, offset in offsets.items() if offset is not None}

    def append(
        self,
        rows: Sequence[Row],
        next_offsets: Mapping[int, int],
        *,
        after: Mapping[int, int | None],
    ) -> None:
        """Commit rows and offsets together, if the stored offsets still are those of `after`.

        Rows of erased users from before their erasure are left out.
        Raises `ConcurrentCommit`, `LakeBroken` and `Unavailable`; then nothing was written.
        """
        transactions = [Transaction(self._application(p), at) for p, at in next_offsets.items()]
        with self.translated():
            delta = self.open()
            # A commit of another instance before this line is detected here; one after it makes
            # our commit fail, because two transactions of one application id collide.
            for partition in next_offsets:
                offset = delta.transaction_version(self._application(partition))
                if offset != after.get(partition):
                    raise ConcurrentCommit(
                        f"{self.uri}: partition {partition} continues at {offset}, not"
                        f" {after.get(partition)}"
                    )
            # Filter after the fence was read: an erasure that we miss increments the fence.
            transactions.append(Transaction(FENCE, delta.transaction_version(FENCE) or 0))
            kept = self._erasures.without_erased(rows) if self._erasures else rows
            write_deltalake(
                delta,
                table_of(kept, self.schema.columns),
                mode="append",
                # A new column is added to the table; a column that we no longer have is null.
                schema_mode="merge",
                commit_properties=CommitProperties(app_transactions=transactions),
            )

    def accepts_commits(self) -> bool:
        """Whether a commit without rows succeeds; if it does, refused rows are at fault."""
        try:
            self.append([], {}, after={})
        except LakeBroken:
            return False
        return True

    def files_by_day(self) -> dict[str, int]:
        """The number of files of each day."""
        counts: dict[str, int] = {}
        with self.translated():
            actions = self.open().get_add_actions(flatten=True)
            for day in ArrowTable.from_arrow(actions).column("partition.day").to_pylist():
                counts[str(day)] = counts.get(str(day), 0) + 1
        return counts

    def compact(self, days: Sequence[str], *, vacuum_days: int) -> None:
        """Compact the files of these days, and delete files that were replaced long ago."""
        with self.translated():
            for day in days:
                self.open().optimize.compact(
                    partition_filters=[("day", "=", day)], target_size=COMPACTED_BYTES
                )
            self.open().vacuum(
                retention_hours=vacuum_days * 24,
                dry_run=False,
                enforce_retention_duration=False,
                # Files of a collector that died before its commit are in no log.
                full=True,
            )

    def exists(self) -> bool:
        """Whether the table was created; raises as `offsets`."""
        with self.translated():
            return DeltaTable.is_deltatable(self.address(), self._options)

    def open(self) -> DeltaTable:
        """The current version of the table; use it inside `translated`."""
        return DeltaTable(self.address(), storage_options=self._options)

    def address(self, *, create: bool = False) -> str:
        """What Delta Lake opens; `create` as in `delta_address`. Raises `Unavailable`."""
        return table_address(self._lake, self.schema.name, create=create)

    def _keep_users_out_of_statistics(self) -> None:
        delta = self.open()
        if not NO_USERS_IN_STATISTICS.items() <= delta.metadata().configuration.items():
            delta.alter.set_table_properties(NO_USERS_IN_STATISTICS)

    def _application(self, partition: int) -> str:
        return f"preferstream.collect/{self.schema.topic.name}/{partition}"

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Translate Delta's errors into `ConcurrentCommit`, `Unavailable` and `LakeBroken`."""
        try:
            yield
        except (ConcurrentCommit, LakeBroken, Unavailable):
            raise
        except CommitFailedError as error:
            raise ConcurrentCommit(f"{self.uri}: {_first_line(error)}") from error
        except (DeltaError, TableNotFoundError, OSError, ValueError) as error:
            if _STORAGE_ERROR.search(str(error)):
                raise Unavailable(
                    "lake",
                    f"{self.uri} cannot be written or read: {_first_line(error)}. Check the free"
                    f" space and the permissions. Nothing is lost: {KAFKA_KEEPS}",
                ) from error
            raise LakeBroken(
                f"the Delta table {self.uri} cannot be used: {_first_line(error)}. Restore the"
                " folder from a backup; or move it away, and collecting starts again with the"
                " records that Kafka still has"
            ) from error
        except BaseException as error:
            if not isinstance(error, Exception) and not is_panic(error):
                raise
            raise LakeBroken(
                f"the Delta table {self.uri} cannot be used because of an error in our code or in"
                f" Delta Lake: {type(error).__name__}: {_first_line(error)}"
            ) from error


def table_address(lake: str, table: str, *, create: bool = False) -> str:
    """`delta_address`; raises `Unavailable` when the lake's folder cannot be used."""
    try:
        return delta_address(lake, table, create=create)
    except (OSError, ValueError) as error:
        raise Unavailable("lake", f"the lake {lake} cannot be used: {error}") from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:500]
