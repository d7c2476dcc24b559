"""What every service counts about the events that it takes in."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120)
"""From a decoded view to a slate on a slow machine."""
INTERNAL_ERROR = "internal_error"
"""Reason of a dead letter that is a fault of ours."""
AGE_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200, 86400)
"""From an idle system to a day of backlog."""


class MessagingMetrics:
    """Counters of one service; topics and reasons are closed sets, so label values stay few."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.handled = Counter(
            "preferstream_events_handled",
            "Events whose effect is acknowledged",
            ["topic"],
            registry=registry,
        )
        self.dead_letters = Counter(
            "preferstream_dead_letters",
            "Events set aside",
            ["topic", "reason"],
            registry=registry,
        )
        self.retries = Counter(
            "preferstream_event_retries",
            "Further attempts at an event",
            ["topic"],
            registry=registry,
        )
        self.seconds = Histogram(
            "preferstream_event_seconds",
            "Seconds from taking an event in to its acknowledged effect",
            ["topic"],
            buckets=SECONDS,
            registry=registry,
        )
        self.age = Histogram(
            "preferstream_event_age_seconds",
            "Seconds from an event's writing to Kafka to its acknowledged effect: queue and work",
            ["topic"],
            buckets=AGE_SECONDS,
            registry=registry,
        )
        self.in_flight = Gauge(
            "preferstream_events_in_flight", "Events in work", ["topic"], registry=registry
        )
        self.lag = Gauge(
            "preferstream_consumer_lag_events",
            "Events that lie unread, as this consumer sees them",
            ["topic"],
            registry=registry,
        )

    def expect(self, topic: str) -> None:
        """Show a topic's counters from 0: one that is born at 1 has never grown, for Prometheus."""
        self.handled.labels(topic)
        self.retries.labels(topic)
        self.dead_letters.labels(topic, INTERNAL_ERROR)
