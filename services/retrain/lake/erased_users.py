"""Store in the lake which users were erased, and filter their older rows out of new batches."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from arro3.core import Table as ArrowTable
from deltalake import DeltaTable, QueryBuilder, write_deltalake

from services.retrain.lake.arrow_tables import schema_of, table_of
from services.retrain.lake.schema import Column, Row
from shared.domain.erasures import Erasure, erased_user_hash
from shared.domain.user import User
from shared.events import DEFAULT_TENANT
from shared.files.lake_address import delta_address

TABLE: Final = "erasures"
COLUMNS: Final = (
    Column("person", "text", required=True),  # the hash of the user
    Column("occurred_at", "timestamp", required=True),
    Column("written_at", "timestamp", required=True),
    Column("erased_at", "timestamp", required=True),
)
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


class ErasureTable:
    """The table `erasures`, one row for each erasure; it has the hash of a user, never the id."""

    def __init__(self, lake: str, *, storage_options: Mapping[str, str] | None = None) -> None:
        self._lake = lake
        self._options = dict(storage_options or {})

    def add(self, user: User, erasure: Erasure, *, now: datetime) -> None:
        """Store an erasure; raises the errors of `deltalake`."""
        address = delta_address(self._lake, TABLE, create=True)
        if not DeltaTable.is_deltatable(address, self._options):
            DeltaTable.create(
                address,
                schema=schema_of(COLUMNS),
                mode="ignore",
                name=TABLE,
                description="erased users by hash, and the time of the erasure",
                storage_options=self._options,
            )
        tenant, user_id = user
        row = {
            "person": erased_user_hash(tenant=tenant, user_id=user_id),
            "occurred_at": erasure.occurred_at,
            "written_at": erasure.written_at,
            "erased_at": now,
        }
        write_deltalake(
            address, table_of([row], COLUMNS), mode="append", storage_options=self._options
        )

    def known(self) -> dict[str, Erasure]:
        """All erasures by hash; several erasures of one user are merged."""
        address = delta_address(self._lake, TABLE)
        if not DeltaTable.is_deltatable(address, self._options):
            return {}
        erasures: dict[str, Erasure] = {}
        for row in _rows(DeltaTable(address, storage_options=self._options)):
            erasure = Erasure(occurred_at=row["occurred_at"], written_at=row["written_at"])
            erasures[row["person"]] = erasure.with_earlier(erasures.get(row["person"]))
        return erasures

    def without_erased(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows that no erasure covers."""
        known = self.known() if rows else {}
        return [row for row in rows if not _is_covered(row, known)] if known else rows


def user_of(row: Row) -> User | None:
    """The user of a row; for an invalid record, the user that its text names."""
    if row.get("user_id") is not None:
        return User(row["tenant"], row["user_id"])
    text = row.get("event") or ""
    user_id = _text_field(text, "user_id")
    if user_id is None:
        return None
    return User(_text_field(text, "tenant") or DEFAULT_TENANT, user_id)


def _is_covered(row: Row, known: Mapping[str, Erasure]) -> bool:
    user = user_of(row)
    if user is None:
        return False
    erasure = known.get(erased_user_hash(tenant=user.tenant, user_id=user.user_id))
    return erasure is not None and erasure.covers(
        occurred_at=row.get("occurred_at"), written_at=row["written_at"]
    )


def _text_field(text: str, field: str) -> str | None:
    """A string field of text that may be broken JSON."""
    match = re.search(rf'"{field}"\s*:\s*("(?:[^"\\]|\\.)*")', text)
    if not match:
        return None
    try:
        value = json.loads(match[1])
    except ValueError:
        return None
    # A lone surrogate is not valid text and cannot be a user id.
    return value if isinstance(value, str) and not _SURROGATE.search(value) else None


def _rows(table: DeltaTable) -> list[dict[str, Any]]:
    read = QueryBuilder().register("erasures", table).execute("SELECT * FROM erasures").read_all()
    rows = ArrowTable.from_arrow(read)
    columns = {name: rows.column(name).to_pylist() for name in rows.column_names}
    return [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]
