"""What the retrain service counts of collecting."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.retrain.lake.schema import TABLES

SECONDS = (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600)


class CollectMetrics:
    """Counters and timings of collections, by table."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.rows = Counter(
            "preferstream_collected_rows", "Rows added to the lake", ["table"], registry=registry
        )
        self.refused = Counter(
            "preferstream_collected_refused",
            "Rows of records that could not be read, which are kept but not learned from",
            ["table", "reason"],
            registry=registry,
        )
        self.lost = Counter(
            "preferstream_collect_lost_records",
            "Records that Kafka deleted before they were collected",
            ["table"],
            registry=registry,
        )
        for table in TABLES:
            # From 0: a counter that is born at 1 has never grown, for Prometheus.
            self.lost.labels(table.name)
        self.failures = Counter(
            "preferstream_collect_failures",
            "Collections of a table that ended in a problem",
            ["table", "reason"],
            registry=registry,
        )
        self.left = Gauge(
            "preferstream_collect_left_records",
            "Records between the last commit to the lake and the topic's end as it then was",
            ["table"],
            registry=registry,
        )
        self.files = Gauge(
            "preferstream_lake_files", "Files of a table", ["table"], registry=registry
        )
        self.last_success = Gauge(
            "preferstream_collect_last_success_timestamp_seconds",
            "Moment of the last collection without a problem, seconds since the epoch",
            registry=registry,
        )
        self.seconds = Histogram(
            "preferstream_collect_seconds",
            "Seconds of a collection of all tables",
            buckets=SECONDS,
            registry=registry,
        )
