"""Collect new Kafka records into the lake, each exactly once, and compact its files."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.retrain.config import RetrainSettings
from services.retrain.lake.append import append
from services.retrain.lake.schema import Row, reader_time, row_of
from services.retrain.lake.table import ConcurrentCommit, LakeBroken, LakeTable
from services.retrain.metrics import CollectMetrics
from shared.domain.clock import Clock
from shared.domain.errors import Unavailable
from shared.events.topics import Topic
from shared.messaging.metrics import INTERNAL_ERROR
from shared.messaging.read.drain import Batch, TopicRecreated

log = logging.getLogger(__name__)


LEFT_OUT = "left_out"
"""Reason of records that have no row, because the table can store them in no form."""


class Drain(Protocol):
    """Batches of a topic from the given offsets to its end (`shared.messaging.read.drain`)."""

    def __call__(
        self, topic: Topic, *, start_of: Callable[[int], int | None], stop: Callable[[], bool]
    ) -> Iterator[Batch]: ...


@dataclass(frozen=True)
class CollectProblem:
    """Why one table was not collected."""

    table: str
    reason: str
    detail: str

    def __str__(self) -> str:
        return f"{self.table}: {self.detail}"


@dataclass(frozen=True)
class CollectResult:
    """The outcome of one collection, by table; the next one continues a table with a problem."""

    rows: dict[str, int]
    invalid: dict[str, int]
    """Rows of records that cannot be decoded."""
    problems: tuple[CollectProblem, ...] = ()


class Collector:
    """Collects all tables, one after another; blocking, so it runs in its own thread."""

    def __init__(
        self,
        tables: Sequence[LakeTable],
        drain: Drain,
        settings: RetrainSettings,
        metrics: CollectMetrics,
        clock: Clock,
    ) -> None:
        self._tables = tables
        self._drain = drain
        self._settings = settings
        self._metrics = metrics
        self._clock = clock
        self._stopping = False
        self.last: CollectResult | None = None

    def stop(self) -> None:
        """End after the current commit; the next collection continues after it."""
        self._stopping = True

    def run(self) -> CollectResult:
        """Collect every table; a problem with one table does not stop the others."""
        rows: Counter[str] = Counter()
        invalid: Counter[str] = Counter()
        problems: list[CollectProblem] = []
        with self._metrics.seconds.time():
            for table in self._tables:
                if self._stopping:
                    break
                try:
                    self._collect(table, rows, invalid)
                    self._compact(table)
                except ConcurrentCommit as error:
                    log.info("another instance collected first: %s", error)
                except (Unavailable, LakeBroken, TopicRecreated) as error:
                    problems.append(self._report(table, error))
                except Exception as error:
                    # A bug costs this table, not the others; the next collection tries again.
                    log.exception("collecting %s failed", table.schema.name)
                    problems.append(self._report(table, error))
        if not problems:
            self._metrics.last_success.set(self._clock().timestamp())
        self.last = CollectResult(dict(rows), dict(invalid), tuple(problems))
        return self.last

    def _collect(self, table: LakeTable, rows: Counter[str], invalid: Counter[str]) -> None:
        table.prepare()
        committed: dict[int, int | None] = {}

        def start_of(partition: int) -> int | None:
            committed[partition] = table.offsets([partition]).get(partition)
            return committed[partition]

        schema = table.schema
        for batch in self._drain(schema.topic, start_of=start_of, stop=lambda: self._stopping):
            now = reader_time(batch.records, self._clock())
            batch_rows: Sequence[Row] = [row_of(schema, r, now=now) for r in batch.records]
            # Offsets without records are stored too: later they must not look like lost records.
            if batch_rows or batch.next_offsets:
                batch_rows = append(table, batch_rows, batch.next_offsets, committed=committed)
            rows[schema.name] += len(batch_rows)
            invalid[schema.name] += sum(1 for row in batch_rows if "refused" in row)
            self._count(table, batch_rows, batch)

    def _count(self, table: LakeTable, rows: Sequence[Row], batch: Batch) -> None:
        name = table.schema.name
        self._metrics.rows.labels(name).inc(len(rows))
        for row in rows:
            if "refused" in row:
                self._metrics.invalid_rows.labels(name, row["refused"]).inc()
        if left_out := len(batch.records) - len(rows):
            self._metrics.invalid_rows.labels(name, LEFT_OUT).inc(left_out)
        self._metrics.backlog.labels(name).set(batch.remaining)
        if batch.lost:
            self._metrics.lost.labels(name).inc(batch.lost)
            log.error(
                "%d records of %s were deleted by Kafka's retention before they were collected;"
                " collect more often, or raise the topic's retention",
                batch.lost, table.schema.topic.name,
            )  # fmt: skip

    def _compact(self, table: LakeTable) -> None:
        files = table.files_by_day()
        self._metrics.files.labels(table.schema.name).set(sum(files.values()))
        days = [day for day, count in files.items() if count >= self._settings.compact_files]
        if days:
            table.compact(days, vacuum_days=self._settings.lake_vacuum_days)

    def _report(self, table: LakeTable, error: Exception) -> CollectProblem:
        reason, detail = _reason_and_detail(error)
        self._metrics.failures.labels(table.schema.name, reason).inc()
        log.error("%s was not collected: %s", table.schema.name, detail)
        return CollectProblem(table.schema.name, reason, detail)


def _reason_and_detail(error: Exception) -> tuple[str, str]:
    match error:
        case Unavailable():
            return error.part, error.detail
        case LakeBroken():
            return "lake_broken", str(error)
        case TopicRecreated():
            return "topic_recreated", str(error)
        case _:
            return INTERNAL_ERROR, f"{type(error).__name__}: {error}"
