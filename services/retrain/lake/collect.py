"""Bring what Kafka has new into the lake, each record exactly once, and keep the lake in shape."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.retrain.config import RetrainSettings
from services.retrain.lake.schema import Row, row
from services.retrain.lake.table import LakeBroken, LakeTable, TakenByAnother
from services.retrain.metrics import CollectMetrics
from shared.domain.clock import Clock
from shared.domain.errors import Unavailable
from shared.events.topics import Topic
from shared.messaging.read.drain import Batch, TopicMadeAnew

log = logging.getLogger(__name__)


class Drain(Protocol):
    """Batches of a topic from a reader's place to its end (`shared.messaging.read.drain`)."""

    def __call__(
        self, topic: Topic, *, start_of: Callable[[int], int | None], stop: Callable[[], bool]
    ) -> Iterator[Batch]: ...


@dataclass(frozen=True)
class Problem:
    """Why one table was not brought up to date."""

    table: str
    reason: str
    detail: str

    def __str__(self) -> str:
        return f"{self.table}: {self.detail}"


@dataclass(frozen=True)
class Collected:
    """What one collection did; nothing of a table with a problem is lost, only late."""

    rows: dict[str, int]
    refused: dict[str, int]
    problems: tuple[Problem, ...] = ()


class Collector:
    """One collection after another; blocking, so it runs in a thread of its own."""

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
        self.last: Collected | None = None

    def stop(self) -> None:
        """End after the commit in work; the rest comes next time."""
        self._stopping = True

    def run(self) -> Collected:
        """Collect every table; a problem with one of them does not keep the others from it."""
        rows: Counter[str] = Counter()
        refused: Counter[str] = Counter()
        problems: list[Problem] = []
        with self._metrics.seconds.time():
            for table in self._tables:
                if self._stopping:
                    break
                try:
                    self._collect(table, rows, refused)
                    self._tidy(table)
                except TakenByAnother as error:
                    log.info("another instance was faster: %s", error)
                except (Unavailable, LakeBroken, TopicMadeAnew) as error:
                    problems.append(self._problem(table, error))
        if not problems:
            self._metrics.last_success.set(self._clock().timestamp())
        self.last = Collected(dict(rows), dict(refused), tuple(problems))
        return self.last

    def _collect(self, table: LakeTable, rows: Counter[str], refused: Counter[str]) -> None:
        table.prepare()
        known: dict[int, int | None] = {}

        def start_of(partition: int) -> int | None:
            known[partition] = table.offsets([partition]).get(partition)
            return known[partition]

        for batch in self._drain(table.table.topic, start_of=start_of, stop=lambda: self._stopping):
            new = [row(table.table, record, now=self._clock()) for record in batch.records]
            if new:
                table.append(new, batch.next_offsets, after=known)
                known.update(batch.next_offsets)
            rows[table.table.name] += len(new)
            refused[table.table.name] += sum(1 for one in new if "refused" in one)
            self._count(table, new, batch)

    def _count(self, table: LakeTable, new: Sequence[Row], batch: Batch) -> None:
        name = table.table.name
        self._metrics.rows.labels(name).inc(len(new))
        for one in new:
            if "refused" in one:
                self._metrics.refused.labels(name, one["refused"]).inc()
        self._metrics.left.labels(name).set(batch.left)
        if batch.lost:
            self._metrics.lost.labels(name).inc(batch.lost)
            log.error(
                "%d records of %s were deleted by Kafka's retention before they were collected;"
                " collect more often, or keep the topic longer",
                batch.lost, table.table.topic.name,
            )  # fmt: skip

    def _tidy(self, table: LakeTable) -> None:
        files = table.files_by_day()
        self._metrics.files.labels(table.table.name).set(sum(files.values()))
        crowded = [day for day, count in files.items() if count >= self._settings.compact_files]
        if crowded:
            table.compact(crowded, vacuum_days=self._settings.lake_vacuum_days)

    def _problem(
        self, table: LakeTable, error: Unavailable | LakeBroken | TopicMadeAnew
    ) -> Problem:
        reason = error.part if isinstance(error, Unavailable) else _slug(error)
        detail = error.detail if isinstance(error, Unavailable) else str(error)
        self._metrics.failures.labels(table.table.name, reason).inc()
        log.error("%s was not collected: %s", table.table.name, detail)
        return Problem(table.table.name, reason, detail)


def _slug(error: LakeBroken | TopicMadeAnew) -> str:
    return "lake_broken" if isinstance(error, LakeBroken) else "topic_made_anew"
