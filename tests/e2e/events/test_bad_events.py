"""Malformed events become dead letters, and the valid events around them are handled."""

from pathlib import Path

import pytest
from confluent_kafka import Producer

from shared.client.topic_reader import events_of, topic_reader
from shared.events import Feedback, ProfileUpdated, RankedFeed
from shared.events.topics import (
    CANDIDATES,
    FEEDBACK,
    FEEDS,
    MAX_RECORD_BYTES,
    PROFILES,
    Topic,
    topic_named,
)
from shared.events.wire.codec import encode
from shared.events.wire.record import Outgoing, Record
from tests.contract.events.malformed import MALFORMED, Malformed
from tests.e2e.pictures import act, request, story_files
from tests.e2e.system import System

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(600)]

TIMEOUT_SECONDS = 240.0
VALID_PER_MALFORMED = 3
"""Enough valid events to keep the ratio of dead letters below the one that stops the process."""


def _of(topic: Topic) -> list[Malformed]:
    return [case for case in MALFORMED if case.topic == topic.name]


def _outgoing(case: Malformed) -> Outgoing:
    return Outgoing(case.topic, case.key, case.value, case.headers)


@pytest.fixture
def producer(system: System) -> Producer:
    """A client that can send headers without a value, which other clients refuse."""
    return Producer(
        {"bootstrap.servers": system.kafka, "message.max.bytes": MAX_RECORD_BYTES, "acks": "all"}
    )


def send_raw(producer: Producer, records: list[Outgoing]) -> None:
    for r in records:
        producer.produce(r.topic, value=r.value, key=r.key, headers=list(r.headers))
    assert producer.flush(60) == 0


def _dead_letters(system: System, topic: Topic, count: int) -> list[Record]:
    records: list[Record] = []
    letters = topic_named(topic.dead_letters)
    with topic_reader(system.kafka, letters, from_beginning=True) as reader:
        for record in reader.records_for(seconds=TIMEOUT_SECONDS):
            records.append(record)
            if len(records) >= count:
                break
    return records


def test_malformed_candidates_become_dead_letters_and_valid_ones_are_answered(
    system: System, producer: Producer, pictures: Path
) -> None:
    files = story_files(pictures / "bad-candidates")
    cases = _of(CANDIDATES)
    good = [
        [request("among-bad", [files.slate[0]], explain="none") for _ in range(VALID_PER_MALFORMED)]
        for _ in cases
    ]
    missing = {event.request_id for events in good for event in events}

    with topic_reader(system.kafka, FEEDS) as feeds:
        for case, events in zip(cases, good, strict=True):
            send_raw(producer, [_outgoing(case), *map(encode, events)])
        for feed in events_of(feeds.records_for(seconds=TIMEOUT_SECONDS), RankedFeed):
            missing.discard(feed.request_id)
            if not missing:
                break
    letters = _dead_letters(system, CANDIDATES, len(cases))

    assert not missing
    assert sorted(letter.value or b"" for letter in letters) == sorted(
        case.value or b"" for case in cases
    )
    assert all(
        dict(letter.headers)["x-error"] and dict(letter.headers)["x-detail"] for letter in letters
    )
    assert system.process.poll() is None


def test_malformed_feedback_becomes_dead_letters_and_valid_feedback_counts(
    system: System, producer: Producer, pictures: Path
) -> None:
    files = story_files(pictures / "bad-feedback")
    cases = _of(FEEDBACK)
    good: list[Feedback] = [act("among-bad-feedback", "like", path) for path in files.liked]

    with topic_reader(system.kafka, PROFILES) as profiles:
        for number, case in enumerate(cases):
            views = [act("only-views", "view", files.liked[0])] * VALID_PER_MALFORMED
            among = [*views, *good[number : number + 1]]
            send_raw(producer, [_outgoing(case), *map(encode, among)])
        profile = next(
            (
                profile
                for profile in events_of(
                    profiles.records_for(seconds=TIMEOUT_SECONDS), ProfileUpdated
                )
                if profile.user_id == "among-bad-feedback" and profile.evidence.liked == len(good)
            ),
            None,
        )
    letters = _dead_letters(system, FEEDBACK, len(cases))

    assert profile is not None
    assert len(letters) == len(cases)
    assert {dict(letter.headers)["x-error"] for letter in letters} == {
        case.expected_reason.encode() for case in cases
    }
