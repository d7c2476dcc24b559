"""The overview: rates, lag, latencies and ages from Kafka offsets and feeds."""

from datetime import timedelta
from uuid import uuid4

import pytest

from services.ops.pages.overview.page import updates
from services.ops.pages.overview.system_health import ClusterSnapshot, quantile, system_health
from shared.events import RankedFeed
from shared.events.types.feed import Status
from shared.messaging.admin.cluster_state import ClusterState, GroupState, PartitionState
from tests.unit.services.ops.site import NOW, site

MS = int(NOW.timestamp() * 1000)


def _cluster(candidates: int, feeds: int, *, dead: int = 0) -> ClusterState:
    return ClusterState(
        {
            ("image.candidates.v1", 0): PartitionState(2, candidates, MS - 5_000),
            ("image.candidates.v1", 1): PartitionState(0, 0, None),
            ("feed.ranked.v1", 0): PartitionState(0, feeds, MS - 1_000),
            ("feedback.v1.dlq", 0): PartitionState(1, 1 + dead, MS),
            ("profile.updated.v1", 0): PartitionState(0, 3, MS - 90_000),
        },
        [
            GroupState(
                "preferstream.assessor.image.candidates.v1", "Stable", 1,
                {("image.candidates.v1", 0): 4, ("image.candidates.v1", 1): 0},
            ),
            GroupState("preferstream.profile.feedback.v1", "Empty", 0, {("feedback.v1", 0): 0}),
            GroupState("preferstream.retrain", "Empty", 0, {("feedback.v1", 0): 0}),
        ],
    )  # fmt: skip


def _feed(status: Status, total: float) -> RankedFeed:
    return RankedFeed(
        event_id=uuid4(), occurred_at=NOW, user_id="ada", request_id="r", status=status, items=(),
        profile_version=None, model_version="nano-9", latency_ms={"total": total, "score": 7.0},
    )  # fmt: skip


def test_rates_are_computed_since_the_previous_snapshot() -> None:
    before = ClusterSnapshot(_cluster(10, 5), NOW - timedelta(seconds=2))
    health = system_health(ClusterSnapshot(_cluster(16, 8), NOW), before, ())
    assert health.in_per_second == 3
    assert health.out_per_second == 1.5
    assert system_health(ClusterSnapshot(_cluster(16, 8), NOW), None, ()).in_per_second == 0


def test_lag_is_shown_by_consumer_and_partition_with_stopped_consumers() -> None:
    health = system_health(ClusterSnapshot(_cluster(10, 5, dead=2), NOW), None, ())
    first, second, third = health.consumers
    assert (first.service, first.topic, first.lag) == (
        "assessor", "image.candidates.v1", {0: 4, 1: 0},
    )  # fmt: skip
    assert [consumer.is_stopped for consumer in (first, second, third)] == [False, True, False]
    assert third.in_batches
    assert (health.lag, health.dead) == (4, 2)
    assert [line.topic.name for line in health.dead_letters] == ["feedback.v1.dlq"]


def test_ages_are_measured_from_the_newest_records() -> None:
    health = system_health(ClusterSnapshot(_cluster(10, 5), NOW), None, ())
    assert health.profile_age_seconds == pytest.approx(90)
    assert health.model_age_seconds is None


def test_latencies_and_statuses_come_from_the_latest_feeds() -> None:
    feeds = [_feed("ok", float(n)) for n in range(1, 20)] + [_feed("degraded", 1000.0)]
    health = system_health(ClusterSnapshot(_cluster(10, 5), NOW), None, feeds)
    assert [(stage.name, stage.median, stage.p95) for stage in health.stages] == [
        ("score", 7, 7),
        ("total", 11, 1000),
    ]
    assert (health.statuses["ok"], health.statuses["degraded"], health.statuses["cold_start"]) == (
        19,
        1,
        0,
    )
    assert health.model_version == "nano-9"


def test_a_quantile_of_one_value_is_that_value() -> None:
    assert quantile([3.0], 0.95) == 3.0


async def test_an_open_page_gets_updates_with_new_feeds() -> None:
    dashboard = site()
    dashboard.cluster.state = _cluster(10, 5)
    dashboard.cluster.put(_feed("ok", 300.0))
    parts = updates(dashboard.ops, seconds=0.01)
    _, first = await anext(parts)
    dashboard.kafka.deliver(_feed("degraded", 500.0))
    later = [(await anext(parts))[1] for _ in range(3)]
    await parts.aclose()
    assert "latest 1 feeds" in first
    assert "latest 2 feeds" in later[-1]
    assert "1 degraded" in later[-1]
    assert "1 stopped" in first


async def test_the_page_shows_that_kafka_is_unavailable_and_continues() -> None:
    dashboard = site()
    dashboard.kafka.unavailable = "Kafka does not response: TimeoutError"
    stream = updates(dashboard.ops, seconds=0.01)
    parts = [(await anext(stream))[1] for _ in range(2)]
    await stream.aclose()
    assert all("Kafka does not response" in part for part in parts)
