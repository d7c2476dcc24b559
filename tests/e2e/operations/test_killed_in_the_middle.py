"""After a kill during 500 requests no process remains, and each request gets one feed."""

import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.client.send_events import send_events
from shared.client.topic_reader import events_of, topic_reader
from shared.events import ImageCandidates, ProfileUpdated, RankedFeed
from shared.events.topics import FEEDS, PROFILES
from shared.events.wire.record import Record
from shared.messaging.client.connection import settings_of
from shared.messaging.read.tail import whole_topic
from tests.e2e.pictures import act, request, story_files
from tests.e2e.system import System, no_process_within, start

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(900)]

REQUESTS = 500
USERS = 5
KILL_AFTER = 100
ANSWER_SECONDS = 480.0


def test_a_kill_leaves_no_process_and_every_request_is_answered_once(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    files = story_files(pictures)
    settings = {"PREFERSTREAM_ALLOWED_FILE_ROOTS": str(pictures)}
    users = [f"killed-{number}" for number in range(USERS)]
    requests = [
        request(users[n % USERS], list(files.slate[:4]), request_id=f"k-{n}", explain="none")
        for n in range(REQUESTS)
    ]
    system = start(tmp_path / "system", **settings)
    try:
        _create_profiles(system, users, files.liked, files.disliked)
        send_events(system.kafka, requests)
        _wait_for_answers(system, KILL_AFTER)
        system.kill()
        assert no_process_within(tmp_path / "system", 30)
        system = start(tmp_path / "system", **settings)
        feeds = _answers(system, requests)
    finally:
        if system.process.poll() is None:
            system.stop()

    ids = defaultdict(set)
    for feed in feeds:
        ids[feed.request_id].add(feed.event_id)
    assert ids.keys() == {r.request_id for r in requests}
    assert all(len(event_ids) == 1 for event_ids in ids.values())
    assert all(feed.status == "ok" for feed in feeds)


def _create_profiles(
    system: System, users: list[str], liked: tuple[Path, ...], disliked: tuple[Path, ...]
) -> None:
    waiting = set(users)
    with topic_reader(system.kafka, PROFILES) as profiles:
        for user in users:
            send_events(system.kafka, [act(user, "reference_like", path) for path in liked])
            send_events(system.kafka, [act(user, "reference_dislike", path) for path in disliked])
        for profile in events_of(profiles.records_for(seconds=120), ProfileUpdated):
            if (profile.evidence.liked, profile.evidence.disliked) == (len(liked), len(disliked)):
                waiting.discard(profile.user_id)
            if not waiting:
                return
    raise AssertionError(f"no profile for {waiting}")


def _wait_for_answers(system: System, count: int) -> None:
    with topic_reader(system.kafka, FEEDS, from_beginning=True) as feeds:
        answered = events_of(feeds.records_for(seconds=120), RankedFeed)
        assert sum(1 for _ in zip(range(count), answered, strict=False)) == count


def _answers(system: System, requests: list[ImageCandidates]) -> list[RankedFeed]:
    """Every feed of the topic after all requests are answered, later duplicates included."""
    missing = {r.request_id for r in requests}
    with topic_reader(system.kafka, FEEDS, from_beginning=True) as feeds:
        _wait_for(feeds.records_for(seconds=ANSWER_SECONDS), missing)
    time.sleep(2)
    return list(events_of(whole_topic(settings_of(system.kafka), FEEDS), RankedFeed))


def _wait_for(records: Iterator[Record], missing: set[str]) -> None:
    for feed in events_of(records, RankedFeed):
        missing.discard(feed.request_id)
        if not missing:
            return
