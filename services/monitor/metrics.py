"""What the cluster itself says: lag, what was written, dead letters kept, and how fresh it is."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from shared.messaging.admin.cluster import ClusterNow

DEAD_LETTERS = ".dlq"


class ClusterMetrics(Collector):
    """The latest look as metrics; a partition or a group that is gone is gone here as well."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.now: ClusterNow | None = None
        registry.register(self)

    def describe(self) -> Iterator[Metric]:
        """The metrics without a sample, as the registry asks for them."""
        return self._metrics(None)

    def collect(self) -> Iterator[Metric]:
        return self._metrics(self.now)

    def _metrics(self, now: ClusterNow | None) -> Iterator[Metric]:
        lag = GaugeMetricFamily(
            "preferstream_group_lag_events",
            "Events that a consumer group has not committed, as the cluster knows it",
            labels=["group", "topic", "partition"],
        )
        members = GaugeMetricFamily(
            "preferstream_group_members", "Consumers in a group; 0 is a dead one", labels=["group"]
        )
        written = CounterMetricFamily(
            "preferstream_topic_written_events",
            "Events ever written to a topic, from its end offsets",
            labels=["topic"],
        )
        kept = GaugeMetricFamily(
            "preferstream_dead_letters_kept_events",
            "Dead letters that the cluster keeps of a topic",
            labels=["topic"],
        )
        newest = GaugeMetricFamily(
            "preferstream_topic_newest_timestamp_seconds",
            "Kafka timestamp of a topic's newest event, seconds since the epoch",
            labels=["topic"],
        )
        if now is not None:
            _fill_groups(now, lag, members)
            _fill_topics(now, written, kept, newest)
        yield from (lag, members, written, kept, newest)


def _fill_groups(now: ClusterNow, lag: GaugeMetricFamily, members: GaugeMetricFamily) -> None:
    for group in now.groups:
        members.add_metric([group.name], group.members)
        for (topic, partition), behind in sorted(group.lag.items()):
            lag.add_metric([group.name, topic, str(partition)], behind)


def _fill_topics(
    now: ClusterNow,
    written: CounterMetricFamily,
    kept: GaugeMetricFamily,
    newest: GaugeMetricFamily,
) -> None:
    for topic in sorted({topic for topic, _ in now.partitions}):
        found = [one for (name, _), one in now.partitions.items() if name == topic]
        written.add_metric([topic], sum(one.end for one in found))
        if topic.endswith(DEAD_LETTERS):
            of = topic.removesuffix(DEAD_LETTERS)
            kept.add_metric([of], sum(one.end - one.begin for one in found))
        stamps = [one.newest_ms for one in found if one.newest_ms is not None]
        if stamps:
            newest.add_metric([topic], max(stamps) / 1000)


class LookMetrics:
    """How looking itself fares."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.failures = Counter(
            "preferstream_watch_failures", "Looks that Kafka did not answer", registry=registry
        )
        self.last_success = Gauge(
            "preferstream_watch_last_success_timestamp_seconds",
            "Moment of the last look that was answered, seconds since the epoch",
            registry=registry,
        )
