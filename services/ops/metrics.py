"""Metrics of the operations service: requests, latency, streams."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.005, 0.02, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
"""From a static page to a request that waits for its feed."""


class OpsMetrics:
    """Request metrics. The label `route` is the path template, so label values stay few."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.blocked_partitions = Gauge(
            "preferstream_reader_blocked_partitions",
            "Partitions whose next records the gateway cannot read",
            registry=registry,
        )
        self.requests = Counter(
            "preferstream_http_requests",
            "HTTP requests answered",
            ["method", "route", "status"],
            registry=registry,
        )
        self.seconds = Histogram(
            "preferstream_http_request_seconds",
            "Seconds from a request to the start of its response",
            ["method", "route"],
            buckets=SECONDS,
            registry=registry,
        )
        self.streams = Counter(
            "preferstream_http_streams", "Event streams opened", registry=registry
        )
