"""Metrics of the catalog service, in addition to those of its Kafka consumers."""

from typing import Final, Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

IndexingStage = Literal["load", "encode", "describe", "write"]
STAGES: Final[tuple[IndexingStage, ...]] = get_args(IndexingStage)
SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Histogram buckets: from a small file to a slow image host or model server."""


class CatalogMetrics:
    """Counters of publications, and the progress of indexing."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.published = Counter(
            "preferstream_catalog_published",
            "Images that were added to the catalog, or whose publication has changed",
            registry=registry,
        )
        self.removed = Counter(
            "preferstream_catalog_removed", "Images removed by a tombstone", registry=registry
        )
        self.indexed = Counter(
            "preferstream_catalog_indexed", "Images that were indexed", registry=registry
        )
        self.contents = Counter(
            "preferstream_catalog_contents",
            "Contents that the model described; equal images under several ids are one content",
            registry=registry,
        )
        self.failed = Counter(
            "preferstream_catalog_failed",
            "Images that cannot be indexed until they are published again",
            ["reason"],
            registry=registry,
        )
        self.retried = Counter(
            "preferstream_catalog_retried",
            "Images to be tried again later, since a host did not answer or a computation failed",
            registry=registry,
        )
        self.seconds = Histogram(
            "preferstream_catalog_index_seconds",
            "Seconds to load one image, and to encode, describe and write one batch of images",
            ["stage"],
            buckets=SECONDS,
            registry=registry,
        )
        for stage in STAGES:
            self.seconds.labels(stage)
        self.images = Gauge(
            "preferstream_catalog_images",
            "Images of the catalog: indexed, outdated (they serve with an older index), waiting,"
            " failed",
            ["state"],
            registry=registry,
        )
        self.retrying_images = Gauge(
            "preferstream_catalog_retrying_images",
            "Images that wait for their next attempt, since their host did not answer",
            registry=registry,
        )
        self.reindexed_share = Gauge(
            "preferstream_catalog_reindexed_ratio",
            "Share of images done in the collection of a new encoder; 1 when it serves",
            registry=registry,
        )
