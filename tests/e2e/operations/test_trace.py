"""The trace of an app's event continues in the feed, the profile and the log that it causes."""

import time
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import Producer

from shared.events.topics import CANDIDATES, FEEDBACK, FEEDS, PROFILES, Topic
from shared.messaging.client.settings import MessagingSettings
from tests.e2e.pictures import act, request, story_files
from tests.e2e.system import System
from tests.support.json_values import json_object

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.timeout(300)]
TIMEOUT_SECONDS = 120.0


def _send(system: System, topic: Topic, user: str, value: str, trace: str) -> None:
    """Send an event as an instrumented client of another vendor does."""
    producer = Producer({"bootstrap.servers": system.kafka})
    parent = f"00-{trace}-{uuid4().hex[:16]}-01"
    producer.produce(topic.name, key=user, value=value, headers={"traceparent": parent})
    assert producer.flush(30) == 0


def _trace_of(system: System, topic: Topic, user: str) -> str:
    from shared.messaging.read.tail import tail

    end = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < end:
        for record in tail(
            MessagingSettings(kafka_bootstrap_servers=system.kafka), topic, max_per_partition=1000
        ):
            if json_object(record.value).get("user_id") == user:
                return (dict(record.headers)["traceparent"] or b"").decode().split("-")[1]
        time.sleep(0.5)
    raise AssertionError(f"no record of {user} arrived in {topic.name}")


def test_a_feed_carries_the_trace_of_its_request(system: System, pictures: Path) -> None:
    files = story_files(pictures / "trace")
    trace = uuid4().hex
    event = request("traced-ada", files.slate[:2], explain="none")
    _send(system, CANDIDATES, "traced-ada", event.model_dump_json(), trace)
    assert _trace_of(system, FEEDS, "traced-ada") == trace


def test_a_profile_carries_the_trace_of_the_action_that_changed_it(
    system: System, pictures: Path
) -> None:
    files = story_files(pictures / "trace")
    trace = uuid4().hex
    liked = act("traced-bea", "reference_like", files.liked[0])
    _send(system, FEEDBACK, "traced-bea", liked.model_dump_json(), trace)
    assert _trace_of(system, PROFILES, "traced-bea") == trace


def test_a_dead_letter_is_logged_with_the_trace_of_its_record(system: System) -> None:
    trace = uuid4().hex
    _send(system, FEEDBACK, "traced-cem", "{", trace)
    end = time.monotonic() + TIMEOUT_SECONDS
    while f"trace_id={trace}" not in (system.data_dir / "services.log").read_text("utf-8"):
        assert time.monotonic() < end, "the log does not contain the trace"
        time.sleep(0.5)
