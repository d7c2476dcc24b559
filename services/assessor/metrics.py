"""What the assessor counts beside its events."""

from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Histogram

from shared.events import RankedFeed
from shared.events.types.feed import Status, Tier

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 15, 30, 60)


class AssessorMetrics:
    """Counters and timings of feeds."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.feeds = Counter(
            "preferstream_feeds", "Feeds published, by status", ["status"], registry=registry
        )
        self.images = Counter(
            "preferstream_images_ranked", "Images ranked, by tier", ["tier"], registry=registry
        )
        self.rejected = Counter(
            "preferstream_images_rejected", "Images refused", ["reason"], registry=registry
        )
        self.explored = Counter(
            "preferstream_images_explored",
            "Images whose place was drawn between two neighbours",
            registry=registry,
        )
        self.demoted = Counter(
            "preferstream_images_demoted",
            "Images that stand lower than their score, by rule",
            ["rule"],
            registry=registry,
        )
        self.repeated = Counter(
            "preferstream_requests_repeated",
            "Redelivered requests whose feed was published already",
            registry=registry,
        )
        self.erased = Counter(
            "preferstream_requests_erased",
            "Requests left unanswered because their user was erased after asking",
            registry=registry,
        )
        self.explanation_problems = Counter(
            "preferstream_explanation_problems",
            "Reasons that could not be read or disagreed with their score",
            registry=registry,
        )
        self.stage_seconds = Histogram(
            "preferstream_feed_stage_seconds",
            "Seconds of a feed by stage",
            ["stage"],
            buckets=SECONDS,
            registry=registry,
        )

        # From 0: a counter that is born at 1 has never grown, for Prometheus.
        for status in get_args(Status):
            self.feeds.labels(status)
        for tier in get_args(Tier):
            self.images.labels(tier)

    def count(self, feed: RankedFeed) -> None:
        """Everything about a feed that was published."""
        self.feeds.labels(feed.status).inc()
        for item in feed.items:
            self.images.labels(item.tier).inc()
            self.explored.inc(item.explored)
            for why in item.demoted:
                self.demoted.labels(why).inc()
        for rejected in feed.rejected:
            self.rejected.labels(rejected.reason.partition(":")[0]).inc()
        for stage, milliseconds in feed.latency_ms.items():
            self.stage_seconds.labels(stage).observe(milliseconds / 1000)
