"""Build the real web app on fakes, with HTTP clients for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from services.ops.admin.audit import Audit
from services.ops.admin.models import ModelRegistry
from services.ops.admin.training_jobs import TrainingJobRecords
from services.ops.auth.rate_limits import RateLimits
from services.ops.auth.roles import Role
from services.ops.auth.sessions import Sessions
from services.ops.auth.tokens import KnownToken, Tokens, digest_of
from services.ops.config import OpsSettings
from services.ops.context import CursorReader, OpsContext, Stores
from services.ops.http.idempotency import IdempotencyCache
from services.ops.http.streaming import Streams
from services.ops.http.web import web_app
from services.ops.metrics import OpsMetrics
from services.ops.sample_images import SampleImages
from shared.embedding.audience.matching import AudienceMatcher
from shared.embedding.audience.settings import AudienceSettings
from shared.embedding.images.encoded_images import EncodedImages
from shared.prompting.text_to_image.settings import NO_GENERATOR, GenerationSettings
from shared.store.catalog.spaces import CatalogSpace
from shared.store.erasure_check import ErasureCheck
from shared.store.removal.removal_check import RemovalCheck
from tests.fakes.cluster import FakeCluster
from tests.fakes.dead_letters import FakeDeadLetterAdmin
from tests.fakes.embedder import OneHotEmbedder
from tests.fakes.images import ColorImages
from tests.fakes.kafka_port import FakeKafkaPort
from tests.fakes.stores import InMemoryErasures, InMemoryImages, InMemoryProfiles, InMemoryUsers
from tests.fakes.stores.catalog import InMemoryCatalog
from tests.fakes.stores.catalogs import InMemoryCatalogs
from tests.fakes.stores.removed_images import InMemoryRemovedImages

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
HOME = "http://127.0.0.1:8420"
SPACE = CatalogSpace(encoder="subjects", image_dimension=8, embedder="one-hot", word_dimension=32)
TOKENS = {"reader": Role.READ, "writer": Role.WRITE, "operator": Role.OPERATE}


@dataclass(frozen=True)
class Site:
    """The app, and its fakes."""

    app: ASGIApp
    ops: OpsContext
    kafka: FakeKafkaPort
    cluster: FakeCluster
    dead_letters: FakeDeadLetterAdmin
    profiles: InMemoryProfiles
    catalogs: InMemoryCatalogs

    @property
    def catalog(self) -> InMemoryCatalog:
        return self.catalogs.current

    def client(self, token: str | None = None, **headers: str) -> httpx.AsyncClient:
        """Return a client of the app. `token` is a name in `TOKENS`."""
        bearer = {"Authorization": f"Bearer secret-{token}"} if token else {}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url=HOME, headers={**bearer, **headers}
        )


def site(
    *,
    with_tokens: bool = False,
    tokens: Tokens | None = None,
    seconds: list[float] | None = None,
    max_streams: int = 1000,
    idempotency_keys: int = 1000,
    has_catalog: bool = True,
    encoded_images: EncodedImages | None = None,
    cursors: CursorReader | None = None,
    models: ModelRegistry | None = None,
    training_jobs: TrainingJobRecords | None = None,
    generation: GenerationSettings = NO_GENERATOR,
    **settings: Any,
) -> Site:
    """Build a site. `seconds[0]` is the time of the clock for rate limits."""
    ops_settings = OpsSettings(**settings)
    kafka, profiles, registry = FakeKafkaPort(), InMemoryProfiles(), CollectorRegistry()
    clock, cluster = seconds or [0.0], FakeCluster()
    dead_letters, catalogs = FakeDeadLetterAdmin(), InMemoryCatalogs(SPACE)
    embedder = OneHotEmbedder()
    removal_check = RemovalCheck(InMemoryRemovedImages())
    removal_check.is_following = True
    ops = OpsContext(
        settings=ops_settings,
        kafka=kafka,
        cluster=cluster,
        dead_letters=dead_letters,
        stores=Stores(
            profiles,
            InMemoryUsers(profiles),
            InMemoryImages(),
            ColorImages(),
            encoded_images,
            catalogs=catalogs if has_catalog else None,
            embedder=embedder,
            audience=AudienceMatcher(
                AudienceSettings(audience_min_score=11.0),
                profiles=profiles,
                embedder=embedder,
                erasure_check=ErasureCheck(InMemoryErasures()),
            ),
            cursors=cursors,
            removal_check=removal_check,
        ),
        tokens=known_tokens(TOKENS) if with_tokens else tokens,
        sessions=Sessions(key="a key", hours=ops_settings.ops_session_hours, clock=lambda: NOW),
        limits=RateLimits(
            per_second=ops_settings.ops_requests_per_second,
            burst=ops_settings.ops_request_burst,
            now=lambda: clock[0],
        ),
        metrics=OpsMetrics(registry),
        registry=registry,
        audit=Audit(kafka.send, lambda: NOW),
        requests=IdempotencyCache(max_entries=idempotency_keys),
        actions=IdempotencyCache(max_entries=idempotency_keys),
        streams=Streams(max_open=max_streams),
        samples=SampleImages(ops_settings.ops_samples),
        models=models,
        training_jobs=training_jobs,
        clock=lambda: NOW,
        generation=generation,
    )
    return Site(web_app(ops), ops, kafka, cluster, dead_letters, profiles, catalogs)


def known_tokens(roles: Mapping[str, Role], *, tenant: str | None = None) -> Tokens:
    return Tokens(
        [
            KnownToken(name=name, role=role, tenant=tenant, sha256=digest_of(f"secret-{name}"))
            for name, role in roles.items()
        ]
    )
