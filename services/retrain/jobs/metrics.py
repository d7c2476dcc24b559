"""What the retrain service tells of its nights."""

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (60, 300, 600, 1200, 2400, 3600, 7200, 14400, 28800)


class NightMetrics:
    """Heartbeat while a night runs, and how the last one ended."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.running = Gauge(
            "preferstream_night_running", "1 while a night runs here", registry=registry
        )
        self.heartbeat = Gauge(
            "preferstream_night_heartbeat_timestamp_seconds",
            "Moment of the last line of progress of a night, seconds since the epoch",
            registry=registry,
        )
        self.spent = Gauge(
            "preferstream_night_spent_seconds",
            "Seconds that the running night has taken of its budget",
            registry=registry,
        )
        self.ends = Counter(
            "preferstream_nights",
            "Nights that came to an end here, by verdict and by the reason's short name",
            ["verdict", "code"],
            registry=registry,
        )
        self.last_end = Gauge(
            "preferstream_night_last_end_timestamp_seconds",
            "Moment at which a night last came to an end, seconds since the epoch, by verdict",
            ["verdict"],
            registry=registry,
        )
        self.skipped = Counter(
            "preferstream_nights_skipped",
            "Nights that did not begin here because another instance has or had them",
            registry=registry,
        )
        self.seconds = Histogram(
            "preferstream_night_seconds",
            "Seconds of a night from its collection to its verdict",
            buckets=SECONDS,
            registry=registry,
        )
        self.canary = Counter(
            "preferstream_canary_watched",
            "Looks at a model that is tried out, by verdict",
            ["verdict"],
            registry=registry,
        )

    def ended(self, *, verdict: str, code: str, at: datetime) -> None:
        self.ends.labels(verdict, code).inc()
        self.last_end.labels(verdict).set(at.timestamp())
