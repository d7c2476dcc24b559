"""Metrics of the cluster (lag, written records, dead letters, newest record) and of the polls."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from shared.domain.clock import Clock, system_clock
from shared.domain.times.time_bounds import MAX_AHEAD, time_of_ms
from shared.messaging.admin.cluster_state import ClusterState

DEAD_LETTER_SUFFIX = ".dlq"


class ClusterMetrics(Collector):
    """Exports the latest cluster state; metrics of deleted partitions and groups disappear."""

    def __init__(self, registry: CollectorRegistry, *, clock: Clock = system_clock) -> None:
        self.state: ClusterState | None = None
        self._clock = clock
        registry.register(self)

    def describe(self) -> Iterator[Metric]:
        """The metrics without samples, for the registry."""
        return self._metrics(None)

    def collect(self) -> Iterator[Metric]:
        return self._metrics(self.state)

    def _metrics(self, state: ClusterState | None) -> Iterator[Metric]:
        lag = GaugeMetricFamily(
            "preferstream_group_lag_events",
            "Events that a consumer group has not committed, from Kafka's offsets",
            labels=["group", "topic", "partition"],
        )
        members = GaugeMetricFamily(
            "preferstream_group_members",
            "Consumers in a group; 0 means that the group has no consumer",
            labels=["group"],
        )
        written = CounterMetricFamily(
            "preferstream_topic_written_events",
            "Events ever written to a topic, from its end offsets",
            labels=["topic"],
        )
        kept = GaugeMetricFamily(
            "preferstream_dead_letters_kept_events",
            "Dead letters of a topic that Kafka still holds",
            labels=["topic"],
        )
        newest = GaugeMetricFamily(
            "preferstream_topic_newest_timestamp_seconds",
            "Kafka timestamp of a topic's newest event, seconds since the epoch",
            labels=["topic"],
        )
        held_back = GaugeMetricFamily(
            "preferstream_topic_held_back_events",
            "Offsets of a topic that cannot be read until a transaction ends",
            labels=["topic"],
        )
        if state is not None:
            _fill_groups(state, lag, members)
            _fill_topics(state, written, kept, newest, now=self._clock())
            _fill_held_back(state, held_back)
        yield from (lag, members, written, kept, newest, held_back)


def _fill_groups(state: ClusterState, lag: GaugeMetricFamily, members: GaugeMetricFamily) -> None:
    for group in state.groups:
        members.add_metric([group.name], group.members)
        for (topic, partition), events in sorted(group.lag.items()):
            lag.add_metric([group.name, topic, str(partition)], events)


def _fill_topics(
    state: ClusterState,
    written: CounterMetricFamily,
    kept: GaugeMetricFamily,
    newest: GaugeMetricFamily,
    *,
    now: datetime,
) -> None:
    for topic in sorted({topic for topic, _ in state.partitions}):
        partitions = [p for (name, _), p in state.partitions.items() if name == topic]
        written.add_metric([topic], sum(partition.end for partition in partitions))
        if topic.endswith(DEAD_LETTER_SUFFIX):
            consumed = topic.removesuffix(DEAD_LETTER_SUFFIX)
            kept.add_metric([consumed], sum(p.end - p.begin for p in partitions))
        times = [time_of_ms(p.newest_ms) for p in partitions if p.newest_ms is not None]
        if plausible := [time for time in times if time - now <= MAX_AHEAD]:
            # Not later than now: a clock that was set back must not give a negative age.
            newest.add_metric([topic], min(max(plausible), now).timestamp())


def _fill_held_back(state: ClusterState, held_back: GaugeMetricFamily) -> None:
    for topic in sorted({topic for topic, _ in state.partitions}):
        waiting = sum(p.held_back for (name, _), p in state.partitions.items() if name == topic)
        held_back.add_metric([topic], waiting)


class PollMetrics:
    """Metrics of the polls themselves."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.failures = Counter(
            "preferstream_monitor_failures",
            "Polls of the cluster that failed",
            registry=registry,
        )
        self.last_success = Gauge(
            "preferstream_monitor_last_success_timestamp_seconds",
            "Time of the last successful poll of the cluster, seconds since the epoch",
            registry=registry,
        )
