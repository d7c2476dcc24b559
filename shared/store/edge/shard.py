"""Keep one collection in a shard of Qdrant's embedded engine."""

import json
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from qdrant_edge import (
    EdgeShard,
    Point,
    Query,
    QueryRequest,
    SparseVector,
    UpdateOperation,
)

from shared.files.atomic_write import atomic_write
from shared.store.edge.errors import EngineError

LOG_SEGMENT_BYTES: Final = 256 << 10
"""Size of a file of the write-ahead log. The log keeps its last files whole: with the engine's
default of 32 MB, the removal of deleted points from it would write 100 MB."""
FREE_BYTES: Final = 64 << 20
"""Space that a write needs on the disk. The engine maps files into memory: on a full disk, a write
to such a page can end the process."""
PROBE_VECTOR: Final = "operation_number"
"""A sparse vector that only the probe has. Without any vector the engine creates no shard."""
PROBE_ID: Final = "00000000-0000-4000-8000-000000000000"
ABSENT_ID: Final = (1 << 63) - 1
"""Deleting this point changes nothing and takes an operation number."""
PADDING_IDS: Final = 30_000
"""Point ids of one operation that fills a file of the log."""
ROTATION_OPERATIONS: Final = 3
"""The log keeps one closed file and prepares one in advance."""
ROTATION_ROUNDS: Final = 200
"""Rounds after which the log keeps its files for another reason than its size."""

MAINTENANCE_OPTIMIZERS: Final = {
    # Rewrite a segment with a single deleted point: an erased point must leave the files.
    "deleted_threshold": 1e-9,
    "vacuum_min_vector_number": 0,
    # Bounds the time of one rewrite, during which the engine does nothing else.
    "max_segment_size": 64 << 10,  # KB
    "default_segment_number": 4,
    "indexing_threshold": 1 << 10,  # KB
}
EXACT_SEARCH: Final = {"m": 0, "ef_construct": 64, "full_scan_threshold": 10}
"""No graph: building it for 20,000 vectors takes minutes on two cores, an exact search 5 ms."""


PointId = int | UUID | str


