"""Read the events of one tenant from a table of the lake, batch by batch, without erased users."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from arro3.core import RecordBatch
from deltalake import QueryBuilder

from services.retrain.lake.erased_users import ErasureTable
from services.retrain.lake.table import LakeTable
from shared.domain.errors import Unprocessable
from shared.events.types.base import Event
from shared.events.wire.codec import decode
from shared.events.wire.record import Record

_COLUMNS = ("tenant", "user_id", "occurred_at", "written_at", "collected_at", "event")


def stored_events(
    table: LakeTable, erasures: ErasureTable, *, tenant: str
) -> Iterator[tuple[Event, datetime]]:
    """Every valid event of the tenant with the time of its record; none of a missing table.

    Raises `LakeBroken` and `Unavailable`. Erased rows are deleted from the table; what an erasure
    covers that has not been worked off yet is left out here.
    """
    with table.translated():
        if not table.exists():
            return
        quoted = tenant.replace("'", "''")
        reader = QueryBuilder().register("rows", table.open()).execute(
            f"SELECT {', '.join(_COLUMNS)} FROM rows"
            f" WHERE refused IS NULL AND tenant = '{quoted}'"
        )  # fmt: skip
        for batch in reader:
            for row in erasures.without_erased(_rows(RecordBatch.from_arrow(batch))):
                event = _event(table, row)
                if event is not None:
                    yield event, row["written_at"]


def _rows(batch: RecordBatch) -> Sequence[dict[str, Any]]:
    columns = {name: batch.column(name).to_pylist() for name in batch.schema.names}
    return [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]


def _event(table: LakeTable, row: Any) -> Event | None:
    topic = table.schema.topic
    record = Record(topic.name, 0, 0, 0, None, row["event"].encode())
    try:
        # A row was checked against the clock of the day on which it was collected.
        return decode(topic, record, now=row["collected_at"])
    except Unprocessable:
        return None
