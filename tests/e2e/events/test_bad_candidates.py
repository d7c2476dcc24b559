"""One bad candidate of a request is rejected alone: through Kafka, HTTP, and after a replay."""

import base64
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest
from confluent_kafka import Producer

from services.cli.demo.image_files import DemoFiles
from shared.client import Client
from shared.client.topic_reader import events_of, topic_reader
from shared.domain.clock import system_clock
from shared.events import RankedFeed
from shared.events.topics import CANDIDATES, FEEDBACK, FEEDS, MAX_RECORD_BYTES, topic_named
from tests.e2e.pictures import story_files
from tests.e2e.system import System

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.timeout(600)]
TIMEOUT_SECONDS = 120.0
BAD: dict[str, Any] = {
    "no address": {},
    "null": {"uri": None},
    "an object": {"uri": {"href": "https://images.example/a.png"}},
    "empty": {"uri": ""},
    "a control character": {"uri": "https://images.example/\x00"},
    "a lone surrogate": {"uri": "https://images.example/\ud83d"},
    "too long": {"uri": "data:image/png;base64," + "A" * 2_000_000},
    "not base64": {"uri": "data:image/png;base64,!!!!"},
    "no scheme": {"uri": "images/a.png"},
    "a long prompt": {"uri": "https://images.example/a.png", "prompt": "a" * 4_001},
    "nested metadata": {"uri": "https://images.example/a.png", "metadata": {"a": {"b": 1}}},
    "a time far ahead": {
        "uri": "https://images.example/a.png",
        "created_at": "9999-12-31T23:59:59Z",
    },
}
"""What is wrong with each candidate of this id."""


@pytest.fixture(scope="module")
def files(system: System, tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return story_files(tmp_path_factory.mktemp("bad-candidates"))


@pytest.fixture
def slate(files: DemoFiles) -> list[dict[str, Any]]:
    """Two good images, and between them one for each fault."""
    encoded = base64.encodebytes(files.slate[1].read_bytes()).decode().replace("\n", "\r\n")
    bad = [{"image_id": name, **fields} for name, fields in BAD.items()]
    first = {"image_id": "first", "uri": "data:image/png;charset=utf-8;base64,\r\n" + encoded}
    last = base64.urlsafe_b64encode(files.slate[0].read_bytes()).decode().rstrip("=")
    return [first, *bad, {"image_id": "last", "uri": f"DATA:;base64,{last}\n"}]


def fields(slate: list[dict[str, Any]], request_id: str) -> dict[str, Any]:
    return {"user_id": "bad-candidates", "request_id": request_id, "candidates": slate}


def check(feed: dict[str, Any]) -> None:
    assert {item["image_id"] for item in feed["items"]} == {"first", "last"}
    reasons = {item["image_id"]: item["reason"] for item in feed["rejected"]}
    assert reasons.keys() == BAD.keys()
    slugs = {name: reason.partition(":")[0] for name, reason in reasons.items()}
    assert slugs == {
        **dict.fromkeys(BAD, "bad_uri"),
        "not base64": "bad_data_uri",
        "no scheme": "unknown_scheme",
        **dict.fromkeys(("a long prompt", "nested metadata", "a time far ahead"), "bad_candidate"),
    }


def produce(system: System, topic: str, value: dict[str, Any]) -> None:
    producer = Producer(
        {"bootstrap.servers": system.kafka, "message.max.bytes": MAX_RECORD_BYTES, "acks": "all"}
    )
    envelope = {"event_id": str(uuid4()), "occurred_at": system_clock().isoformat()}
    producer.produce(topic, json.dumps({**envelope, **value}).encode(), key=b"bad-candidates")
    assert producer.flush(60) == 0


def test_bad_candidates_on_kafka_are_rejected_alone(
    system: System, slate: list[dict[str, Any]]
) -> None:
    requests = {
        "all-faults": slate,
        **{f"only-{name}": [slate[0], {"image_id": name, **f}] for name, f in BAD.items()},
    }
    feeds: dict[str, RankedFeed] = {}
    with topic_reader(system.kafka, FEEDS) as reader:
        for request_id, candidates in requests.items():
            produce(system, CANDIDATES.name, fields(candidates, request_id))
        for feed in events_of(reader.records_for(seconds=TIMEOUT_SECONDS), RankedFeed):
            feeds[feed.request_id] = feed
            if feeds.keys() >= requests.keys():
                break
    assert feeds.keys() >= requests.keys()
    check(feeds["all-faults"].model_dump(mode="json"))
    for name in BAD:
        feed = feeds[f"only-{name}"]
        assert [item.image_id for item in feed.items] == ["first"]
        assert [item.image_id for item in feed.rejected] == [name]


def test_bad_candidates_over_http_are_rejected_alone(
    system: System, slate: list[dict[str, Any]]
) -> None:
    body = json.dumps(fields(slate, "over-http")).encode()
    with httpx.Client(base_url=system.ready["dashboard"], timeout=TIMEOUT_SECONDS) as app:
        answer = app.post(
            "/v1/candidates?wait_seconds=60",
            content=body,
            headers={"Content-Type": "application/json"},
        )
    assert answer.status_code == 200
    check(answer.json())


def test_a_request_of_bad_candidates_alone_gets_a_feed_with_their_reasons(system: System) -> None:
    with Client(system.kafka) as app:
        feed = app.rank(
            "bad-candidates", {"a": "", "b": "https://images.example/\x00"}, seconds=TIMEOUT_SECONDS
        )
    assert feed.items == ()
    assert [item.image_id for item in feed.rejected] == ["a", "b"]


def test_feedback_with_a_bad_address_is_one_dead_letter(system: System, files: DemoFiles) -> None:
    bad = {
        "user_id": "bad-feedback",
        "type": "like",
        "image_id": "x",
        "uri": "https://a.example/\x00",
    }
    produce(system, FEEDBACK.name, bad)
    letters = topic_named(FEEDBACK.dead_letters)
    with topic_reader(system.kafka, letters, from_beginning=True) as reader:
        letter = next(
            record
            for record in reader.records_for(seconds=TIMEOUT_SECONDS)
            if b"bad-feedback" in (record.value or b"")
        )
    assert dict(letter.headers)["x-error"] == b"invalid_event"
