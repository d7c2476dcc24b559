"""Search the files of a lake table for a user's rows, as the disk lists them and not Delta's log.

A vacuum of Delta Lake can report files as deleted that are still there (delta-io/delta-rs#3911),
and a query reads only the files that the log names.
"""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from arro3.core import Table as ArrowTable
from deltalake.fs import DeltaStorageHandler
from pyarrow import ArrowInvalid
from pyarrow import fs as arrow_fs

from services.retrain.lake.erased_users import user_of
from services.retrain.lake.table import LakeTable
from shared.domain.user import User

log = logging.getLogger(__name__)
LOG: Final = "_delta_log/"
COLUMNS: Final = ("tenant", "user_id", "occurred_at", "written_at", "event")
Covers = Callable[[dict[str, Any]], bool]
"""Whether an erasure covers a row of the user."""


class TableFiles:
    """The files of one table, in a local folder or in object storage.

    Use it inside `LakeTable.translated`.
    """

    def __init__(self, table: LakeTable) -> None:
        self._table = table
        self._files = _file_system(table)

    def with_rows(self, user: User, covers: Covers) -> list[str]:
        """The Parquet files, live or old, that contain rows of the user which are covered."""
        return [path for path in self._paths(".parquet") if self._has_rows(path, user, covers)]

    def delete_unnamed(self, user: User, covers: Covers) -> int:
        """Delete those of the files that the log does not name; returns their number.

        None of them can become part of the table: an erasure increments the fence, so a commit of
        rows that were filtered before it fails (`LakeErasure.erase`).
        """
        actions = self._table.open().get_add_actions(flatten=True)
        named = {str(path).rpartition("/")[2] for path in _column(actions, "path")}
        unnamed = [
            path for path in self.with_rows(user, covers) if path.rpartition("/")[2] not in named
        ]
        for path in unnamed:
            log.warning("%s: %s is an old file with rows of an erased user", self._table.uri, path)
            self._files.delete_file(path)
        return len(unnamed)

    def log_entries(self, user_id: str) -> int:
        """Number of files of Delta's log whose statistics or predicates contain the user id."""
        spellings = {json.dumps(user_id, ensure_ascii=plain) for plain in (True, False)}
        spellings.add("'" + user_id.replace("'", "''") + "'")
        return sum(
            any(spelling in text for text in texts for spelling in spellings)
            for texts in self._log_texts()
        )

    def _has_rows(self, path: str, user: User, covers: Covers) -> bool:
        with self._files.open_input_file(path) as stream:
            try:
                file = pq.ParquetFile(stream)
            except ArrowInvalid as error:
                log.warning("%s: %s is no Parquet file: %s", self._table.uri, path, error)
                return False
            columns = [name for name in COLUMNS if name in file.schema_arrow.names]
            for group in range(file.num_row_groups):
                # As plain texts: Arrow does not compare those of the type string_view.
                ids = file.read_row_group(group, columns=["user_id"]).column(0).cast(pa.string())
                # A row without a user id is an invalid record, whose text may name the user.
                may_name = pc.or_kleene(pc.is_null(ids), pc.equal(ids, user.user_id))
                positions = pc.indices_nonzero(may_name).to_pylist()
                if not positions:
                    continue
                rows = file.read_row_group(group, columns=columns)
                for position in positions:
                    (row,) = rows.slice(position, 1).to_pylist()
                    if user_of(row) == user and covers(row):
                        return True
        return False

    def _log_texts(self) -> Iterator[list[str]]:
        """The texts of each file of the log that may contain values of rows."""
        for path in self._paths(".json", in_log=True):
            with self._files.open_input_file(path) as stream:
                lines = stream.readall().decode().splitlines()
            yield [text for line in lines if line.strip() for text in _texts(json.loads(line))]
        for path in self._paths(".parquet", in_log=True):
            with self._files.open_input_file(path) as stream:
                actions = pq.read_table(stream, columns=["add"]).to_pylist()
            yield [action["add"].get("stats") or "" for action in actions if action["add"]]

    def _paths(self, ending: str, *, in_log: bool = False) -> list[str]:
        selector = arrow_fs.FileSelector("", recursive=True, allow_not_found=True)
        paths = [
            info.path.lstrip("/")
            for info in self._files.get_file_info(selector)
            if info.type == arrow_fs.FileType.File
        ]
        return sorted(p for p in paths if p.endswith(ending) and p.startswith(LOG) == in_log)


def _file_system(table: LakeTable) -> arrow_fs.FileSystem:
    address = table.address()
    if "://" not in address:
        return arrow_fs.SubTreeFileSystem(address, arrow_fs.LocalFileSystem())
    return arrow_fs.PyFileSystem(DeltaStorageHandler(address, table.storage_options))


def _texts(action: dict[str, Any]) -> Iterator[str]:
    """Statistics of added and removed files, and the parameters of an operation."""
    for kind in ("add", "remove"):
        yield (action.get(kind) or {}).get("stats") or ""
    parameters = (action.get("commitInfo") or {}).get("operationParameters") or {}
    yield from (value for value in parameters.values() if isinstance(value, str))


def _column(actions: Any, name: str) -> list[Any]:
    return list(ArrowTable.from_arrow(actions).column(name).to_pylist())
