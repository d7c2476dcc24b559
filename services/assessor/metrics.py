"""Metrics of the assessor."""

from collections import Counter as count_values
from typing import Final, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from shared.events import RankedFeed
from shared.events.types.feed import Source, Status, Tier

STAGE_BUCKETS_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 15, 30, 60)


class AssessorMetrics:
    """Counters and durations of requests and their feeds."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.feeds = Counter(
            "preferstream_feeds", "Feeds published, by status", ["status"], registry=registry
        )
        self.ranked = Counter(
            "preferstream_images_ranked", "Images ranked, by tier", ["tier"], registry=registry
        )
        self.rejected = Counter(
            "preferstream_images_rejected",
            "Images rejected, by reason",
            ["reason"],
            registry=registry,
        )
        self.explored = Counter(
            "preferstream_images_explored",
            "Images whose rank exploration chose at random between two neighbors",
            registry=registry,
        )
        self.scores = Counter(
            "preferstream_scores",
            "Scores of images by a taste, by origin: computed by the model, or kept in memory",
            ["origin"],
            registry=registry,
        )
        self.kept_scores = Gauge(
            "preferstream_score_cache_entries",
            "Scores of images that are kept in memory",
            registry=registry,
        )
        self.demoted = Counter(
            "preferstream_images_demoted",
            "Images ranked lower than their score, by rule",
            ["rule"],
            registry=registry,
        )
        self.retrieved = Counter(
            "preferstream_images_retrieved",
            "Images of feeds that were found in the catalog, by source",
            ["source"],
            registry=registry,
        )
        self.ruled = Counter(
            "preferstream_images_ruled",
            "Images whose rank a rule of the shop changed, by kind of rule",
            ["rule"],
            registry=registry,
        )
        self.duplicates = Counter(
            "preferstream_duplicate_requests",
            "Redelivered or repeated requests whose feed was already published",
            registry=registry,
        )
        self.reused_ids = Counter(
            "preferstream_reused_request_ids",
            "Requests with an id that their user had sent with other content before",
            registry=registry,
        )
        self.erased = Counter(
            "preferstream_requests_erased",
            "Requests without a feed because their user was erased after the request",
            registry=registry,
        )
        self.explanation_problems = Counter(
            "preferstream_explanation_problems",
            "Rationales that could not be read or disagreed with their score",
            registry=registry,
        )
        self.waiting = Gauge(
            "preferstream_requests_waiting",
            "Requests that wait because others use the capacity of a stage",
            ["stage"],
            registry=registry,
        )
        self.popularity = Gauge(
            "preferstream_popularity_entries",
            "Opinions of users on images that are counted for users without a taste",
            registry=registry,
        )
        self.stage_seconds = Histogram(
            "preferstream_feed_stage_seconds",
            "Seconds of a feed by stage",
            ["stage"],
            buckets=STAGE_BUCKETS_SECONDS,
            registry=registry,
        )

        # Started at 0: Prometheus sees no increase in a counter whose first value is 1.
        for status in get_args(Status):
            self.feeds.labels(status)
        for source in get_args(Source):
            if source != "listed":
                self.retrieved.labels(source)
        for tier in get_args(Tier):
            self.ranked.labels(tier)
        for origin in ("model", "cache"):
            self.scores.labels(origin)

    def count_scores(self, known: int, new: int) -> None:
        """Count scores that were kept in memory, and scores that the model computed."""
        self.scores.labels("cache").inc(known)
        self.scores.labels("model").inc(new)

    def count(self, feed: RankedFeed) -> None:
        """Count a published feed."""
        self.feeds.labels(feed.status).inc()
        self.explored.inc(sum(item.explored for item in feed.items))
        for tier, images in count_values(item.tier for item in feed.items).items():
            self.ranked.labels(tier).inc(images)
        for item in feed.items:
            for rule in item.demoted:
                self.demoted.labels(rule).inc()
            if item.source not in (None, "listed"):
                self.retrieved.labels(item.source).inc()
            for applied in item.rules:
                self.ruled.labels(applied.kind).inc()
        for rejected in feed.rejected:
            self.rejected.labels(rejected.reason.partition(":")[0]).inc()
        for stage, milliseconds in feed.latency_ms.items():
            self.stage_seconds.labels(stage).observe(milliseconds / 1000)
