"""Put the profile service together: the one file that knows which parts are real."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from services.profile.config import ProfileSettings
from services.profile.corrections import Correcting
from services.profile.erasure import Erasing
from services.profile.feedback.impressions import Views
from services.profile.handlers import Handling, connect
from services.profile.metrics import ProfileMetrics
from services.profile.profile_publisher import Announcing
from services.profile.service import Parts, ProfileService
from shared.domain.clock import system_clock
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.health import HealthServer
from shared.messaging.service import KafkaService
from shared.runtime.dependencies import SharedParts
from shared.runtime.promotions import follow_promotions


@dataclass(frozen=True)
class ProfileApp:
    """The service, wired and not yet started."""

    kafka: KafkaService
    health: HealthServer

    async def start(self) -> None:
        """Join the consumer groups and begin to read."""
        await self.kafka.start()

    async def stop(self) -> None:
        """Finish the predictions in work, and leave Kafka."""
        await self.kafka.stop()


async def build(
    settings: ProfileSettings, messaging: MessagingSettings, parts: SharedParts
) -> ProfileApp:
    """Wire the service to Kafka and to the parts that it shares with others."""
    registry = CollectorRegistry()
    kafka = KafkaService("profile", messaging, registry)
    announcing = Announcing(parts.profiles, kafka.publisher)
    service = ProfileService(
        Parts(
            models=parts.models,
            embedder=parts.embedder,
            profiles=parts.profiles,
            known_images=parts.known_images,
            erasures=parts.erasures,
            images=parts.images,
            clock=system_clock,
        ),
        settings,
        ProfileMetrics(registry),
        announcing,
        spans=kafka.tracing.stage,
    )
    correcting = Correcting(
        parts.profiles,
        announcing,
        parts.models,
        clock=system_clock,
        remembered_event_ids=settings.remembered_event_ids,
    )
    erasing = Erasing(
        profiles=parts.profiles,
        seen=parts.seen,
        erasures=parts.erasures,
        publisher=kafka.publisher,
        clock=system_clock,
    )
    connect(kafka, Handling(service, Views(parts.seen, settings), correcting, erasing))
    await follow_promotions(kafka, parts.models, messaging)
    health = HealthServer(
        kafka, registry, host=settings.health_host, port=settings.profile_health_port
    )
    return ProfileApp(kafka, health)
