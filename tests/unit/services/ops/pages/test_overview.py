"""The overview: rates, lag, latencies and ages from what Kafka holds."""

from datetime import timedelta
from uuid import uuid4

import pytest

from services.ops.pages.overview.page import beats
from services.ops.pages.overview.system_health import Looked, quantile, vitals
from shared.events import RankedFeed
from shared.events.types.feed import Status
from shared.messaging.admin.cluster import ClusterNow, GroupNow, PartitionNow
from tests.unit.services.ops.site import NOW, site

MS = int(NOW.timestamp() * 1000)


def _cluster(candidates: int, feeds: int, *, dead: int = 0) -> ClusterNow:
    return ClusterNow(
        {
            ("image.candidates.v1", 0): PartitionNow(2, candidates, MS - 5_000),
            ("image.candidates.v1", 1): PartitionNow(0, 0, None),
            ("feed.ranked.v1", 0): PartitionNow(0, feeds, MS - 1_000),
            ("feedback.v1.dlq", 0): PartitionNow(1, 1 + dead, MS),
            ("profile.updated.v1", 0): PartitionNow(0, 3, MS - 90_000),
        },
        [
            GroupNow(
                "preferstream.assessor.image.candidates.v1", "Stable", 1,
                {("image.candidates.v1", 0): 4, ("image.candidates.v1", 1): 0},
            ),
            GroupNow("preferstream.profile.feedback.v1", "Empty", 0, {("feedback.v1", 0): 0}),
            GroupNow("preferstream.retrain", "Empty", 0, {("feedback.v1", 0): 0}),
        ],
    )  # fmt: skip


def _feed(status: Status, total: float) -> RankedFeed:
    return RankedFeed(
        event_id=uuid4(), occurred_at=NOW, user_id="ada", request_id="r", status=status, items=(),
        profile_version=None, model_version="nano-9", latency_ms={"total": total, "score": 7.0},
    )  # fmt: skip


def test_rates_are_those_since_the_look_before() -> None:
    before = Looked(_cluster(10, 5), NOW - timedelta(seconds=2))
    seen = vitals(Looked(_cluster(16, 8), NOW), before, ())
    assert seen.in_per_second == 3
    assert seen.out_per_second == 1.5
    assert vitals(Looked(_cluster(16, 8), NOW), None, ()).in_per_second == 0


def test_lag_is_told_by_reader_and_partition_and_who_is_away() -> None:
    seen = vitals(Looked(_cluster(10, 5, dead=2), NOW), None, ())
    first, second, third = seen.readers
    assert (first.service, first.topic, first.lag) == (
        "assessor", "image.candidates.v1", {0: 4, 1: 0},
    )  # fmt: skip
    assert [one.is_away for one in (first, second, third)] == [False, True, False]
    assert third.in_batches
    assert (seen.lag, seen.dead) == (4, 2)
    assert [one.topic.name for one in seen.dead_letters] == ["feedback.v1.dlq"]


def test_ages_are_those_of_the_newest_records() -> None:
    seen = vitals(Looked(_cluster(10, 5), NOW), None, ())
    assert seen.profile_age_seconds == pytest.approx(90)
    assert seen.model_age_seconds is None


def test_latencies_and_statuses_are_those_of_the_latest_feeds() -> None:
    feeds = [_feed("ok", float(n)) for n in range(1, 20)] + [_feed("degraded", 1000.0)]
    seen = vitals(Looked(_cluster(10, 5), NOW), None, feeds)
    assert [(one.name, one.half, one.most) for one in seen.stages] == [
        ("score", 7, 7),
        ("total", 11, 1000),
    ]
    assert (seen.statuses["ok"], seen.statuses["degraded"], seen.statuses["cold_start"]) == (
        19,
        1,
        0,
    )
    assert seen.model_version == "nano-9"


def test_a_quantile_of_one_value_is_that_value() -> None:
    assert quantile([3.0], 0.95) == 3.0


async def test_an_open_page_is_told_again_with_what_was_heard_meanwhile() -> None:
    where = site()
    where.cluster.state = _cluster(10, 5)
    where.cluster.put(_feed("ok", 300.0))
    told = beats(where.ops, seconds=0.01)
    _, first = await anext(told)
    where.kafka.tell(_feed("degraded", 500.0))
    parts = [(await anext(told))[1] for _ in range(3)]
    await told.aclose()
    assert "latest 1 feeds" in first
    assert "latest 2 feeds" in parts[-1]
    assert "1 degraded" in parts[-1]
    assert "1 reader away" in first


async def test_without_kafka_the_page_says_so_and_goes_on() -> None:
    where = site()
    where.kafka.away = "Kafka does not answer: TimeoutError"
    told = beats(where.ops, seconds=0.01)
    parts = [(await anext(told))[1] for _ in range(2)]
    await told.aclose()
    assert all("Kafka does not answer" in part for part in parts)
