"""Put the watch together: the one file that knows which parts are real."""

from dataclasses import dataclass
from functools import partial

from prometheus_client import CollectorRegistry

from services.monitor.config import WatchSettings
from services.monitor.metrics import ClusterMetrics, LookMetrics
from services.monitor.polling import Watching
from shared.domain.clock import system_clock
from shared.events.topics import DEAD_LETTERS, TOPICS
from shared.messaging.admin.cluster import look
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.health import HealthServer
from shared.messaging.service import KafkaService


@dataclass(frozen=True)
class WatchApp:
    """The service, wired and not yet started."""

    kafka: KafkaService
    health: HealthServer
    watching: Watching

    async def start(self) -> None:
        """Connect to Kafka, and begin to look."""
        await self.kafka.start()
        self.watching.start()

    async def stop(self) -> None:
        """Look no more, and leave Kafka."""
        await self.watching.stop()
        await self.kafka.stop()


async def build(settings: WatchSettings, messaging: MessagingSettings) -> WatchApp:
    """Wire the watch to the cluster."""
    registry = CollectorRegistry()
    watching = Watching(
        partial(look, messaging, [topic.name for topic in (*TOPICS, *DEAD_LETTERS)]),
        ClusterMetrics(registry),
        LookMetrics(registry),
        every_seconds=settings.watch_seconds,
        clock=system_clock,
    )
    # It subscribes to nothing: a member of a group would be seen in what it counts.
    kafka = KafkaService("watch", messaging, registry, checks=[watching.problem])
    health = HealthServer(
        kafka, registry, host=settings.health_host, port=settings.watch_health_port
    )
    return WatchApp(kafka, health, watching)
