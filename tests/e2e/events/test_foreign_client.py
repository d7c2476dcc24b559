"""Another Kafka library requests a feed with plain JSON, without our client."""

import json
import time
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, Producer

from tests.e2e.pictures import story_files
from tests.e2e.system import System

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.timeout(300)]


def test_plain_json_without_key_or_headers_gets_its_feed(system: System, pictures: Path) -> None:
    image = story_files(pictures / "foreign").slate[0]
    consumer = Consumer(
        {"bootstrap.servers": system.kafka, "group.id": "foreign", "auto.offset.reset": "earliest"}
    )
    consumer.subscribe(["feed.ranked.v1"])
    producer = Producer({"bootstrap.servers": system.kafka})
    producer.produce(
        "image.candidates.v1",
        json.dumps(
            {
                "event_id": str(uuid4()),
                "occurred_at": "2026-01-31T09:30:00+01:00",
                "user_id": "foreign-user",
                "request_id": "foreign-1",
                "candidates": [{"image_id": "one", "uri": image.as_uri()}],
                "something_else": "ignored",
            }
        ),
    )
    assert producer.flush(30) == 0

    feed = None
    deadline = time.monotonic() + 120
    while feed is None and time.monotonic() < deadline:
        message = consumer.poll(1.0)
        if message is None or message.error():
            continue
        value = json.loads(message.value())
        if value["request_id"] == "foreign-1":
            feed = value
            headers = dict(message.headers() or [])
    consumer.close()

    assert feed is not None
    assert feed["status"] == "cold_start"
    assert [item["image_id"] for item in feed["items"]] == ["one"]
    assert headers["ce_type"] == b"feed.ranked.v1"
