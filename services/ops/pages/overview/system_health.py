"""Say how the system fares, from what Kafka holds and the latest feeds: numbers alone."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

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
    TOPICS,
    Topic,
)
from shared.messaging.admin.cluster import GROUP_PREFIX, ClusterNow

IN: Final = (CANDIDATES, FEEDBACK, CORRECTIONS, ERASE)
OUT: Final = (FEEDS, PROFILES)
STAGES: Final = ("queue", "images", "score", "explain", "total")


@dataclass(frozen=True)
class Looked:
    """The cluster, and when we saw it so."""

    cluster: ClusterNow
    at: datetime

    def end(self, topics: Iterable[Topic]) -> int:
        """Records ever written to the topics."""
        names = {topic.name for topic in topics}
        return sum(p.end for (name, _), p in self.cluster.partitions.items() if name in names)

    def kept(self, topic: Topic) -> int:
        """Offsets that a topic still spans; of a compacted one some are gone."""
        found = self.cluster.partitions.items()
        return sum(p.end - p.begin for (name, _), p in found if name == topic.name)

    def age_seconds(self, topic: Topic) -> float | None:
        """Seconds since its newest record; None without any."""
        found = self.cluster.partitions.items()
        stamps = [p.newest_ms for (name, _), p in found if name == topic.name and p.newest_ms]
        return max(self.at.timestamp() - max(stamps) / 1000, 0.0) if stamps else None


@dataclass(frozen=True)
class Stage:
    """Milliseconds of one stage, over the latest feeds."""

    name: str
    half: float
    """Half of the feeds took no longer."""
    most: float
    """95 of 100 took no longer."""


@dataclass(frozen=True)
class TopicLine:
    """One topic."""

    topic: Topic
    kept: int
    per_second: float
    age_seconds: float | None


@dataclass(frozen=True)
class Reader:
    """One consumer group: a service that reads a topic."""

    service: str
    topic: str
    state: str
    members: int
    lag: Mapping[int, int]
    """By partition."""
    in_batches: bool = False
    """It reads now and then, to where a topic ends, and is in no group meanwhile."""

    @property
    def total(self) -> int:
        return sum(self.lag.values())

    @property
    def is_away(self) -> bool:
        return self.members == 0 and not self.in_batches


@dataclass(frozen=True)
class Vitals:
    """What the overview shows."""

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
    readers: Sequence[Reader]


def vitals(now: Looked, before: Looked | None, feeds: Sequence[RankedFeed]) -> Vitals:
    """Rates are those since `before`; 0 without it."""
    seconds = (now.at - before.at).total_seconds() if before else 0.0

    def rate(topics: Iterable[Topic]) -> float:
        named = tuple(topics)
        grown = now.end(named) - before.end(named) if before else 0
        return max(grown / seconds, 0.0) if seconds > 0 else 0.0

    def line(topic: Topic) -> TopicLine:
        return TopicLine(topic, now.kept(topic), rate([topic]), now.age_seconds(topic))

    dead = [line(topic) for topic in DEAD_LETTERS]
    readers = _readers(now.cluster)
    return Vitals(
        in_per_second=rate(IN),
        out_per_second=rate(OUT),
        lag=sum(reader.total for reader in readers),
        dead=sum(one.kept for one in dead),
        statuses=Counter(feed.status for feed in feeds),
        feeds=len(feeds),
        stages=stages(feeds),
        model_version=feeds[-1].model_version if feeds else None,
        model_age_seconds=now.age_seconds(MODELS),
        profile_age_seconds=now.age_seconds(PROFILES),
        topics=[line(topic) for topic in TOPICS],
        dead_letters=[one for one in dead if one.kept],
        readers=readers,
    )


def stages(feeds: Sequence[RankedFeed]) -> list[Stage]:
    """Those that any of the feeds went through, in their order."""
    found = []
    for name in STAGES:
        took = sorted(feed.latency_ms[name] for feed in feeds if name in feed.latency_ms)
        if took:
            found.append(Stage(name, quantile(took, 0.5), quantile(took, 0.95)))
    return found


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that `share` of them do not exceed."""
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def _readers(cluster: ClusterNow) -> list[Reader]:
    found = []
    for group in cluster.groups:
        service, named, _ = group.name.removeprefix(GROUP_PREFIX).partition(".")
        by_topic: dict[str, dict[int, int]] = {}
        for (topic, number), behind in sorted(group.lag.items()):
            by_topic.setdefault(topic, {})[number] = behind
        found += [
            Reader(service, topic, group.state, group.members, lag, in_batches=not named)
            for topic, lag in by_topic.items()
        ]
    return sorted(found, key=lambda one: (-one.total, one.service, one.topic))
