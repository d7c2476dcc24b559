"""The metrics of a running system equal the documented list, name by name."""

import pytest

from services.cli.reference.all_metrics import LABELS, PREFIX, known_metrics
from tests.e2e.operations.scrape import Scraped, total
from tests.e2e.system import System

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.timeout(300)]
MAX_FIXTURE_SECONDS = 240.0
CREATED = "_created"


def _ours(families: list[Scraped]) -> list[Scraped]:
    return [f for f in families if f.name.startswith(PREFIX) and not f.name.endswith(CREATED)]


def test_exactly_the_documented_metrics_are_exported(scraped: list[Scraped]) -> None:
    known = {metric.name: metric.kind for metric in known_metrics()}
    kinds = {family.name: family.kind for family in _ours(scraped)}
    assert kinds == known


def test_every_label_has_an_allowed_value(scraped: list[Scraped]) -> None:
    labels = {metric.name: set(metric.labels) for metric in known_metrics()}
    for family in _ours(scraped):
        for sample in family.samples:
            given = {name: value for name, value in sample.labels.items() if name != "le"}
            assert set(given) == labels[family.name], sample
            for name, value in given.items():
                assert LABELS[name].allows(value), sample


def test_the_metrics_count_the_events_of_the_fixture(scraped: list[Scraped]) -> None:
    assert total(scraped, "preferstream_feeds_total", status="ok") >= 1
    assert total(scraped, "preferstream_feed_stage_seconds_count", stage="score") >= 1
    assert total(scraped, "preferstream_profiles_updated_total") >= 1
    assert total(scraped, "preferstream_dead_letters_total", reason="unknown_image") >= 1
    assert total(scraped, "preferstream_event_age_seconds_count", topic="feedback.v1") >= 2
    assert total(scraped, "preferstream_topic_written_events_total", topic="feed.ranked.v1") >= 1
    assert total(scraped, "preferstream_model_serving_info", variant="champion") == 3
    newest = total(scraped, "preferstream_topic_newest_timestamp_seconds", topic="feed.ranked.v1")
    assert abs(newest - scraped[0].at) < MAX_FIXTURE_SECONDS


def test_every_group_has_one_consumer(scraped: list[Scraped]) -> None:
    members = {
        sample.labels["group"]: sample.value
        for family in scraped
        if family.name == "preferstream_group_members"
        for sample in family.samples
    }
    assert members["preferstream.assessor.image.candidates.v1"] == 1
    assert members["preferstream.profile.feedback.v1"] == 1


def test_every_process_reports_its_memory(scraped: list[Scraped], system: System) -> None:
    reporting = {
        family.service for family in scraped if family.name == "process_resident_memory_bytes"
    }
    assert reporting == set(system.ready["services"])
