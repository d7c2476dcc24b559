"""The cluster state becomes lag, counts and timestamps; an unknown state has no samples."""

import asyncio
from datetime import UTC, datetime

import pytest
from prometheus_client import CollectorRegistry

from services.monitor.metrics import ClusterMetrics, PollMetrics
from services.monitor.polling import ClusterPoller
from shared.domain.clock import system_clock
from shared.domain.errors import Unavailable
from shared.messaging.admin.cluster_state import ClusterState, GroupState, PartitionState, lag

GROUP = "preferstream.profile.feedback.v1"
PARTITIONS = {
    ("feedback.v1", 0): PartitionState(begin=10, end=30, newest_ms=5_000),
    ("feedback.v1", 1): PartitionState(begin=0, end=7, newest_ms=9_500),
    ("feed.ranked.v1", 0): PartitionState(begin=0, end=4, newest_ms=None),
    ("feedback.v1.dlq", 0): PartitionState(begin=2, end=5, newest_ms=1_000),
}


def test_lag_counts_from_the_committed_offset() -> None:
    assert lag(GROUP, {("feedback.v1", 0): 25, ("feedback.v1", 1): 7}, PARTITIONS) == {
        ("feedback.v1", 0): 5,
        ("feedback.v1", 1): 0,
    }


def test_a_group_without_commits_lags_by_the_whole_topic() -> None:
    assert lag(GROUP, {}, PARTITIONS) == {("feedback.v1", 0): 20, ("feedback.v1", 1): 7}


def test_records_deleted_before_they_were_read_are_not_counted_as_lag() -> None:
    assert lag(GROUP, {("feedback.v1", 0): 3}, PARTITIONS)[("feedback.v1", 0)] == 20


def test_a_topic_that_was_created_again_has_no_negative_lag() -> None:
    assert lag(GROUP, {("feedback.v1", 1): 900}, PARTITIONS)[("feedback.v1", 1)] == 0


def test_a_group_of_several_topics_has_lag_only_where_it_committed() -> None:
    assert lag("preferstream.retrain", {("feed.ranked.v1", 0): 1}, PARTITIONS) == {
        ("feed.ranked.v1", 0): 3
    }


def _value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(f"preferstream_{name}", labels)


async def test_a_poll_sets_the_metrics_and_a_failed_poll_removes_them() -> None:
    registry = CollectorRegistry()
    group = GroupState(GROUP, "Empty", 0, {("feedback.v1", 0): 5})
    states: list[ClusterState | None] = [ClusterState(PARTITIONS, [group]), None]

    def read_state() -> ClusterState:
        state = states.pop(0)
        if state is None:
            raise Unavailable("kafka", "it does not answer")
        return state

    poller = ClusterPoller(
        read_state,
        ClusterMetrics(registry),
        PollMetrics(registry),
        interval_seconds=9,
        clock=system_clock,
    )
    assert await poller.problem() is not None

    await poller.poll()
    assert await poller.problem() is None
    lag_labels = {"group": GROUP, "topic": "feedback.v1", "partition": "0"}
    assert _value(registry, "group_lag_events", **lag_labels) == 5
    assert _value(registry, "group_members", group=GROUP) == 0
    assert _value(registry, "topic_written_events_total", topic="feedback.v1") == 37
    assert _value(registry, "dead_letters_kept_events", topic="feedback.v1") == 3
    newest = "topic_newest_timestamp_seconds"
    assert _value(registry, newest, topic="feedback.v1") == 9.5
    assert _value(registry, newest, topic="feed.ranked.v1") is None

    await poller.poll()
    assert await poller.problem() == "it does not answer"
    assert _value(registry, "group_lag_events", **lag_labels) is None
    assert _value(registry, "monitor_failures_total") == 1


async def test_an_unexpected_error_is_reported_and_counted_and_the_poller_continues() -> None:
    registry = CollectorRegistry()
    polls = 0

    def broken_at_first() -> ClusterState:
        nonlocal polls
        polls += 1
        if polls == 1:
            return ClusterState(PARTITIONS, [])
        if polls == 2:
            raise KeyError("members")
        return ClusterState(PARTITIONS, [])

    poller = ClusterPoller(
        broken_at_first,
        ClusterMetrics(registry),
        PollMetrics(registry),
        interval_seconds=0.2,
        clock=system_clock,
    )
    problems: set[str | None] = set()
    poller.start()
    try:
        async with asyncio.timeout(20):
            while polls < 4:
                problems.add(await poller.problem())
                await asyncio.sleep(0.01)
    finally:
        await poller.stop()
    assert "the poll of the cluster failed with KeyError: 'members'" in problems
    assert await poller.problem() is None
    assert _value(registry, "monitor_failures_total") == 1


def test_offsets_of_an_open_transaction_are_no_lag_and_have_their_own_metric() -> None:
    partitions = {("feedback.v1", 0): PartitionState(10, 30, None, held_back=8)}
    assert lag(GROUP, {("feedback.v1", 0): 22}, partitions) == {("feedback.v1", 0): 0}
    assert lag(GROUP, {("feedback.v1", 0): 25}, partitions) == {("feedback.v1", 0): 0}
    registry = CollectorRegistry()
    ClusterMetrics(registry).state = ClusterState(partitions, [])
    assert _value(registry, "topic_held_back_events", topic="feedback.v1") == 8


@pytest.mark.parametrize(
    ("newest_ms", "seconds"),
    [
        ((1_772_366_400_000,), 1_772_366_400),
        ((1_772_370_000_000,), 1_772_366_400),
        ((1_772_360_000_000, 2**63 - 1), 1_772_360_000),
        ((2**63 - 1,), None),
    ],
    ids=["now", "the clock was set back an hour", "one wrong partition", "a wrong timestamp"],
)
def test_the_newest_timestamp_is_not_in_the_future(
    newest_ms: tuple[int, ...], seconds: float | None
) -> None:
    registry = CollectorRegistry()
    metrics = ClusterMetrics(registry, clock=lambda: datetime(2026, 3, 1, 12, tzinfo=UTC))
    partitions = {
        ("feedback.v1", number): PartitionState(begin=0, end=1, newest_ms=timestamp)
        for number, timestamp in enumerate(newest_ms)
    }
    metrics.state = ClusterState(partitions, [])
    assert _value(registry, "topic_newest_timestamp_seconds", topic="feedback.v1") == seconds
