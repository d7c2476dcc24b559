"""Assemble the profile service from its real dependencies."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from services.profile.config import ProfileSettings
from services.profile.corrections import CorrectionWriter
from services.profile.erasure import UserEraser
from services.profile.feedback.image_retries import ImageRetries
from services.profile.feedback.impressions import impression_recorder
from services.profile.handlers import Handlers, connect
from services.profile.metrics import ProfileMetrics
from services.profile.profile_publisher import ProfilePublisher
from services.profile.service import Dependencies, ProfileService
from shared.domain.clock import system_clock
from shared.images.hosts.host_metrics import HostMetrics
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.health import HealthServer
from shared.messaging.service import KafkaService
from shared.runtime.dependencies import SharedDependencies
from shared.runtime.promotions import follow_promotions
from shared.store.erasure_check import ErasureCheck


@dataclass(frozen=True)
class ProfileApp:
    """The assembled service, not started yet."""

    kafka: KafkaService
    health: HealthServer
    service: ProfileService

    async def start(self) -> None:
        """Join the consumer groups and start to consume."""
        await self.kafka.start()

    async def stop(self) -> None:
        """Finish the predictions in progress and leave the consumer groups."""
        await self.kafka.stop()
        await self.service.close()


async def build(
    settings: ProfileSettings, messaging: MessagingSettings, shared: SharedDependencies
) -> ProfileApp:
    """Connect the service to Kafka and to the dependencies that it shares with other services."""
    registry = CollectorRegistry()
    kafka = KafkaService("profile", messaging, registry)
    HostMetrics(shared.image_loader.gate, registry)
    publisher = ProfilePublisher(shared.profiles, kafka.publisher)
    erasure_check = ErasureCheck(shared.erasures)
    metrics = ProfileMetrics(registry)
    service = ProfileService(
        Dependencies(
            models=shared.models,
            embedder=shared.embedder,
            profiles=shared.profiles,
            image_store=shared.image_store,
            image_loader=shared.image_loader,
            erasure_check=erasure_check,
            publisher=publisher,
            clock=system_clock,
            encoded_images=shared.encoded_images,
            impressions=shared.impressions,
            removal_check=shared.removal_check,
        ),
        settings,
        metrics,
        spans=kafka.tracing.stage,
    )
    corrections = CorrectionWriter(
        shared.profiles,
        publisher,
        shared.models,
        clock=system_clock,
        profile_deduplication_size=settings.profile_deduplication_size,
        embedder=shared.embedder,
    )
    eraser = UserEraser(
        profiles=shared.profiles,
        impressions=shared.impressions,
        erasures=shared.erasures,
        sessions=shared.feed_sessions,
        publisher=kafka.publisher,
        clock=system_clock,
    )
    recorder = impression_recorder(shared.impressions, settings)
    image_retries = ImageRetries(
        kafka.publisher, metrics.image_retries, max_attempts=settings.image_attempts
    )
    handlers = Handlers(service, recorder, corrections, eraser, erasure_check, image_retries)
    connect(kafka, handlers, settings)
    await follow_promotions(kafka, shared.models, messaging)
    health = HealthServer(
        kafka, registry, host=settings.health_host, port=settings.profile_health_port
    )
    return ProfileApp(kafka, health, service)
