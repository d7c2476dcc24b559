"""Collecting from a real Kafka: every record once, in tables that other tools can read."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from deltalake import DeltaTable
from prometheus_client import CollectorRegistry

from services.retrain.lake.schema import LAST, Column, TableSchema
from services.retrain.lake.table import LakeTable
from shared.events.topics import FEEDBACK
from tests.integration.retrain.lakes import Lake, Sender, each_once, new_lake, views

pytestmark = pytest.mark.kafka

SMALL_FILE_BYTES = 2_000
"""Smaller than our Parquet files and larger than an entry of the log, as on a full disk."""


@pytest.fixture
def lake(kafka: str, tmp_path: Path, topic_prefix: str) -> Lake:
    return new_lake(kafka, tmp_path / "lake", topic_prefix)


@pytest.fixture
def sender(lake: Lake) -> Sender:
    return Sender(lake)


@pytest.fixture(scope="module", autouse=True)
def collection_without_kafka(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[subprocess.Popen[str]]:
    """It waits for Kafka for a minute, so it starts before the first test."""
    lake = Lake("127.0.0.1:1", tmp_path_factory.mktemp("lake"), FEEDBACK)
    code = "(problem,) = lake.collector().run().problems; print(problem.reason, problem.detail)"
    # In its own process: after a failed start kafka-python leaves its sockets to the collector.
    with subprocess.Popen(
        _command(lake, code), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def test_an_empty_topic_gives_an_empty_table(lake: Lake) -> None:
    result = lake.collector().run()
    assert result.rows == {}
    assert not result.problems
    assert lake.rows() == []


def test_repeated_collections_collect_each_record_once(lake: Lake, sender: Sender) -> None:
    for _ in range(3):
        sender.send(views(20))
        lake.collector(collect_batch_records=7).run()
        assert lake.collector().run().rows.get("feedback", 0) == 0
    assert each_once(lake.positions(), sender.sent)


def test_a_row_has_the_fields_and_the_time_of_its_event(lake: Lake, sender: Sender) -> None:
    now = datetime.now(UTC)
    sender.send(views(1), timestamp_ms=int(now.timestamp() * 1000))
    lake.collector().run()
    ((day, written, user, kind, image, request, position, refused),) = lake.rows(
        "day, written_at, user_id, type, image_id, request_id, position, refused"
    )
    assert day == now.date()
    assert abs((written - now).total_seconds()) < 1
    assert (user, kind, image, request, position, refused) == ("u", "view", "img-0", "r", 1, None)


def test_an_invalid_record_is_kept_with_its_reason_and_counted(lake: Lake, sender: Sender) -> None:
    registry = CollectorRegistry()
    sender.send([b"{", None, b"\xff", *views(2)])
    result = lake.collector(registry).run()
    assert result.rows == {"feedback": 5}
    assert result.invalid == {"feedback": 3}
    kept = [row for row in lake.rows("refused, event") if row[0]]
    assert sorted(reason for reason, _ in kept) == ["no_value", "not_json", "not_utf8"]
    counted = registry.get_sample_value(
        "preferstream_invalid_rows_total", {"table": "feedback", "reason": "not_json"}
    )
    assert counted == 1


def test_a_duplicate_event_is_kept_as_its_own_record(lake: Lake, sender: Sender) -> None:
    sender.send(views(4, event_id=UUID(int=5)))
    lake.collector().run()
    assert len(lake.positions()) == 4
    assert {row[0] for row in lake.rows("event_id")} == {str(UUID(int=5))}


def test_records_with_wrong_timestamps_are_stored_under_the_current_day(
    lake: Lake, sender: Sender
) -> None:
    for days in (1, 400, 10_000, 20_000):
        sender.send(views(1), timestamp_ms=days * 86_400_000)
    lake.collector().run()
    assert {row[0] for row in lake.rows("day")} == {datetime.now(UTC).date()}
    assert each_once(lake.positions(), sender.sent)


def test_two_instances_at_once_collect_each_record_once(lake: Lake, sender: Sender) -> None:
    sender.send(views(60))
    lake.collector().run()
    sender.send(views(60))
    collect = "[lake.collector(collect_batch_records=5).run() for _ in range(4)]"
    running = [subprocess.Popen(_command(lake, collect)) for _ in range(2)]
    assert [process.wait(120) for process in running] == [0, 0]
    lake.collector().run()
    assert each_once(lake.positions(), sender.sent)


def test_compaction_loses_no_row(lake: Lake, sender: Sender) -> None:
    for _ in range(5):
        sender.send(views(3))
        lake.collector(compact_files=5).run()
    assert len(lake.delta().file_uris()) == 1
    assert each_once(lake.positions(), sender.sent)
    sender.send(views(3))
    lake.collector().run()
    assert each_once(lake.positions(), sender.sent)


def test_the_table_needs_only_the_first_reader_version(lake: Lake, sender: Sender) -> None:
    sender.send(views(3))
    lake.collector().run()
    protocol = lake.delta().protocol()
    assert (protocol.min_reader_version, protocol.min_writer_version) == (1, 2)
    assert not protocol.reader_features
    assert not protocol.writer_features
    assert lake.delta().metadata().partition_columns == ["day"]


def test_a_table_of_an_earlier_version_gets_the_new_columns(lake: Lake, sender: Sender) -> None:
    earlier = TableSchema("feedback", lake.topic, (Column("type", "text"), Column("mood", "text")))
    LakeTable(str(lake.folder), earlier).prepare()
    sender.send(views(3))
    result = lake.collector().run()
    assert not result.problems
    assert lake.rows("image_id, mood")[0] == ("img-0", None)
    assert lake.rows(LAST[0].name)[0][0].startswith("{")


def test_a_corrupt_log_is_a_problem_and_nothing_is_lost(lake: Lake, sender: Sender) -> None:
    sender.send(views(5))
    lake.collector().run()
    log = lake.folder / "feedback" / "_delta_log"
    copy = lake.folder / "copy"
    shutil.copytree(log, copy)
    for entry in log.iterdir():
        entry.write_bytes(b"\0garbage")
    sender.send(views(5))

    (problem,) = lake.collector().run().problems
    assert problem.reason == "lake_broken"
    assert "Restore the folder from a backup" in problem.detail

    shutil.rmtree(log)
    shutil.copytree(copy, log)
    assert not lake.collector().run().problems
    assert each_once(lake.positions(), sender.sent)


def test_a_table_that_was_moved_away_is_collected_again(lake: Lake, sender: Sender) -> None:
    sender.send(views(5))
    lake.collector().run()
    (lake.folder / "feedback").rename(lake.folder / "broken")
    assert not lake.collector().run().problems
    assert each_once(lake.positions(), sender.sent)


def test_a_full_disk_is_a_problem_and_nothing_is_lost(lake: Lake, sender: Sender) -> None:
    sender.send(views(3))
    lake.collector().run()
    sender.send(views(200))
    completed = _in_a_process(
        lake,
        "import resource, signal;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({SMALL_FILE_BYTES},) * 2);"
        "(problem,) = lake.collector().run().problems; print(problem.reason, problem.detail)",
    )
    assert completed.returncode == 0, completed.stderr[-2000:]
    assert completed.stdout.startswith("lake ")
    assert "Nothing is lost" in completed.stdout
    assert len(lake.positions()) == 3

    assert not lake.collector().run().problems
    assert each_once(lake.positions(), sender.sent)


def test_a_topic_that_was_created_again_is_a_problem(lake: Lake, sender: Sender) -> None:
    sender.send(views(3))
    lake.collector().run()
    table = LakeTable(str(lake.folder), lake.schema)
    table.append([], {0: 1_000}, after={0: 1})
    (problem,) = lake.collector().run().problems
    assert problem.reason == "topic_recreated"
    assert "deleted and created again" in problem.detail


def test_an_unavailable_kafka_is_a_problem(
    collection_without_kafka: subprocess.Popen[str],
) -> None:
    output, errors = collection_without_kafka.communicate(timeout=120)
    assert output.startswith("kafka 127.0.0.1:1"), errors[-2000:]


def test_offsets_are_kept_after_a_checkpoint_of_the_log(lake: Lake, sender: Sender) -> None:
    sender.send(views(3))
    lake.collector().run()
    lake.delta().create_checkpoint()
    for entry in sorted((lake.folder / "feedback" / "_delta_log").glob("*.json"))[:-1]:
        os.remove(entry)
    assert lake.collector().run().rows.get("feedback", 0) == 0
    assert DeltaTable(lake.delta().table_uri).version() >= 1


def test_the_offsets_are_also_committed_to_kafka(lake: Lake, sender: Sender) -> None:
    from kafka import KafkaConsumer, TopicPartition

    sender.send(views(6))
    lake.collector().run()
    consumer = KafkaConsumer(bootstrap_servers=lake.kafka, group_id="preferstream.retrain")
    try:
        committed = [consumer.committed(TopicPartition(lake.topic.name, n)) for n in range(3)]
    finally:
        consumer.close(autocommit=False)
    assert committed == [2, 2, 2]


def _command(lake: Lake, code: str) -> list[str]:
    """The command that runs code in its own process, with the lake as `lake`."""
    setup = (
        "import sys; from pathlib import Path;"
        "from tests.integration.retrain.lakes import Lake; from shared.events.topics import Topic;"
        "from shared.events import Feedback;"
        "lake = Lake(sys.argv[1], Path(sys.argv[2]), Topic(sys.argv[3], Feedback, None));"
    )
    return [sys.executable, "-c", setup + code, lake.kafka, str(lake.folder), lake.topic.name]


def _in_a_process(lake: Lake, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _command(lake, code), capture_output=True, text=True, timeout=120, check=False
    )
