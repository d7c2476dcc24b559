"""Keep in the lake itself who was erased and until when, and their older rows out of it."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from arro3.core import Table as ArrowTable
from deltalake import DeltaTable, QueryBuilder, write_deltalake

from services.retrain.lake.arrow_tables import schema_of, table_of
from services.retrain.lake.schema import Column, Row
from shared.domain.erasures import Erasure, erased_person
from shared.events import DEFAULT_TENANT

TABLE: Final = "erasures"
COLUMNS: Final = (
    Column("person", "text", required=True),
    Column("occurred_at", "moment", required=True),
    Column("written_at", "moment", required=True),
    Column("erased_at", "moment", required=True),
)
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
Person = tuple[str, str]
"""Tenant and user id."""


class LakeErasures:
    """The table `erasures`, a row an erasure. It names nobody: people are known again by a hash."""

    def __init__(self, lake: str, *, storage_options: Mapping[str, str] | None = None) -> None:
        self.uri = f"{lake.rstrip('/')}/{TABLE}"
        self._options = dict(storage_options or {})

    def add(self, person: Person, erasure: Erasure, *, now: datetime) -> None:
        """Remember an erasure; raises as `deltalake` does."""
        if not DeltaTable.is_deltatable(self.uri, self._options):
            DeltaTable.create(
                self.uri,
                schema=schema_of(COLUMNS),
                mode="ignore",
                name=TABLE,
                description="who was erased, by hash, and until when",
                storage_options=self._options,
            )
        tenant, user_id = person
        row = {
            "person": erased_person(tenant=tenant, user_id=user_id),
            "occurred_at": erasure.occurred_at,
            "written_at": erasure.written_at,
            "erased_at": now,
        }
        write_deltalake(
            self.uri, table_of([row], COLUMNS), mode="append", storage_options=self._options
        )

    def known(self) -> dict[str, Erasure]:
        """All erasures by person; two of one person as one."""
        if not DeltaTable.is_deltatable(self.uri, self._options):
            return {}
        found: dict[str, Erasure] = {}
        for row in _rows(DeltaTable(self.uri, storage_options=self._options)):
            erasure = Erasure(occurred_at=row["occurred_at"], written_at=row["written_at"])
            found[row["person"]] = erasure.with_earlier(found.get(row["person"]))
        return found

    def without_erased(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Those of the rows that no erasure covers."""
        known = self.known() if rows else {}
        return [row for row in rows if not _is_covered(row, known)] if known else rows


def person_of(row: Row) -> Person | None:
    """Whose row it is; of a record that could not be read, as far as its text tells."""
    if row.get("user_id") is not None:
        return row["tenant"], row["user_id"]
    text = row.get("event") or ""
    user_id = _told(text, "user_id")
    return (_told(text, "tenant") or DEFAULT_TENANT, user_id) if user_id is not None else None


def _is_covered(row: Row, known: Mapping[str, Erasure]) -> bool:
    person = person_of(row)
    if person is None:
        return False
    erasure = known.get(erased_person(tenant=person[0], user_id=person[1]))
    if erasure is None:
        return False
    occurred_at = row.get("occurred_at") or row["written_at"]
    return erasure.covers(occurred_at, written_at=row["written_at"])


def _told(text: str, field: str) -> str | None:
    """A field of text that was meant to be JSON."""
    found = re.search(rf'"{field}"\s*:\s*("(?:[^"\\]|\\.)*")', text)
    if not found:
        return None
    try:
        value = json.loads(found[1])
    except ValueError:
        return None
    # A lone surrogate is no text, and names nobody.
    return value if isinstance(value, str) and not _SURROGATE.search(value) else None


def _rows(table: DeltaTable) -> list[dict[str, Any]]:
    read = QueryBuilder().register("erasures", table).execute("SELECT * FROM erasures").read_all()
    found = ArrowTable.from_arrow(read)
    columns = {name: found.column(name).to_pylist() for name in found.column_names}
    return [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]
