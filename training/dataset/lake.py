"""Read the last days of the lake's Delta tables into DuckDB."""

from collections.abc import Mapping
from datetime import date

import duckdb
from deltalake import DeltaTable, QueryBuilder
from deltalake.exceptions import DeltaError, TableNotFoundError

from shared.files.lake_address import delta_address

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "feeds": {
        "event_id": "VARCHAR", "tenant": "VARCHAR", "user_id": "VARCHAR", "request_id": "VARCHAR",
        "status": "VARCHAR", "model_version": "VARCHAR", "profile_version": "BIGINT",
    },
    "feedback": {
        "event_id": "VARCHAR", "tenant": "VARCHAR", "user_id": "VARCHAR", "type": "VARCHAR",
        "image_id": "VARCHAR", "request_id": "VARCHAR", "dwell_ms": "BIGINT",
    },
    "candidates": {"tenant": "VARCHAR", "user_id": "VARCHAR", "request_id": "VARCHAR"},
    "profiles": {"tenant": "VARCHAR", "user_id": "VARCHAR", "profile_version": "BIGINT"},
}  # fmt: skip
"""Columns that are read from each table, in addition to `COMMON`."""
COMMON: Mapping[str, str] = {
    "kafka_partition": "BIGINT", "kafka_offset": "BIGINT", "written_at": "BIGINT",
    "refused": "VARCHAR", "event": "VARCHAR",
}  # fmt: skip
"""Columns of all tables; `written_at` in microseconds since the epoch, so without time zone."""


class UnreadableLake(Exception):
    """A table cannot be read; the message names it and says what to do."""


def open_lake(
    lake: str, *, since: date, storage_options: Mapping[str, str] | None = None
) -> duckdb.DuckDBPyConnection:
    """A database with a table `lake_<name>` for each of `COLUMNS`; a missing table is empty.

    Profiles are read completely: a slate of today may depend on a profile of last year.
    Raises `UnreadableLake`.
    """
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for name, own in COLUMNS.items():
        columns = {**own, **COMMON}
        definition = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        connection.execute(f"CREATE TABLE lake_{name} ({definition})")
        where = "TRUE" if name == "profiles" else f"day >= DATE '{since.isoformat()}'"
        _fill(connection, name, columns, lake, where, storage_options)
    return connection


def _fill(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    columns: Mapping[str, str],
    lake: str,
    where: str,
    storage_options: Mapping[str, str] | None,
) -> None:
    try:
        table = DeltaTable(_address(lake, name), storage_options=dict(storage_options or {}))
        # Delta's own reader: it knows which files belong to the current version.
        rows = QueryBuilder().register("t", table).execute(
            f"SELECT {', '.join(map(_selected, columns))} FROM t WHERE {where}"
        )  # fmt: skip
        connection.register("incoming", rows)
        connection.execute(f"INSERT INTO lake_{name} SELECT * FROM incoming")
        connection.unregister("incoming")
    except TableNotFoundError:
        return
    except (DeltaError, duckdb.Error, OSError, ValueError) as error:
        first_line = (str(error).strip().splitlines() or [type(error).__name__])[0][:500]
        raise UnreadableLake(
            f"the Delta table {lake.rstrip('/')}/{name} cannot be read: {first_line}. Restore its"
            " folder from a copy, or move it away and collect again; nothing was trained on it"
        ) from error


def _address(lake: str, table: str) -> str:
    try:
        return delta_address(lake, table)
    except (OSError, ValueError) as error:
        raise UnreadableLake(f"the lake {lake} cannot be read: {error}") from error


def _selected(column: str) -> str:
    match column:
        case "written_at":
            return "CAST(written_at AS BIGINT) AS written_at"
        case "event":
            # The event of an invalid record may be any text, and DuckDB may evaluate a JSON
            # function before the condition that leaves invalid records out.
            return "CASE WHEN refused IS NULL THEN event END AS event"
        case _:
            return column
