"""Read feeds, feedback and addresses of one tenant from the lake into a history, batch by batch."""

from collections.abc import Iterator, Mapping
from typing import Final

from arro3.core import RecordBatch
from deltalake import DeltaTable, QueryBuilder
from deltalake.exceptions import DeltaError, TableNotFoundError

from shared.domain.clock import system_clock
from shared.domain.errors import Unprocessable
from shared.events.interchange.readers.own import list_of_feed
from shared.events.interchange.values import ShownList
from shared.events.topics import CANDIDATES, FEEDBACK, FEEDS, Topic
from shared.events.types.base import Event
from shared.events.types.candidates import ImageCandidates
from shared.events.types.feed import RankedFeed
from shared.events.types.feedback import Feedback
from shared.events.wire.codec import decode
from shared.events.wire.record import Record
from shared.files.lake_address import delta_address
from training.dataset.lake import UnreadableLake
from training.simulate.backtest.history import HistoryBuilder

TABLES: Final[Mapping[str, Topic]] = {
    "candidates": CANDIDATES, "feeds": FEEDS, "feedback": FEEDBACK
}  # fmt: skip


def read_lake(
    builder: HistoryBuilder, lake: str, *, tenant: str, storage_options: Mapping[str, str]
) -> int:
    """Add the events of the tenant, and return their number; raises `UnreadableLake`."""
    count = 0
    for name, topic in TABLES.items():
        for event in _events(lake, name, topic, tenant=tenant, storage_options=storage_options):
            count += 1
            match event:
                case ImageCandidates():
                    for candidate in event.candidates:
                        builder.add_address(tenant, candidate.image_id, candidate.uri)
                case RankedFeed():
                    shown = list_of_feed(event, tenant=tenant)
                    if isinstance(shown, ShownList):
                        builder.add(shown)
                case Feedback():
                    builder.add(event)
    return count


def _events(
    lake: str, name: str, topic: Topic, *, tenant: str, storage_options: Mapping[str, str]
) -> Iterator[Event]:
    quoted = tenant.replace("'", "''")
    try:
        address = delta_address(lake, name)
        table = DeltaTable(address, storage_options=dict(storage_options))
        reader = QueryBuilder().register("rows", table).execute(
            f"SELECT event FROM rows WHERE refused IS NULL AND tenant = '{quoted}'"
        )  # fmt: skip
        for batch in reader:
            for text in RecordBatch.from_arrow(batch).column("event").to_pylist():
                record = Record(topic.name, 0, 0, 0, None, text.encode())
                try:
                    yield decode(topic, record, now=system_clock())
                except Unprocessable:
                    continue
    except TableNotFoundError:
        return
    except (DeltaError, OSError, ValueError) as error:
        first_line = (str(error).strip().splitlines() or [type(error).__name__])[0][:500]
        raise UnreadableLake(f"the table {name} of {lake} cannot be read: {first_line}") from error
