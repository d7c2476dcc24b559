"""What pages and endpoints work with, made once where the process starts."""

from dataclasses import dataclass, field
from typing import Annotated, Protocol
from uuid import UUID

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry

from services.ops.admin.audit import Audit
from services.ops.admin.dead_letters import Desk
from services.ops.admin.models import Models
from services.ops.admin.training_jobs import NightRecords
from services.ops.auth.rate_limits import RateLimits
from services.ops.auth.sessions import Sessions
from services.ops.auth.tokens import Tokens
from services.ops.config import OpsSettings
from services.ops.http.idempotency import Remembered
from services.ops.http.streaming import Streams
from services.ops.kafka.cluster import Cluster
from services.ops.kafka.kafka_port import KafkaSide
from services.ops.metrics import OpsMetrics
from services.ops.samples import Samples
from shared.domain.clock import Clock
from shared.images.loader import LoadedImage
from shared.observability.tracing import Tracing
from shared.store.protocol import ImageStore, ProfileStore
from shared.store.user_list import PeopleStore


class Images(Protocol):
    """The guarded way to an image: sizes, addresses and formats are checked there."""

    async def load(self, uri: str) -> LoadedImage:
        """Raises `Unprocessable` and `Unavailable`."""
        ...


@dataclass(frozen=True)
class Stores:
    """What we read beside Kafka: profiles, where images lie, and the guarded way to load one."""

    profiles: ProfileStore
    people: PeopleStore
    known_images: ImageStore
    images: Images


@dataclass(frozen=True)
class Ops:
    """All of it."""

    settings: OpsSettings
    kafka: KafkaSide
    cluster: Cluster
    desk: Desk
    stores: Stores
    tokens: Tokens | None
    """None: only loopback reaches us, and everybody there may do everything."""
    sessions: Sessions
    limits: RateLimits
    metrics: OpsMetrics
    registry: CollectorRegistry
    audit: Audit
    requests: Remembered[None]
    actions: Remembered[tuple[UUID, ...]]
    streams: Streams
    samples: Samples
    models: Models | None
    """None where no registry is at hand; the page of models is left out there."""
    nights: NightRecords | None
    """None where the training's folders are not at hand; likewise."""
    clock: Clock
    tracing: Tracing = field(default_factory=lambda: Tracing("ops"))


def ops_of(request: Request) -> Ops:
    """The one context of this app."""
    found: Ops = request.app.state.ops
    return found


OpsOf = Annotated[Ops, Depends(ops_of)]
