"""The dependencies of pages and endpoints, built once in `app.py`."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Protocol
from uuid import UUID

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry

from services.ops.admin.audit import Audit
from services.ops.admin.dead_letters import DeadLetterAdmin
from services.ops.admin.models import ModelRegistry
from services.ops.admin.training_jobs import TrainingJobRecords
from services.ops.auth.rate_limits import RateLimits
from services.ops.auth.sessions import Sessions
from services.ops.auth.tokens import Tokens
from services.ops.config import OpsSettings
from services.ops.http.idempotency import IdempotencyCache
from services.ops.http.streaming import Streams
from services.ops.kafka.cluster import Cluster
from services.ops.kafka.kafka_port import KafkaPort
from services.ops.metrics import OpsMetrics
from services.ops.sample_images import SampleImages
from services.ops.study.studies import Studies
from shared.domain.clock import Clock
from shared.domain.requests.page_cursor import PageCursor
from shared.domain.user import User
from shared.embedding.audience.matching import AudienceMatcher
from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.protocol import Embedder
from shared.images.loader import LoadedImage
from shared.observability.tracing import Tracing
from shared.prompting.text_to_image.settings import NO_GENERATOR, GenerationSettings
from shared.store.catalog.read_only import ServingCatalogs
from shared.store.protocol import ImageStore, ProfileStore
from shared.store.removal.removal_check import RemovalCheck
from shared.store.user_list import UserStore


class ImageLoader(Protocol):
    """Loads images, and checks their addresses, sizes and formats."""

    async def load(self, uri: str) -> LoadedImage:
        """Raises `Unprocessable` and `Unavailable`."""
        ...


class CursorReader(Protocol):
    """Reads the cursors of feeds; `Cursors` is one."""

    async def read(self, text: str, user: User, *, now: datetime) -> PageCursor:
        """Raises `BadCursor` for the cursor of another user or an old one, and `Unavailable`."""
        ...


@dataclass(frozen=True)
class Stores:
    """The stores that this service reads, and the loader of images."""

    profiles: ProfileStore
    users: UserStore
    image_store: ImageStore
    image_loader: ImageLoader
    encoded_images: EncodedImages | None = None
    """None in a process without an image encoder."""
    catalogs: ServingCatalogs | None = None
    """None where images are ranked by their look alone: then there is no catalog."""
    embedder: Embedder | None = None
    """Embeds the words of a search; None where the catalog cannot be searched by words."""
    audience: AudienceMatcher | None = None
    """Finds the users whose taste an image meets; None where there is no catalog."""
    cursors: CursorReader | None = None
    """Checks the cursor of a request before it is sent; None: the assessor alone does."""
    removal_check: RemovalCheck | None = None
    """Which images are removed; None in tests that remove none."""


@dataclass(frozen=True)
class OpsContext:
    """All dependencies of a request."""

    settings: OpsSettings
    kafka: KafkaPort
    cluster: Cluster
    dead_letters: DeadLetterAdmin
    stores: Stores
    tokens: Tokens | None
    """None: the service listens on loopback only, and every caller has all rights."""
    sessions: Sessions
    limits: RateLimits
    metrics: OpsMetrics
    registry: CollectorRegistry
    audit: Audit
    requests: IdempotencyCache[None]
    actions: IdempotencyCache[tuple[UUID, ...]]
    streams: Streams
    samples: SampleImages
    models: ModelRegistry | None
    """None without a model registry; then there is no models page."""
    training_jobs: TrainingJobRecords | None
    """None without the folders of the training jobs; then there is no page for them."""
    clock: Clock
    studies: Studies = field(default_factory=Studies)
    tracing: Tracing = field(default_factory=lambda: Tracing("ops"))
    generation: GenerationSettings = NO_GENERATOR


def context_of(request: Request) -> OpsContext:
    """Return the context of the app."""
    context: OpsContext = request.app.state.ops
    return context


Context = Annotated[OpsContext, Depends(context_of)]
