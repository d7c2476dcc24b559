"""Append a batch to a table; set aside a row that the table cannot store, and keep the rest."""

import logging
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, Final

from services.retrain.lake.arrow_tables import is_panic, table_of
from services.retrain.lake.schema import COMMON, Column, Row
from services.retrain.lake.table import LakeBroken, LakeTable

log = logging.getLogger(__name__)
NOT_STORABLE: Final = "not_storable"
"""Value of `refused` for a row with a value that the table cannot store."""


def append(
    table: LakeTable,
    rows: Sequence[Row],
    next_offsets: Mapping[int, int],
    *,
    committed: MutableMapping[int, int | None],
) -> Sequence[Row]:
    """Commit rows and offsets, update `committed`, and return the rows as they were stored.

    If the table refuses the batch, rows that Arrow cannot hold are replaced by invalid rows. If
    the table still refuses it, and otherwise accepts commits, the batch is halved until the bad
    row is alone; a row that cannot be stored in any form is left out and logged. Rows must be in
    the order of their offsets. Raises the errors of `LakeTable.append`.
    """
    try:
        table.append(rows, next_offsets, after=committed)
    except LakeBroken as error:
        storable = storable_rows(rows, table.schema.columns)
        if list(storable) != list(rows):
            return append(table, storable, next_offsets, committed=committed)
        if not rows or not table.accepts_commits():
            raise
        log.warning("%s refused %d rows: %s", table.uri, len(rows), error)
        if len(rows) == 1:
            return _append_reduced(table, rows[0], next_offsets, committed)
        half = len(rows) // 2
        first, rest = rows[:half], rows[half:]
        stored = append(table, first, _offsets_after(first), committed=committed)
        return [*stored, *append(table, rest, next_offsets, committed=committed)]
    committed.update(next_offsets)
    return rows


def storable_rows(rows: Sequence[Row], columns: Sequence[Column]) -> Sequence[Row]:
    """The rows with each row that Arrow cannot hold replaced by an invalid row, or left out."""
    if _fit(rows, columns):
        return rows
    if len(rows) > 1:
        half = len(rows) // 2
        return [*storable_rows(rows[:half], columns), *storable_rows(rows[half:], columns)]
    for reduced in (_invalid(rows[0]), _invalid(rows[0]) | {"event": None}):
        if _fit([reduced], columns):
            return [reduced]
    _log_left_out(rows[0])
    return []


def _append_reduced(
    table: LakeTable,
    row: Row,
    next_offsets: Mapping[int, int],
    committed: MutableMapping[int, int | None],
) -> Sequence[Row]:
    """Store one refused row without its values, else without its event, else not at all."""
    reduced = _invalid(row)
    for rows in ([reduced], [reduced | {"event": None}], []):
        try:
            table.append(rows, next_offsets, after=committed)
        except LakeBroken:
            continue
        committed.update(next_offsets)
        if not rows:
            _log_left_out(row)
        return rows
    raise LakeBroken(f"{table.uri} accepts commits, but not the offsets {dict(next_offsets)}")


def _invalid(row: Row) -> dict[str, Any]:
    """The position of a row, and its event as text without lone surrogates."""
    event = row.get("event")
    text = event.encode("utf-8", "replace").decode() if isinstance(event, str) else None
    position = {column.name: row.get(column.name) for column in COMMON if column.required}
    return position | {"refused": row.get("refused") or NOT_STORABLE, "event": text}


def _fit(rows: Sequence[Row], columns: Sequence[Column]) -> bool:
    try:
        table_of(rows, columns)
    except BaseException as error:
        if not isinstance(error, Exception) and not is_panic(error):
            raise
        return False
    return True


def _offsets_after(rows: Sequence[Row]) -> dict[int, int]:
    return {row["kafka_partition"]: row["kafka_offset"] + 1 for row in rows}


def _log_left_out(row: Row) -> None:
    log.error(
        "the record at partition %s, offset %s cannot be stored in any form and is left out",
        row.get("kafka_partition"),
        row.get("kafka_offset"),
    )
