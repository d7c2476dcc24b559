"""Put the assessor together: the one file that knows which parts are real."""

import asyncio
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from services.assessor.background.background_description import Describing
from services.assessor.background.shadow_evaluation import Shadowing, ShadowMetrics
from services.assessor.config import AssessorSettings
from services.assessor.erasure import Erasing
from services.assessor.handlers import connect
from services.assessor.metrics import AssessorMetrics
from services.assessor.service import AssessorService, Parts
from services.assessor.steps.deduplication import Answered
from shared.domain.clock import system_clock
from shared.domain.errors import Unprocessable
from shared.events import RankedFeed
from shared.events.topics import FEEDS
from shared.events.wire.codec import decode
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.health import HealthServer
from shared.messaging.read.tail import tail
from shared.messaging.service import KafkaService
from shared.runtime.dependencies import SharedParts
from shared.runtime.promotions import follow_promotions

ANSWERS_READ_BACK = 1_000
"""Latest feeds of a partition that are read at the start: more than a crash can leave published
and uncommitted, which is one window of unfinished work and a second of finished."""


@dataclass(frozen=True)
class AssessorApp:
    """The service, wired and not yet started."""

    kafka: KafkaService
    health: HealthServer
    describing: Describing
    shadowing: Shadowing

    async def start(self) -> None:
        """Join the consumer groups and begin to read."""
        await self.kafka.start()

    async def stop(self) -> None:
        """Finish the requests in work, and leave Kafka; descriptions can wait."""
        await self.kafka.stop()
        await self.describing.stop()
        await self.shadowing.stop()


async def build(
    settings: AssessorSettings, messaging: MessagingSettings, parts: SharedParts
) -> AssessorApp:
    """Wire the service to Kafka and to the parts that it shares with others."""
    registry = CollectorRegistry()
    kafka = KafkaService("assessor", messaging, registry)
    describing = Describing(
        models=parts.models,
        embedder=parts.embedder,
        images=parts.known_images,
        at_once=settings.described_at_once,
    )
    shadowing = Shadowing(ShadowMetrics(registry))
    answered = await asyncio.to_thread(_answered, messaging, settings)
    erasing = Erasing(parts.erasures, answered, kafka.publisher, clock=system_clock)
    service = AssessorService(
        Parts(
            models=parts.models,
            embedder=parts.embedder,
            profiles=parts.profiles,
            known_images=parts.known_images,
            seen=parts.seen,
            images=parts.images,
            publisher=kafka.publisher,
            clock=system_clock,
        ),
        settings,
        AssessorMetrics(registry),
        answered=answered,
        erasing=erasing,
        describing=describing,
        shadowing=shadowing,
        spans=kafka.tracing.stage,
    )
    connect(kafka, service, erasing)
    await follow_promotions(kafka, parts.models, messaging)
    health = HealthServer(
        kafka, registry, host=settings.health_host, port=settings.assessor_health_port
    )
    return AssessorApp(kafka, health, describing, shadowing)


def _answered(messaging: MessagingSettings, settings: AssessorSettings) -> Answered:
    """Requests that were answered before this process began; their records may come again."""
    answered = Answered(most=settings.remembered_answers)
    for record in tail(messaging, FEEDS, most=ANSWERS_READ_BACK):
        try:
            feed = decode(FEEDS, record)
        except Unprocessable:
            continue
        if isinstance(feed, RankedFeed):
            answered.add((feed.tenant, feed.request_id), user_id=feed.user_id)
    return answered