class Shard:
    """A shard that keeps each acknowledged write, also when the machine loses its power.

    The engine writes each operation to its log first and reads the log again when the shard opens.
    It forces the log to the disk only in `flush`, which takes 50 to 500 ms; `update` forces the
    log's files itself. Raises `EngineError`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._log = folder / "wal"
        self._numbers = folder / "operation_numbers.json"
        self._deletions = folder / "deleted_points"
        self._forced: frozenset[str] = frozenset()
        """Names of the log's files that are on the disk."""
        self._used = 0
        self.deletions_since: float | None = None
        """Since when the files may contain deleted points, in seconds of the epoch."""
        try:
            self.engine = EdgeShard.load(str(folder))
        except Exception as error:
            raise EngineError(
                f"the collection in {folder} cannot be opened: {error}. Restore the folder from a"
                " backup. If the error names the WAL, move only its folder `wal` away: that loses"
                " the writes since the last flush, of some minutes at most"
            ) from error
        if self._deletions.exists():
            self.deletions_since = self._deletions.stat().st_mtime
        self._repair_numbers()

    @staticmethod
    def create(folder: Path, config: Mapping[str, Any]) -> "Shard":
        """Create a shard; `config` has the fields of the engine's `edge_config.json`."""
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "segments").mkdir(parents=True)
        optimizers = {**MAINTENANCE_OPTIMIZERS, **(config.get("optimizers") or {})}
        complete = {
            "hnsw_config": EXACT_SEARCH,
            **config,
            "optimizers": optimizers,
            "sparse_vectors": {PROBE_VECTOR: {}},
            "wal_options": {
                "segment_capacity": LOG_SEGMENT_BYTES, "segment_queue_len": 0, "retain_closed": 1,
            },
        }  # fmt: skip
        atomic_write(folder / "edge_config.json", json.dumps(complete).encode())
        return Shard(folder)

    def unindexed_points(self, *, vectors: int) -> int:
        """Points that a search compares one by one; each point has so many named vectors."""
        info = self.engine.info()
        return info.points_count - info.indexed_vectors_count // max(vectors, 1)

    def update(self, *operations: UpdateOperation, deletes: bool = False) -> None:
        """Apply operations, one after the other, and force them to the disk together."""
        free = shutil.disk_usage(self.folder).free
        if free < FREE_BYTES:
            raise EngineError(
                f"the disk of {self.folder} has {free >> 20} MB free, and a write needs"
                f" {FREE_BYTES >> 20} MB; free some space"
            )
        if deletes and self.deletions_since is None:
            self._deletions.touch()
            _force(self.folder)
            self.deletions_since = time.time()
        try:
            for operation in operations:
                self._apply(operation)
        finally:
            # Also those before one that fails: the log must have no gap before the next write.
            self._force_log(all_files=len(operations) > 1)

    def flush(self) -> None:
        """Write the segments to the disk and shorten the log."""
        atomic_write(self._numbers, json.dumps({"used": self._used}).encode())
        self.engine.flush()

    def optimize(self) -> None:
        """Quantize and merge new segments, and rewrite those with deleted points."""
        self.engine.optimize()
        self.flush()

    def purge(self) -> None:
        """Remove deleted points from the files: from the segments, their indexes and the log."""
        if self.deletions_since is None:
            return
        self.optimize()
        old_files = self._log_files()
        padding: list[PointId] = [ABSENT_ID - n for n in range(PADDING_IDS)]
        for _ in range(ROTATION_ROUNDS):
            for _ in range(ROTATION_OPERATIONS):
                self._apply(UpdateOperation.delete_points(padding))
            self.flush()
            if not old_files & self._log_files():
                break
        else:
            raise EngineError(f"the log in {self._log} does not drop its old files")
        self._deletions.unlink()
        self.deletions_since = None

    def close(self) -> None:
        """Flush and close."""
        self.flush()
        self.engine.close()

    def _apply(self, operation: UpdateOperation) -> None:
        self._used += 1  # also by an operation that fails: it is in the log
        self.engine.update(operation)

    def _repair_numbers(self) -> None:
        """Skip the operation numbers that a lost log had used.

        The engine ignores a write to a point whose stored number is higher, without an error. So
        after the loss of the log, or of its end, new writes would be lost silently.
        """
        used = json.loads(self._numbers.read_bytes())["used"] if self._numbers.exists() else 0
        self._apply(
            UpdateOperation.upsert_points(
                [Point(PROBE_ID, {PROBE_VECTOR: SparseVector([0], [1.0])}, {})]
            )
        )
        (probe,) = self.engine.query(
            QueryRequest(limit=1, query=Query.Nearest(SparseVector([0], [1.0]), using=PROBE_VECTOR))
        )
        self._used = probe.version
        while self._used <= used:
            self._apply(UpdateOperation.delete_points([ABSENT_ID]))
        self._apply(UpdateOperation.delete_points([PROBE_ID]))

    def _log_files(self) -> frozenset[str]:
        return frozenset(name for name in os.listdir(self._log) if name != "first-index")

    def _force_log(self, *, all_files: bool) -> None:
        """Force the file that the last operation is in, and the names when there is a new file.

        The log writes to its open file with the lowest number; the next one is empty. Several
        operations can fill a file and continue in the next one.
        """
        names = self._log_files()
        last = min((n for n in names if n.startswith("open-")), key=_number)
        for name in names if all_files and names != self._forced else (last,):
            _force(self._log / name)
        if names != self._forced:
            _force(self._log)
            self._forced = names


def _number(name: str) -> int:
    return int(name.rpartition("-")[2])


def _force(path: Path) -> None:
    """Force a file, also its pages that are mapped into memory, or a folder to the disk."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:  # the engine has renamed or removed it
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
