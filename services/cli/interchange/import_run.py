"""Send what the files of another system become, in batches, and resume where it was stopped."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from services.cli.interchange.import_checkpoint import ImportCheckpoint
from services.cli.interchange.import_counts import ImportCounts
from services.cli.interchange.refused_lines import RefusedLines
from shared.events.interchange.events import views_of
from shared.events.interchange.formats import Read
from shared.events.interchange.options import ImportOptions
from shared.events.interchange.values import Imported, Problem, ShownList, Skipped
from shared.events.types.base import Event
from shared.events.types.catalog import CatalogImage

BATCH_EVENTS: Final = 1_000
"""Acknowledged together: enough to fill the requests of the producer."""

Send = Callable[[Sequence[Event]], None]


def run_import(
    reads: Iterable[Read],
    options: ImportOptions,
    *,
    counts: ImportCounts,
    refused: RefusedLines,
    send: Send | None,
    checkpoint: ImportCheckpoint,
    lists_as_views: bool = True,
    on_batch: Callable[[], None] = lambda: None,
) -> None:
    """Read all records; memory is that of one batch and of the addresses.

    Without `send` records are only counted. Records before the checkpoint are read again, because
    later ones may need their addresses, but not sent.
    """
    batch: list[Event] = []
    for read in reads:
        counts.records += 1
        events = _events_of(read, options, counts, refused, lists_as_views)
        if counts.records <= checkpoint.records:
            counts.sent_before += sum(1 for _ in events)
            continue
        batch += events
        if len(batch) >= BATCH_EVENTS:
            _send(batch, send, counts)
            if send is not None:
                checkpoint.save(counts.records)
        if counts.records % BATCH_EVENTS == 0:
            on_batch()
    _send(batch, send, counts)
    if send is not None:
        checkpoint.remove()


def _send(batch: list[Event], send: Send | None, counts: ImportCounts) -> None:
    if send is not None and batch:
        send(batch)
        counts.sent += len(batch)
    batch.clear()


def _events_of(
    read: Read,
    options: ImportOptions,
    counts: ImportCounts,
    refused: RefusedLines,
    lists_as_views: bool,
) -> Iterator[Event]:
    for result in read.results:
        counts.add(result)
        if isinstance(result, Problem):
            refused.add(result)
        elif isinstance(result, CatalogImage):
            options.images.add(result)
        yield from _as_events(result, options, lists_as_views)


def _as_events(
    result: Imported | Skipped | Problem, options: ImportOptions, lists_as_views: bool
) -> Iterator[Event]:
    match result:
        case ShownList():
            yield from views_of(result, options) if lists_as_views else ()
        case Skipped() | Problem():
            return
        case _:
            yield result
