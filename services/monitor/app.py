"""Assemble the monitor service from its real dependencies."""

from dataclasses import dataclass
from functools import partial

from prometheus_client import CollectorRegistry

from services.monitor.config import MonitorSettings
from services.monitor.metrics import ClusterMetrics, PollMetrics
from services.monitor.polling import ClusterPoller
from shared.domain.clock import system_clock
from shared.events.topics import ALL_TOPICS
from shared.messaging.admin.cluster_state import read_cluster_state
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.health import HealthServer
from shared.messaging.service import KafkaService


@dataclass(frozen=True)
class MonitorApp:
    """The assembled service, not started yet."""

    kafka: KafkaService
    health: HealthServer
    poller: ClusterPoller

    async def start(self) -> None:
        """Connect to Kafka and start polling; raises `Unavailable`."""
        await self.kafka.start()
        self.poller.start()

    async def stop(self) -> None:
        """Stop polling and disconnect."""
        await self.poller.stop()
        await self.kafka.stop()


async def build(settings: MonitorSettings, messaging: MessagingSettings) -> MonitorApp:
    """Connect the service to the cluster of `messaging`."""
    registry = CollectorRegistry()
    poller = ClusterPoller(
        partial(read_cluster_state, messaging, [topic.name for topic in ALL_TOPICS]),
        ClusterMetrics(registry),
        PollMetrics(registry),
        interval_seconds=settings.monitor_interval_seconds,
        clock=system_clock,
    )
    # No subscriptions: as a member of a group the monitor would appear in its own metrics.
    kafka = KafkaService("monitor", messaging, registry, checks=[poller.problem])
    health = HealthServer(
        kafka, registry, host=settings.health_host, port=settings.monitor_health_port
    )
    return MonitorApp(kafka, health, poller)
