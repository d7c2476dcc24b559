"""Assemble the operations service from its real dependencies."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, ProcessCollector

from services.ops.admin.audit import Audit
from services.ops.admin.dead_letters import KafkaDeadLetterAdmin
from services.ops.admin.models import ModelRegistry
from services.ops.admin.training_jobs import TrainingJobRecords
from services.ops.auth.rate_limits import RateLimits
from services.ops.auth.sessions import Sessions
from services.ops.auth.tokens import Tokens, read_tokens
from services.ops.config import OpsSettings
from services.ops.context import OpsContext, Stores
from services.ops.http.idempotency import IdempotencyCache
from services.ops.http.middleware.origin import is_loopback
from services.ops.http.server import WebServer
from services.ops.http.streaming import Streams
from services.ops.http.web import web_app
from services.ops.kafka.cluster import KafkaCluster
from services.ops.kafka.kafka_adapter import KafkaAdapter
from services.ops.metrics import OpsMetrics
from services.ops.sample_images import SampleImages
from shared.domain.clock import system_clock
from shared.embedding.audience.matching import AudienceMatcher
from shared.embedding.audience.settings import AudienceSettings
from shared.embedding.minilm import DIMENSION, NAME, MiniLM
from shared.images.loader import ImageLoader
from shared.images.settings import ImageSettings
from shared.messaging.client.settings import MessagingSettings
from shared.observability.tracing import Tracing, open_tracing
from shared.prompting.text_to_image.settings import GenerationSettings
from shared.runtime.removal_follower import RemovalFollower
from shared.settings import InvalidSettings, from_environment
from shared.store.catalog.read_only import QdrantServingCatalogs
from shared.store.erasure_check import ErasureCheck
from shared.store.erasures import QdrantErasures
from shared.store.images import QdrantImages
from shared.store.profiles import QdrantProfiles
from shared.store.qdrant import open_qdrant
from shared.store.removal.qdrant_removed_images import QdrantRemovedImages
from shared.store.removal.removal_check import RemovalCheck
from shared.store.sessions.cursor_keys import Cursors
from shared.store.settings import StoreSettings
from shared.store.user_list import QdrantUsers


@dataclass(frozen=True)
class OpsApp:
    """The assembled service, not started yet."""

    kafka: KafkaAdapter
    health: WebServer
    streams: Streams
    tracing: Tracing
    removals: RemovalFollower | None

    async def start(self) -> None:
        """Start to read from Kafka."""
        if self.removals is not None:
            await self.removals.start()
        await self.kafka.start()

    async def stop(self) -> None:
        """Finish the open requests, then close the connections."""
        self.streams.closing.set()
        await self.health.stop()
        await self.kafka.stop()
        if self.removals is not None:
            await self.removals.stop()
        await asyncio.to_thread(self.tracing.close)


async def build_app(
    settings: OpsSettings,
    messaging: MessagingSettings,
    stores: Stores,
    *,
    models: ModelRegistry | None = None,
    training_jobs: TrainingJobRecords | None = None,
) -> OpsApp:
    """Build the service on a real Kafka and the given stores. Raises `InvalidSettings`."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    kafka = KafkaAdapter(messaging)
    metrics = OpsMetrics(registry)
    metrics.blocked_partitions.set_function(kafka.blocked_partitions)
    tracing = open_tracing("ops", messaging.otlp_endpoint)
    key = settings.ops_session_key
    streams = Streams()
    ops = OpsContext(
        settings=settings,
        kafka=kafka,
        cluster=KafkaCluster(messaging),
        dead_letters=KafkaDeadLetterAdmin(messaging),
        stores=stores,
        tokens=_tokens(settings),
        sessions=Sessions(
            key=key.get_secret_value() if key else None,
            hours=settings.ops_session_hours,
            clock=system_clock,
        ),
        limits=RateLimits(
            per_second=settings.ops_requests_per_second,
            burst=settings.ops_request_burst,
            now=time.monotonic,
        ),
        metrics=metrics,
        registry=registry,
        audit=Audit(kafka.send, system_clock),
        requests=IdempotencyCache(),
        actions=IdempotencyCache(),
        streams=streams,
        samples=SampleImages(settings.ops_samples),
        models=models,
        training_jobs=training_jobs,
        clock=system_clock,
        tracing=tracing,
        generation=from_environment(GenerationSettings),
    )
    server = WebServer(
        web_app(ops),
        host=settings.ops_host,
        port=settings.ops_port,
        fallback_to_free_port="ops_port" not in settings.model_fields_set,
        stop_seconds=settings.ops_stop_seconds,
        trusted_proxies=settings.ops_trusted_proxies,
    )
    check = stores.removal_check
    removals = RemovalFollower(messaging, check) if check is not None else None
    return OpsApp(kafka, server, streams, tracing, removals)


@asynccontextmanager
async def open_app(
    messaging: MessagingSettings,
    *,
    models: ModelRegistry | None = None,
    training_jobs: TrainingJobRecords | None = None,
) -> AsyncIterator[OpsApp]:
    """Build the service for its own process, with its own stores. Loads no vision model.

    `models` and `training_jobs` add the pages that read the folders of the retrain service.
    """
    store = from_environment(StoreSettings)
    client = open_qdrant(store)
    image_loader = ImageLoader(from_environment(ImageSettings))
    # Its encoder is loaded at the first search by words, which takes about a second.
    embedder = MiniLM()
    try:
        profiles = QdrantProfiles(client, embedder=NAME)
        image_store = QdrantImages(client, embedder=NAME)
        await asyncio.gather(
            profiles.prepare(dimension=DIMENSION), image_store.prepare(dimension=DIMENSION)
        )
        users = QdrantUsers(client, collection=profiles.collection)
        erasures = QdrantErasures(client)
        cursors = Cursors(client, store.feed_cursor_key)
        removed_images = QdrantRemovedImages(client)
        await asyncio.gather(erasures.prepare(), cursors.prepare(), removed_images.prepare())
        yield await build_app(
            from_environment(OpsSettings),
            messaging,
            Stores(
                profiles,
                users,
                image_store,
                image_loader,
                catalogs=QdrantServingCatalogs(client),
                embedder=embedder,
                audience=AudienceMatcher(
                    from_environment(AudienceSettings),
                    profiles=profiles,
                    embedder=embedder,
                    erasure_check=ErasureCheck(erasures),
                ),
                cursors=cursors,
                removal_check=RemovalCheck(removed_images),
            ),
            models=models,
            training_jobs=training_jobs,
        )
    finally:
        await image_loader.close()
        await client.close()
        embedder.close()


def _tokens(settings: OpsSettings) -> Tokens | None:
    if settings.ops_tokens is not None:
        return read_tokens(settings.ops_tokens)
    if is_loopback(settings.ops_host):
        return None
    raise InvalidSettings(
        f"PREFERSTREAM_OPS_HOST: other machines can reach {settings.ops_host}, so callers must send"
        " tokens: set PREFERSTREAM_OPS_TOKENS to a token file"
        " (`python -m services.ops.auth.tokens NAME ROLE` prints one), or listen on 127.0.0.1"
    )
