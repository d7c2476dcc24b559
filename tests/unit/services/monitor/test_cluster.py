"""What the cluster says becomes lag, counts and freshness; what it does not say, nothing."""

import pytest
from prometheus_client import CollectorRegistry

from services.monitor.metrics import ClusterMetrics, LookMetrics
from services.monitor.polling import Watching
from shared.domain.clock import system_clock
from shared.domain.errors import Unavailable
from shared.messaging.admin.cluster import ClusterNow, GroupNow, PartitionNow, lag

GROUP = "preferstream.profile.feedback.v1"
PARTITIONS = {
    ("feedback.v1", 0): PartitionNow(begin=10, end=30, newest_ms=5_000),
    ("feedback.v1", 1): PartitionNow(begin=0, end=7, newest_ms=9_500),
    ("feed.ranked.v1", 0): PartitionNow(begin=0, end=4, newest_ms=None),
    ("feedback.v1.dlq", 0): PartitionNow(begin=2, end=5, newest_ms=1_000),
}


def test_lag_is_what_lies_behind_the_commit() -> None:
    assert lag(GROUP, {("feedback.v1", 0): 25, ("feedback.v1", 1): 7}, PARTITIONS) == {
        ("feedback.v1", 0): 5,
        ("feedback.v1", 1): 0,
    }


def test_a_group_that_never_committed_has_everything_before_it() -> None:
    assert lag(GROUP, {}, PARTITIONS) == {("feedback.v1", 0): 20, ("feedback.v1", 1): 7}


def test_what_was_deleted_unread_is_no_lag() -> None:
    assert lag(GROUP, {("feedback.v1", 0): 3}, PARTITIONS)[("feedback.v1", 0)] == 20


def test_a_topic_made_anew_gives_no_negative_lag() -> None:
    assert lag(GROUP, {("feedback.v1", 1): 900}, PARTITIONS)[("feedback.v1", 1)] == 0


def test_a_group_of_several_topics_is_behind_on_those_that_it_committed() -> None:
    assert lag("preferstream.retrain", {("feed.ranked.v1", 0): 1}, PARTITIONS) == {
        ("feed.ranked.v1", 0): 3
    }


def _value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(f"preferstream_{name}", labels)


async def test_a_look_becomes_metrics_and_a_failed_one_takes_them_back() -> None:
    registry = CollectorRegistry()
    group = GroupNow(GROUP, "Empty", 0, {("feedback.v1", 0): 5})
    answers: list[ClusterNow | None] = [ClusterNow(PARTITIONS, [group]), None]

    def look() -> ClusterNow:
        answer = answers.pop(0)
        if answer is None:
            raise Unavailable("kafka", "it is away")
        return answer

    watching = Watching(
        look, ClusterMetrics(registry), LookMetrics(registry), every_seconds=9, clock=system_clock
    )
    assert await watching.problem() is not None

    await watching.look_once()
    assert await watching.problem() is None
    lag_labels = {"group": GROUP, "topic": "feedback.v1", "partition": "0"}
    assert _value(registry, "group_lag_events", **lag_labels) == 5
    assert _value(registry, "group_members", group=GROUP) == 0
    assert _value(registry, "topic_written_events_total", topic="feedback.v1") == 37
    assert _value(registry, "dead_letters_kept_events", topic="feedback.v1") == 3
    newest = "topic_newest_timestamp_seconds"
    assert _value(registry, newest, topic="feedback.v1") == 9.5
    assert _value(registry, newest, topic="feed.ranked.v1") is None

    await watching.look_once()
    assert await watching.problem() == "it is away"
    assert _value(registry, "group_lag_events", **lag_labels) is None
    assert _value(registry, "watch_failures_total") == 1


async def test_a_fault_of_looking_is_not_taken_for_an_absent_cluster() -> None:
    registry = CollectorRegistry()

    def broken() -> ClusterNow:
        raise KeyError("members")

    watching = Watching(
        broken, ClusterMetrics(registry), LookMetrics(registry), every_seconds=9, clock=system_clock
    )
    with pytest.raises(KeyError):
        await watching.look_once()
