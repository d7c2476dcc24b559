"""Open the assessor in this process, on the embedded store and without Kafka."""

import itertools
from collections.abc import AsyncIterator, Hashable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

from prometheus_client import CollectorRegistry

from services.assessor.background.background_description import BackgroundDescription
from services.assessor.background.shadow_evaluation import ShadowEvaluation, ShadowMetrics
from services.assessor.config import AssessorSettings
from services.assessor.metrics import AssessorMetrics
from services.assessor.service import AssessorService, Dependencies
from services.assessor.steps.request_filtering import AnsweredRequests
from shared.domain.clock import system_clock
from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.images.protocol import ImageEncoder
from shared.embedding.protocol import Embedder
from shared.events import Candidate, ImageCandidates, RankedFeed
from shared.events.topics import CANDIDATES, Topic
from shared.events.types.base import Event
from shared.events.wire.record import Outgoing, Record
from shared.images.loader import LoadedImage, LoadResult
from shared.messaging.contract import Delivery
from shared.runtime.recent.images import RecentImages
from shared.runtime.recent.vectors import RecentVectors
from shared.store.erasure_check import ErasureCheck
from shared.store.erasures import QdrantErasures
from shared.store.image_vectors import QdrantImageVectors
from shared.store.images import QdrantImages
from shared.store.impressions import QdrantImpressions
from shared.store.profiles import QdrantProfiles
from shared.store.protocol import ImageStore, ImageVectorStore, ProfileStore
from shared.store.qdrant import open_qdrant
from shared.store.settings import StoreSettings
from shared.vlm.background_work import BackgroundWork, Pace
from shared.vlm.model_selection import ServingModels
from shared.vlm.protocol import VisionLanguageModel
from shared.vlm.score_cache import ScoreCache

USER: Final = "bench-user"
NEVER: Final = Pace(quiet_seconds=3_600, max_pause_seconds=3_600)
"""Background work would be measured with the requests."""


class ReadyImages:
    """An image loader whose images are in memory already."""

    def __init__(self) -> None:
        self.images: dict[str, LoadedImage] = {}
        """By address."""

    async def load_many(
        self,
        uris: Sequence[str],
        *,
        within_seconds: float | None = None,
        requester: Hashable | None = None,
    ) -> list[LoadResult]:
        return [self.images[uri] for uri in uris]

    async def load(self, uri: str, *, requester: Hashable | None = None) -> LoadedImage:
        return self.images[uri]


class PublishedFeeds:
    """A publisher that keeps each feed until it is taken."""

    def __init__(self) -> None:
        self.feeds: dict[str, RankedFeed] = {}
        """By request id."""

    async def publish(self, *events: Event) -> None:
        for event in events:
            if isinstance(event, RankedFeed):
                self.feeds[event.request_id] = event

    async def tombstone(self, topic: Topic, key: str) -> None: ...

    async def send(self, *records: Outgoing) -> None: ...


class NoPromotions:
    """The model of a benchmark never changes."""

    def load(self, *, uri: str, sha256: str) -> VisionLanguageModel:
        raise NotImplementedError


@dataclass(frozen=True)
class InProcessAssessor:
    """The service with its stores, and the feeds that it publishes."""

    service: AssessorService
    description: BackgroundDescription
    dependencies: Dependencies
    """What the service works with; another service may share it."""
    profiles: ProfileStore
    image_store: ImageStore
    image_vectors: ImageVectorStore
    images: ReadyImages
    published: PublishedFeeds
    score_cache: ScoreCache
    _numbers: "itertools.count[int]"

    def request(self, images: Mapping[str, LoadedImage], *, user_id: str = USER) -> ImageCandidates:
        """A request of a user, by default the benchmark's, for these images, by image id."""
        self.images.images |= {image.uri: image for image in images.values()}
        now = datetime.now(UTC)
        return ImageCandidates(
            event_id=uuid4(),
            occurred_at=now,
            user_id=user_id,
            request_id=f"bench-{next(self._numbers)}",
            candidates=tuple(
                Candidate(image_id=name, uri=image.uri) for name, image in images.items()
            ),
        )

    async def rank(self, request: ImageCandidates) -> RankedFeed:
        """The feed of a request, as it is passed to Kafka's client; several may be in work."""
        record = Record(
            topic=CANDIDATES.name, partition=0, offset=0, key=None, value=None, headers=(),
            timestamp_ms=round(request.occurred_at.timestamp() * 1000),
        )  # fmt: skip
        await self.service.rank(request, Delivery(record))
        return self.published.feeds.pop(request.request_id)


@asynccontextmanager
async def open_assessor(
    folder: Path,
    model: VisionLanguageModel,
    *,
    embedder: Embedder,
    encoder: ImageEncoder,
    score_cache_entries: int,
    explore_share: float | None = None,
) -> AsyncIterator[InProcessAssessor]:
    """The assessor on an embedded store in `folder`, with its default settings but for those given.

    `explore_share` is the share of feeds in which neighbors are swapped at random.
    """
    settings = AssessorSettings(score_cache_entries=score_cache_entries)
    if explore_share is not None:
        settings = settings.model_copy(update={"explore_share": explore_share})
    async with AsyncExitStack() as stack:
        client = open_qdrant(StoreSettings(qdrant_path=folder))
        stack.push_async_callback(client.close)
        profiles = QdrantProfiles(client, embedder=embedder.name)
        stored_images = QdrantImages(client, embedder=embedder.name)
        stored_vectors = QdrantImageVectors(
            client, encoder=encoder.name, dimension=encoder.dimension
        )
        impressions, erasures = QdrantImpressions(client), QdrantErasures(client)
        await profiles.prepare(dimension=embedder.dimension)
        await stored_images.prepare(dimension=embedder.dimension)
        await stored_vectors.prepare()
        await impressions.prepare()
        await erasures.prepare()
        recent_bytes = StoreSettings().recent_images_mb * 2**20 // 2
        image_store = RecentImages(stored_images, max_bytes=recent_bytes)
        vectors = RecentVectors(stored_vectors, dimension=encoder.dimension, max_bytes=recent_bytes)
        encoded = EncodedImages(encoder, vectors)
        stack.push_async_callback(encoded.close)
        models = ServingModels(
            model, name="bench", loader=NoPromotions(), background=BackgroundWork(NEVER)
        )
        registry = CollectorRegistry()
        description = BackgroundDescription(
            models=models, embedder=embedder, image_store=image_store, batch_size=1
        )
        stack.push_async_callback(description.stop)
        images, published = ReadyImages(), PublishedFeeds()
        score_cache = ScoreCache(max_entries=score_cache_entries)
        dependencies = Dependencies(
            models=models,
            embedder=embedder,
            profiles=profiles,
            image_store=image_store,
            impressions=impressions,
            erasure_check=ErasureCheck(erasures),
            image_loader=images,
            publisher=published,
            clock=system_clock,
            encoded_images=encoded,
            score_cache=score_cache,
        )
        service = AssessorService(
            dependencies,
            settings,
            AssessorMetrics(registry),
            answered=AnsweredRequests(size=settings.request_deduplication_size),
            background_description=description,
            shadow_evaluation=ShadowEvaluation(models, ShadowMetrics(registry)),
        )
        yield InProcessAssessor(
            service, description, dependencies, profiles, image_store, vectors, images, published,
            score_cache, itertools.count(),
        )  # fmt: skip
