"""On a real Kafka, no time of an event or of its record ends a collection or a training build."""

import json
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from kafka import KafkaProducer

from tests.integration.retrain.lakes import Lake, Sender, each_once, new_lake, views
from training.dataset.lake import open_lake

pytestmark = pytest.mark.kafka

OUT_OF_BOUNDS = [
    "9999-12-31T23:59:59-05:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00", "1969-12-31T23:59:59Z", "2026-01-31T24:00:00Z",
    "2026-01-31T09:30:00+99:99",
]  # fmt: skip


def like(occurred_at: str, **fields: object) -> bytes:
    event = {
        "event_id": str(uuid4()), "occurred_at": occurred_at, "user_id": "ada", "type": "like",
        "image_id": "a", "uri": "https://images.example/a.png",
    }  # fmt: skip
    return json.dumps(event | fields).encode()


@pytest.fixture
def lake(kafka: str, tmp_path_factory: pytest.TempPathFactory, topic_prefix: str) -> Lake:
    return new_lake(kafka, tmp_path_factory.mktemp("lake"), topic_prefix)


def test_a_like_at_the_end_of_the_calendar_ends_no_collection(lake: Lake) -> None:
    sender = Sender(lake)
    sender.send([*views(5), *map(like, OUT_OF_BOUNDS), *views(5)])
    result = lake.collector(collect_batch_records=4).run()
    assert not result.problems
    assert result.invalid == {"feedback": len(OUT_OF_BOUNDS)}
    sender.send([like("2016-12-31T23:59:60Z"), *views(3)])
    assert lake.collector().run().rows == {"feedback": 4}
    assert each_once(lake.positions(), sender.sent)
    occurred = {row[0] for row in lake.rows("occurred_at") if row[0] is not None}
    assert datetime(2017, 1, 1, tzinfo=UTC) in {time.astimezone(UTC) for time in occurred}


def test_any_timestamp_of_a_producer_is_collected(lake: Lake) -> None:
    now = datetime.now(UTC)
    now_ms = int(now.timestamp() * 1000)
    accepted = 0
    producer = KafkaProducer(bootstrap_servers=lake.kafka, retries=0)
    for timestamp_ms in (0, 1, 1_772_366, -1, -2, -(2**62), now_ms - 10**11, now_ms + 3_000_000):
        for value in (like("2026-01-31T09:30:00Z"), b"{"):
            try:
                producer.send(lake.topic.name, value, timestamp_ms=timestamp_ms).get(30)
            except Exception:  # the client or the broker refuses the timestamp
                continue
            accepted += 1
    producer.close()
    assert accepted >= 8
    result = lake.collector().run()
    assert not result.problems
    assert result.rows == {"feedback": accepted}
    rows = lake.rows("day, written_at")
    assert all(day >= now.date() - timedelta(days=1) for day, _ in rows)
    assert all(written.year >= 2011 for _, written in rows)


def test_a_lake_with_invalid_rows_can_be_read_for_training(lake: Lake) -> None:
    sender = Sender(lake)
    broken = [b"{", b"not JSON", b"\xff", b'{"uri": ', like("9999-12-31T23:59:59-05:00")]
    sender.send(broken * 60 + views(60))
    lake.collector().run()
    with open_lake(str(lake.folder), since=date(1970, 1, 1)) as connection:
        uris = connection.execute(
            "SELECT count(*), count(event->>'uri'), count(event) FROM lake_feedback"
            " WHERE (event->>'uri') IS NULL"
        ).fetchone()
    assert uris == (360, 0, 60)


def test_an_event_that_was_refused_as_from_the_future_stays_refused(lake: Lake) -> None:
    ahead = (datetime.now(UTC) + timedelta(hours=25)).isoformat()
    nearly = (datetime.now(UTC) + timedelta(hours=23)).isoformat()
    Sender(lake).send([like(ahead), like(nearly)])
    lake.collector().run()
    lake.collector().run()
    assert sorted(str(row[0]) for row in lake.rows("refused")) == ["None", "invalid_event"]
