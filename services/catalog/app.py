"""Assemble the catalog service from its real dependencies."""

import asyncio
import logging
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from services.catalog.audience.factory import audience_publication
from services.catalog.config import CatalogSettings
from services.catalog.handlers import connect
from services.catalog.indexing.audiences import Audiences
from services.catalog.indexing.background import BackgroundIndexing, Step
from services.catalog.indexing.contents import ContentReader
from services.catalog.indexing.counts import Counts
from services.catalog.indexing.indexer import Indexer
from services.catalog.indexing.reindexing import Reindexing
from services.catalog.indexing.waiting_list import Pauses, WaitingList
from services.catalog.indexing.writer import IndexWriter
from services.catalog.metrics import CatalogMetrics
from services.catalog.publications import Publications
from services.catalog.restoring import restore
from shared.domain.clock import system_clock
from shared.embedding.audience.settings import AudienceSettings
from shared.images.hosts.host_metrics import HostMetrics
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.health import HealthServer
from shared.messaging.service import KafkaService
from shared.runtime.dependencies import SharedDependencies
from shared.runtime.promotions import follow_promotions
from shared.store.removal.image_removal import ImageRemoval

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CatalogApp:
    """The assembled service, not started yet."""

    kafka: KafkaService
    health: HealthServer
    indexing: BackgroundIndexing | None
    """None without an image encoder: the catalog needs the vectors of its images."""

    async def start(self) -> None:
        """Start the indexing, join the consumer group and start to consume."""
        if self.indexing is not None:
            await self.indexing.start()
        await self.kafka.start()

    async def stop(self) -> None:
        """Finish the publication in progress, leave the group and end the indexing."""
        await self.kafka.stop()
        if self.indexing is not None:
            await self.indexing.stop()


async def build(
    settings: CatalogSettings,
    messaging: MessagingSettings,
    shared: SharedDependencies,
    *,
    audience: AudienceSettings,
) -> CatalogApp:
    """Connect the service to Kafka and to the dependencies that it shares with other services."""
    registry = CollectorRegistry()
    kafka = KafkaService("catalog", messaging, registry)
    health = HealthServer(
        kafka, registry, host=settings.health_host, port=settings.catalog_health_port
    )
    HostMetrics(shared.image_loader.gate, registry)
    metrics = CatalogMetrics(registry)
    catalogs, encoded, removal = shared.catalogs, shared.encoded_images, shared.image_removal
    if catalogs is None or encoded is None or removal is None:
        log.warning(
            "the catalog is off, because PREFERSTREAM_SUBJECT_RANKING=false: its events wait in"
            " Kafka, and feeds need listed candidates"
        )
        return CatalogApp(kafka, health, None)
    waiting = WaitingList(
        size=settings.indexing_waiting_images,
        pauses=Pauses(settings.indexing_retry_seconds, settings.indexing_retry_max_seconds),
    )
    counts, writing = Counts(), asyncio.Lock()
    publication = audience_publication(audience, shared, kafka.publisher, clock=system_clock)
    audiences = Audiences(publication, catalogs) if publication is not None else None
    writer = IndexWriter(
        catalogs.current,
        shared.image_store,
        waiting=waiting,
        counts=counts,
        metrics=metrics,
        clock=system_clock,
        first_indexed=audiences.add if audiences is not None else None,
    )
    indexer = Indexer(
        catalogs,
        shared.models,
        ContentReader(encoded, shared.image_store, shared.embedder, metrics),
        writer,
        shared.image_loader,
        waiting=waiting,
        metrics=metrics,
        images_in_work=settings.indexing_images_in_work,
        batch_size=settings.indexing_batch_size,
    )
    publications = Publications(
        catalogs,
        shared.models,
        waiting=waiting,
        counts=counts,
        metrics=metrics,
        removal=removal,
        writing=writing,
        forget_address=indexer.loading.forget,
    )
    version = shared.models.champion.model_version
    await restore(catalogs, messaging, model_version=version, clock=system_clock)
    connect(kafka, publications)
    await follow_promotions(kafka, shared.models, messaging)
    indexing = BackgroundIndexing(
        catalogs,
        shared.models,
        indexer,
        Reindexing(catalogs, waiting=waiting, writing=writing),
        waiting=waiting,
        counts=counts,
        metrics=metrics,
        clock=system_clock,
        further_steps={
            "removal": _running(removal),
            **({"audience": audiences.publish_next} if audiences is not None else {}),
        },
    )
    return CatalogApp(kafka, health, indexing)


def _running(removal: ImageRemoval) -> Step:
    """The removal of contents that no image has any more; it only ends with the service."""

    async def run() -> bool:
        await removal.run()
        return False

    return run
