"""In the whole system no time of an event or of its record stops feeds, profiles or pages."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from kafka import KafkaProducer

from services.cli.demo.image_files import DemoFiles
from shared.client import Client
from shared.client.topic_reader import events_of, topic_reader
from shared.domain.clock import system_clock
from shared.events import RankedFeed
from shared.events.topics import CANDIDATES, FEEDBACK, FEEDS, topic_named
from tests.e2e.pictures import story_files
from tests.e2e.system import System, preferstream
from tests.support.json_values import json_object

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.timeout(600)]
TIMEOUT_SECONDS = 120.0
USER = "time-traveller"
OUT_OF_BOUNDS = {
    "9999-12-31T23:59:59-05:00": "outside the years 1 to 9999",
    "9999-12-31T23:59:59Z": "24 hours in the future",
    "0001-01-01T00:00:00+14:00": "outside the years 1 to 9999",
    "2026-01-31T24:00:00Z": "send 00:00:00 of the next day",
    "2026-01-31T09:30:00+99:99": "the offset +99:99 does not exist",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, pictures: Any) -> DemoFiles:
    return story_files(pictures / "times")


def produce(system: System, topic: str, *records: tuple[dict[str, Any], int]) -> None:
    """Send events, each with a Kafka timestamp in milliseconds."""
    producer = KafkaProducer(bootstrap_servers=system.kafka, acks="all")
    for fields, timestamp_ms in records:
        value = {"event_id": str(uuid4()), "user_id": USER, **fields}
        producer.send(
            topic, json.dumps(value).encode(), key=USER.encode(), timestamp_ms=timestamp_ms
        )
    producer.flush(60)
    producer.close()


def _timestamps() -> list[int]:
    """Kafka timestamps of no clock, of the past, and as far ahead as the broker accepts."""
    now_ms = int(system_clock().timestamp() * 1000)
    return [0, 1, 1_772_366, now_ms - 10**11, now_ms + 3_000_000]


def test_likes_with_strange_times_stop_no_other_like(system: System, files: DemoFiles) -> None:
    now_ms = int(system_clock().timestamp() * 1000)
    bad = [
        ({"occurred_at": time, "type": "like", "image_id": "a"}, now_ms) for time in OUT_OF_BOUNDS
    ]
    ahead = (system_clock() + timedelta(hours=23)).isoformat()
    good = [
        (
            {
                "occurred_at": time, "type": "reference_like", "image_id": image.name,
                "uri": image.as_uri(),
            },
            timestamp_ms,
        )
        for time, timestamp_ms, image in zip(
            ("2016-12-31T23:59:60Z", ahead, "1970-01-01T00:00:00Z", ahead, ahead),
            _timestamps(),
            (files.liked * 5)[:5],
            strict=True,
        )
    ]  # fmt: skip
    expected = len({fields["image_id"] for fields, _ in good})

    def send() -> None:
        produce(system, FEEDBACK.name, *bad, *good, *bad)

    with Client(system.kafka) as app:
        profile = app.profile_when(
            USER, lambda profile: profile.evidence.liked >= expected, after=send,
            seconds=TIMEOUT_SECONDS,
        )  # fmt: skip
    assert profile.evidence.liked == expected
    details = {}
    with topic_reader(
        system.kafka, topic_named(FEEDBACK.dead_letters), from_beginning=True
    ) as reader:
        for record in reader.records_for(seconds=TIMEOUT_SECONDS):
            value = json_object(record.value)
            if value.get("user_id") == USER:
                details[value["occurred_at"]] = dict(record.headers)["x-detail"].decode()
            if details.keys() >= OUT_OF_BOUNDS.keys():
                break
    for time, reason in OUT_OF_BOUNDS.items():
        assert reason in details[time]


def test_requests_with_strange_kafka_timestamps_are_not_late(
    system: System, files: DemoFiles
) -> None:
    candidates = [{"image_id": path.name, "uri": path.as_uri()} for path in files.slate[:2]]
    requests = {f"times-{number}": time for number, time in enumerate(_timestamps())}
    feeds: dict[str, RankedFeed] = {}
    with topic_reader(system.kafka, FEEDS) as reader:
        produce(
            system, CANDIDATES.name,
            *(
                (
                    {
                        "occurred_at": system_clock().isoformat(), "request_id": request_id,
                        "candidates": candidates, "explain": "none", "deadline_ms": 60_000,
                    },
                    timestamp_ms,
                )
                for request_id, timestamp_ms in requests.items()
            ),
        )  # fmt: skip
        for feed in events_of(reader.records_for(seconds=TIMEOUT_SECONDS), RankedFeed):
            if feed.request_id in requests:
                feeds[feed.request_id] = feed
            if feeds.keys() >= requests.keys():
                break
    assert feeds.keys() == requests.keys()
    on_time = [feeds[f"times-{number}"] for number in (0, 1, 2, 4)]
    assert all(feed.latency_ms["queue"] < 60_000 for feed in on_time)
    assert all(feed.status != "degraded" for feed in on_time)


def test_pages_and_commands_show_records_with_strange_timestamps(system: System) -> None:
    letters = [
        ({"occurred_at": "2026-01-31T09:30:00Z", "type": "adore"}, time) for time in _timestamps()
    ]
    produce(system, FEEDBACK.dead_letters, *letters)
    produce(system, FEEDBACK.name, *letters)
    with httpx.Client(base_url=system.ready["dashboard"], timeout=TIMEOUT_SECONDS) as dashboard:
        for page in (
            "/",
            "/dead-letters",
            f"/user?user={USER}",
            f"/user/history?user={USER}",
        ):
            assert dashboard.get(page).status_code == 200, page
        export = dashboard.get(f"/user/export?user={USER}")
    assert export.status_code == 200
    for arguments in (("list",), ("list", "--since", "1h"), ("list", "--json")):
        done = preferstream("dlq", *arguments, data_dir=system.data_dir)
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr[-800:]
    wrong = preferstream(
        "dlq", "list", "--since", "9999-12-31T23:59:59-05:00", data_dir=system.data_dir
    )
    assert wrong.returncode == 2
    assert "is not a time" in wrong.stderr
