"""What a running system tells Prometheus is what the list of metrics says, name by name."""

import time
from pathlib import Path

import pytest

from services.cli.known_metrics import LABELS, PREFIX, known_metrics
from shared.client import Client
from tests.e2e.pictures import story_files
from tests.e2e.scrape import Scraped, scrape
from tests.e2e.system import System

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.timeout(300)]
PATIENCE_SECONDS = 120.0
CREATED = "_created"


@pytest.fixture(scope="module")
def scraped(system: System, pictures: Path) -> list[Scraped]:
    """After a like, a feed and a dead letter, and one more look at the cluster."""
    files = story_files(pictures / "metrics")
    image = files.liked[0]
    with Client(system.kafka) as app:

        def like() -> None:
            app.act("metrics-ada", "reference_like", image.name, uri=image.as_uri())
            app.act("metrics-ada", "reference_like", "known-to-nobody")

        app.profile_when(
            "metrics-ada", lambda taste: taste.evidence.liked > 0, after=like,
            seconds=PATIENCE_SECONDS,
        )  # fmt: skip
        slate = {path.name: path.as_uri() for path in files.slate[:3]}
        app.rank("metrics-ada", slate, seconds=PATIENCE_SECONDS)
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = scrape(system)
        letters = _sum(found, "preferstream_dead_letters_kept_events", topic="feedback.v1")
        feeds = _sum(found, "preferstream_topic_written_events_total", topic="feed.ranked.v1")
        if letters and feeds:
            break
        assert time.monotonic() < end, "the watch saw no dead letter and no feed"
        time.sleep(1)
    return found


def _sum(found: list[Scraped], sample: str, **labels: str) -> float:
    return sum(
        one.value
        for family in found
        for one in family.samples
        if one.name == sample and labels.items() <= one.labels.items()
    )


def _ours(found: list[Scraped]) -> list[Scraped]:
    return [f for f in found if f.name.startswith(PREFIX) and not f.name.endswith(CREATED)]


def test_every_name_is_known_and_every_known_name_is_there(scraped: list[Scraped]) -> None:
    known = {metric.name: metric.kind for metric in known_metrics()}
    told = {family.name: family.kind for family in _ours(scraped)}
    assert told == known


def test_every_label_holds_what_it_may(scraped: list[Scraped]) -> None:
    labels = {metric.name: set(metric.labels) for metric in known_metrics()}
    for family in _ours(scraped):
        for sample in family.samples:
            given = {name: value for name, value in sample.labels.items() if name != "le"}
            assert set(given) == labels[family.name], sample
            for name, value in given.items():
                assert LABELS[name].allows(value), sample


def test_the_story_is_in_the_numbers(scraped: list[Scraped]) -> None:
    assert _sum(scraped, "preferstream_feeds_total", status="ok") >= 1
    assert _sum(scraped, "preferstream_feed_stage_seconds_count", stage="score") >= 1
    assert _sum(scraped, "preferstream_profiles_updated_total") >= 1
    assert _sum(scraped, "preferstream_dead_letters_total", reason="unknown_image") >= 1
    assert _sum(scraped, "preferstream_event_age_seconds_count", topic="feedback.v1") >= 2
    assert _sum(scraped, "preferstream_topic_written_events_total", topic="feed.ranked.v1") >= 1
    assert _sum(scraped, "preferstream_model_serving_info", variant="champion") == 2
    newest = _sum(scraped, "preferstream_topic_newest_timestamp_seconds", topic="feed.ranked.v1")
    assert abs(newest - time.time()) < 2 * PATIENCE_SECONDS


def test_every_group_has_a_living_consumer(scraped: list[Scraped]) -> None:
    members = {
        sample.labels["group"]: sample.value
        for family in scraped
        if family.name == "preferstream_group_members"
        for sample in family.samples
    }
    assert members["preferstream.assessor.image.candidates.v1"] == 1
    assert members["preferstream.profile.feedback.v1"] == 1


def test_every_process_tells_of_its_memory(scraped: list[Scraped], system: System) -> None:
    told = {family.service for family in scraped if family.name == "process_resident_memory_bytes"}
    assert told == set(system.ready["services"])
