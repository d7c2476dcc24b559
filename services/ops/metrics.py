"""What the operations service counts about the requests it answers."""

from prometheus_client import CollectorRegistry, Counter, Histogram

SECONDS = (0.005, 0.02, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
"""From a page to a feed that was waited for."""


class OpsMetrics:
    """Counters of requests; routes are templates, statuses are codes: label values stay few."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "preferstream_http_requests",
            "Requests answered",
            ["method", "route", "status"],
            registry=registry,
        )
        self.seconds = Histogram(
            "preferstream_http_request_seconds",
            "Seconds from a request to the start of its answer",
            ["method", "route"],
            buckets=SECONDS,
            registry=registry,
        )
        self.streams = Counter(
            "preferstream_http_streams", "Live streams that were opened", registry=registry
        )
