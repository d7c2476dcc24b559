"""A problem with one table does not stop the others, and a stop ends the collection."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import CollectorRegistry

from services.retrain.config import RetrainSettings
from services.retrain.lake.collect import Collector
from services.retrain.lake.schema import TABLES
from services.retrain.lake.table import LakeTable
from services.retrain.metrics import CollectMetrics
from shared.domain.errors import Unavailable
from shared.events.topics import FEEDBACK, FEEDS, Topic
from shared.events.wire.record import Record
from shared.messaging.read.drain import Batch

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class FakeDrain:
    """Two batches of one invalid record for each topic, except topics that are not available."""

    def __init__(self, *unavailable: Topic) -> None:
        self._unavailable = unavailable
        self.stop: Callable[[], bool] = lambda: False

    def __call__(
        self, topic: Topic, *, start_of: Callable[[int], int | None], stop: Callable[[], bool]
    ) -> Iterator[Batch]:
        if topic in self._unavailable:
            raise Unavailable("kafka", "no broker")
        start = start_of(0) or 0
        for offset in (start, start + 1):
            if not stop():
                record = Record(topic.name, 0, offset, int(NOW.timestamp() * 1000), None, b"{")
                yield Batch((record,), {0: offset + 1}, lost=3 if offset == 0 else 0)


def _collector(folder: Path, drain: FakeDrain, registry: CollectorRegistry) -> Collector:
    return Collector(
        [LakeTable(str(folder), table) for table in TABLES],
        drain,
        RetrainSettings(),
        CollectMetrics(registry),
        lambda: NOW,
    )


def test_an_unavailable_topic_is_a_problem_and_the_others_are_collected(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    collector = _collector(tmp_path, FakeDrain(FEEDBACK), registry)
    result = collector.run()
    assert [(p.table, p.reason) for p in result.problems] == [("feedback", "kafka")]
    assert result.rows == {"feeds": 2, "candidates": 2, "profiles": 2}
    assert collector.last == result
    failed = {"table": "feedback", "reason": "kafka"}
    assert registry.get_sample_value("preferstream_collect_failures_total", failed) == 1
    assert registry.get_sample_value("preferstream_collect_last_success_timestamp_seconds") == 0


def test_a_success_sets_its_time_and_counts_deleted_records(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    assert not _collector(tmp_path, FakeDrain(), registry).run().problems
    timestamp = registry.get_sample_value("preferstream_collect_last_success_timestamp_seconds")
    assert timestamp == NOW.timestamp()
    lost = {"table": "feeds"}
    assert registry.get_sample_value("preferstream_collect_lost_records_total", lost) == 3


def test_a_stopped_collection_is_continued_by_the_next_collection(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    stopped = _collector(tmp_path, FakeDrain(), registry)
    stopped.stop()
    assert stopped.run().rows == {}
    again = _collector(tmp_path, FakeDrain(), CollectorRegistry()).run()
    assert again.rows["feeds"] == 2


def test_a_collector_continues_after_the_last_commit(tmp_path: Path) -> None:
    for _ in range(2):
        _collector(tmp_path, FakeDrain(), CollectorRegistry()).run()
    (feeds,) = (t for t in TABLES if t.topic is FEEDS)
    assert LakeTable(str(tmp_path), feeds).offsets([0]) == {0: 4}
