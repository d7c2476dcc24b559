"""Metrics of the events that a service consumes."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from shared.messaging.batches.codecs import BATCH_TOO_LARGE, UNREADABLE_BATCH

SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120)
"""Buckets from a decoded view to a slate on a slow machine."""
INTERNAL_ERROR = "internal_error"
"""Reason of a dead letter that a bug of the service caused."""
AGE_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200, 86400)
"""Buckets from an idle system to a backlog of a day."""


class MessagingMetrics:
    """Metrics of one service; topics and reasons are closed sets, so there are few label values."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.handled = Counter(
            "preferstream_events_handled",
            "Events handled; their effect is acknowledged",
            ["topic"],
            registry=registry,
        )
        self.dead_letters = Counter(
            "preferstream_dead_letters",
            "Events that became dead letters",
            ["topic", "reason"],
            registry=registry,
        )
        self.retries = Counter(
            "preferstream_event_retries",
            "Retries of events",
            ["topic"],
            registry=registry,
        )
        self.seconds = Histogram(
            "preferstream_event_seconds",
            "Seconds from receiving an event to its acknowledged effect",
            ["topic"],
            buckets=SECONDS,
            registry=registry,
        )
        self.age = Histogram(
            "preferstream_event_age_seconds",
            "Seconds from writing an event to Kafka to its acknowledged effect: queue and work",
            ["topic"],
            buckets=AGE_SECONDS,
            registry=registry,
        )
        self.in_flight = Gauge(
            "preferstream_events_in_flight", "Events being processed", ["topic"], registry=registry
        )
        self.lag = Gauge(
            "preferstream_consumer_lag_events",
            "Unread offsets of the assigned partitions, as this consumer sees them",
            ["topic"],
            registry=registry,
        )
        self.blocked_partitions = Gauge(
            "preferstream_blocked_partitions",
            "Assigned partitions whose next records cannot be read",
            ["topic"],
            registry=registry,
        )

    def expect(self, topic: str) -> None:
        """Create a topic's counters at 0: a first value of 1 is no increase for Prometheus."""
        self.handled.labels(topic)
        self.retries.labels(topic)
        for reason in (INTERNAL_ERROR, UNREADABLE_BATCH, BATCH_TOO_LARGE):
            self.dead_letters.labels(topic, reason)
