"""Wire the profile service together; the only file that names the concrete parts."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from services.profile.config import ProfileSettings
from services.profile.corrections import CorrectionWriter
from services.profile.erasure import UserEraser
from services.profile.feedback.impressions import impression_recorder
from services.profile.handlers import Handlers, connect
from services.profile.metrics import ProfileMetrics
from services.profile.profile_publisher import ProfilePublisher
from services.profile.service import Dependencies, ProfileService
from shared.domain.clock import system_clock
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.health import HealthServer
from shared.messaging.service import KafkaService
from shared.runtime.dependencies import SharedDependencies
from shared.runtime.promotions import follow_promotions
from shared.store.erasure_check import ErasureCheck


@dataclass(frozen=True)
class ProfileApp:
    """The wired service, before it starts."""

    kafka: KafkaService
    health: HealthServer

    async def start(self) -> None:
        """Join the consumer groups and start to consume."""
        await self.kafka.start()

    async def stop(self) -> None:
        """Finish the predictions in progress and leave the consumer groups."""
        await self.kafka.stop()


async def build(
    settings: ProfileSettings, messaging: MessagingSettings, parts: SharedDependencies
) -> ProfileApp:
    """Wire the service to Kafka and to the parts that it shares with other services."""
    registry = CollectorRegistry()
    kafka = KafkaService("profile", messaging, registry)
    publisher = ProfilePublisher(parts.profiles, kafka.publisher)
    erasure_check = ErasureCheck(parts.erasures)
    service = ProfileService(
        Dependencies(
            models=parts.models,
            embedder=parts.embedder,
            profiles=parts.profiles,
            known_images=parts.known_images,
            images=parts.images,
            erasure_check=erasure_check,
            publisher=publisher,
            clock=system_clock,
        ),
        settings,
        ProfileMetrics(registry),
        spans=kafka.tracing.stage,
    )
    corrections = CorrectionWriter(
        parts.profiles,
        publisher,
        parts.models,
        clock=system_clock,
        profile_deduplication_size=settings.profile_deduplication_size,
    )
    eraser = UserEraser(
        profiles=parts.profiles,
        impressions=parts.impressions,
        erasures=parts.erasures,
        publisher=kafka.publisher,
        clock=system_clock,
    )
    recorder = impression_recorder(parts.impressions, settings)
    connect(kafka, Handlers(service, recorder, corrections, eraser, erasure_check))
    await follow_promotions(kafka, parts.models, messaging)
    health = HealthServer(
        kafka, registry, host=settings.health_host, port=settings.profile_health_port
    )
    return ProfileApp(kafka, health)
