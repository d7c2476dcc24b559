"""Metrics of collecting events into the lake."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.retrain.lake.schema import TABLES

BUCKETS = (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600)


class CollectMetrics:
    """Counters and timings of collections, by table."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.rows = Counter(
            "preferstream_collected_rows", "Rows added to the lake", ["table"], registry=registry
        )
        self.invalid_rows = Counter(
            "preferstream_invalid_rows",
            "Records that cannot be decoded or stored; their rows are kept with the reason, and not"
            " used for training. With the reason left_out there is no row",
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
            # Start at 0: Prometheus sees no increase in a counter whose first sample is 1.
            self.lost.labels(table.name)
        self.failures = Counter(
            "preferstream_collect_failures",
            "Collections of a table that ended with a problem",
            ["table", "reason"],
            registry=registry,
        )
        self.backlog = Gauge(
            "preferstream_collect_backlog_records",
            "Records between the last commit to the lake and the end of the topic at that time",
            ["table"],
            registry=registry,
        )
        self.files = Gauge(
            "preferstream_lake_files", "Files of a table", ["table"], registry=registry
        )
        self.last_success = Gauge(
            "preferstream_collect_last_success_timestamp_seconds",
            "Time of the last collection without a problem, seconds since the epoch",
            registry=registry,
        )
        self.seconds = Histogram(
            "preferstream_collect_seconds",
            "Seconds of a collection of all tables",
            buckets=BUCKETS,
            registry=registry,
        )
