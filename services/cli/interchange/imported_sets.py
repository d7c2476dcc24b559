"""Send the feedback of an imported benchmark to Kafka, and show what an import has written."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from services.cli.output.listing import Column, Listing
from shared.events.topics import topic_named
from shared.events.types.base import Event
from shared.jobs.benchmark_import import BenchmarkImport, ImportedSet

BATCH_EVENTS: Final = 500
BETWEEN_PHASES_SECONDS: Final = 0.05
"""A job orders events by the milliseconds of Kafka: references must be older than the feeds."""


def send_sets(
    summary: BenchmarkImport,
    send: Callable[[list[Event]], None],
    *,
    on_batch: Callable[[int], None],
) -> int:
    """Send the events of all sets, references first; returns their number.

    `send` returns when Kafka has the events, and raises what a client raises.
    """
    count = 0
    for phase in ("references", "pairs"):
        batch: list[Event] = []
        for imported in summary.sets:
            for event in _events(Path(imported.folder) / "events.jsonl", phase):
                batch.append(event)
                if len(batch) == BATCH_EVENTS:
                    send(batch)
                    count, batch = count + len(batch), []
                    on_batch(count)
        if batch:
            send(batch)
            count += len(batch)
        time.sleep(BETWEEN_PHASES_SECONDS)
    return count


def _events(file: Path, phase: str) -> Iterator[Event]:
    with file.open(encoding="utf-8") as lines:
        for text in lines:
            line = json.loads(text)
            kind = topic_named(line["topic"]).event
            if line["phase"] == phase and kind is not None:
                yield kind.model_validate_json(json.dumps(line["event"]))


def set_rows(summary: BenchmarkImport) -> Listing:
    """One row a set."""
    rows = [
        (s.name, str(s.users), str(s.pairs), str(s.images), str(s.rows), _sum(s.rows_left_out),
         _sum(s.pairs_left_out), _sum(s.users_left_out))
        for s in summary.sets
    ]  # fmt: skip
    names = ("users", "pairs", "images", "rows", "rows left out", "pairs left out")
    return Listing(
        (Column("set", "id"), *(Column(name, "number") for name in (*names, "users left out"))),
        rows,
    )


def remark_lines(summary: BenchmarkImport) -> list[str]:
    """What was left out and why, the terms of the data, and the next commands."""
    lines: list[str] = []
    for imported in summary.sets:
        for what, counts in _reasons(imported):
            reasons = ", ".join(f"{reason} {count}" for reason, count in counts.items())
            lines.append(f"{imported.name}: {what} left out: {reasons}")
        lines += [f"  {sentence}" for sentence in imported.sentences]
    first = summary.sets[0]
    lines.append(f"terms of the data: {first.licence} ({first.source})")
    lines.append(f"measure a model on it: preferstream evaluate --bench {summary.out}")
    return lines


def _reasons(imported: ImportedSet) -> list[tuple[str, dict[str, int]]]:
    parts = {
        "rows": imported.rows_left_out,
        "pairs and references": imported.pairs_left_out,
        "users": imported.users_left_out,
    }
    return [(what, counts) for what, counts in parts.items() if counts]


def _sum(counts: dict[str, int]) -> str:
    return str(sum(counts.values()))
