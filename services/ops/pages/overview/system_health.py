"""Compute system health from Kafka offsets and the latest feeds: rates, lag, latency, ages."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.domain.times.time_bounds import MAX_AHEAD, time_of_ms
from shared.events import RankedFeed
from shared.events.topics import (
    CANDIDATES,
    CORRECTIONS,
    DEAD_LETTERS,
    ERASE,
    FEEDBACK,
    FEEDS,
    MODELS,
    PROFILES,
    RETRIES,
    TOPICS,
    Topic,
)
from shared.messaging.admin.cluster_state import GROUP_PREFIX, ClusterState

IN: Final = (CANDIDATES, FEEDBACK, CORRECTIONS, ERASE)
OUT: Final = (FEEDS, PROFILES)
WAITING: Final = tuple(topic.name for topic in RETRIES)
STAGES: Final = ("queue", "images", "score", "explain", "total")


@dataclass(frozen=True)
class ClusterSnapshot:
    """The state of the cluster at a time."""

    cluster: ClusterState
    at: datetime

    def end(self, topics: Iterable[Topic]) -> int:
        """Return the number of records ever written to the topics."""
        names = {topic.name for topic in topics}
        return sum(p.end for (name, _), p in self.cluster.partitions.items() if name in names)

    def kept(self, topic: Topic) -> int:
        """Return the offset range of a topic. A compacted topic has fewer records than that."""
        partitions = self.cluster.partitions.items()
        return sum(p.end - p.begin for (name, _), p in partitions if name == topic.name)

    def age_seconds(self, topic: Topic) -> float | None:
        """Return the seconds since the newest record of a topic; None if it has none."""
        times = [
            partition.newest_ms
            for (name, _), partition in self.cluster.partitions.items()
            if name == topic.name
            and partition.newest_ms is not None
            and time_of_ms(partition.newest_ms) - self.at <= MAX_AHEAD
        ]
        return max(self.at.timestamp() - max(times) / 1000, 0.0) if times else None


@dataclass(frozen=True)
class Stage:
    """Latency of one stage over the latest feeds, in milliseconds."""

    name: str
    median: float
    p95: float


@dataclass(frozen=True)
class TopicLine:
    """One row of the topic table."""

    topic: Topic
    kept: int
    per_second: float
    age_seconds: float | None


@dataclass(frozen=True)
class Consumer:
    """One consumer group on one topic."""

    service: str
    topic: str
    state: str
    members: int
    lag: Mapping[int, int]
    """Lag by partition."""
    in_batches: bool = False
    """It reads to the end of the topic from time to time, and has no members in between."""

    @property
    def total(self) -> int:
        return sum(self.lag.values())

    @property
    def is_stopped(self) -> bool:
        return self.members == 0 and not self.in_batches


@dataclass(frozen=True)
class SystemHealth:
    """All values that the overview shows."""

    in_per_second: float
    out_per_second: float
    lag: int
    dead: int
    statuses: Mapping[str, int]
    feeds: int
    stages: Sequence[Stage]
    model_version: str | None
    model_age_seconds: float | None
    profile_age_seconds: float | None
    topics: Sequence[TopicLine]
    dead_letters: Sequence[TopicLine]
    consumers: Sequence[Consumer]


def system_health(
    now: ClusterSnapshot, before: ClusterSnapshot | None, feeds: Sequence[RankedFeed]
) -> SystemHealth:
    """Compute the health at `now`. Rates are since `before`; 0 without it."""
    seconds = (now.at - before.at).total_seconds() if before else 0.0

    def rate(topics: Iterable[Topic]) -> float:
        named = tuple(topics)
        grown = now.end(named) - before.end(named) if before else 0
        return max(grown / seconds, 0.0) if seconds > 0 else 0.0

    def line(topic: Topic) -> TopicLine:
        return TopicLine(topic, now.kept(topic), rate([topic]), now.age_seconds(topic))

    dead_letters = [line(topic) for topic in DEAD_LETTERS]
    consumers = _consumers(now.cluster)
    return SystemHealth(
        in_per_second=rate(IN),
        out_per_second=rate(OUT),
        # The records of a retry topic wait on purpose.
        lag=sum(c.total for c in consumers if c.topic not in WAITING),
        dead=sum(topic_line.kept for topic_line in dead_letters),
        statuses=Counter(feed.status for feed in feeds),
        feeds=len(feeds),
        stages=stages(feeds),
        model_version=feeds[-1].model_version if feeds else None,
        model_age_seconds=now.age_seconds(MODELS),
        profile_age_seconds=now.age_seconds(PROFILES),
        topics=[line(topic) for topic in TOPICS],
        dead_letters=[topic_line for topic_line in dead_letters if topic_line.kept],
        consumers=consumers,
    )


def stages(feeds: Sequence[RankedFeed]) -> list[Stage]:
    """Return the latency of each stage that occurs in the feeds, in pipeline order."""
    latencies = []
    for name in STAGES:
        times = sorted(feed.latency_ms[name] for feed in feeds if name in feed.latency_ms)
        if times:
            latencies.append(Stage(name, quantile(times, 0.5), quantile(times, 0.95)))
    return latencies


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value that a `share` of the sorted values does not exceed."""
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def _consumers(cluster: ClusterState) -> list[Consumer]:
    consumers: list[Consumer] = []
    for group in cluster.groups:
        service, named, _ = group.name.removeprefix(GROUP_PREFIX).partition(".")
        by_topic: dict[str, dict[int, int]] = {}
        for (topic, number), behind in sorted(group.lag.items()):
            by_topic.setdefault(topic, {})[number] = behind
        consumers += [
            Consumer(service, topic, group.state, group.members, lag, in_batches=not named)
            for topic, lag in by_topic.items()
        ]
    return sorted(consumers, key=lambda c: (-c.total, c.service, c.topic))
