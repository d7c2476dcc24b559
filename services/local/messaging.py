"""Connect to the Kafka of a local system and create its missing topics."""

import asyncio
from collections.abc import Callable

from services.local.config import LocalSettings
from shared.events.topics import ALL_TOPICS
from shared.messaging.admin.provision import provision
from shared.messaging.client.settings import MessagingSettings
from shared.settings import InvalidSettings, from_environment

INSTANCE = "local"
"""Instance id of each service: after a crash it gets its partitions back without a rebalance."""


def messaging_settings(settings: LocalSettings, kafka: str) -> MessagingSettings:
    """Settings for the Kafka at this address; raises `InvalidSettings` when it cannot have them."""
    messaging = from_environment(
        MessagingSettings, kafka_bootstrap_servers=kafka, instance_id=INSTANCE
    )
    if settings.kafka_bootstrap_servers is None and messaging.kafka_security != "plaintext":
        raise InvalidSettings(
            f"PREFERSTREAM_KAFKA_SECURITY is {messaging.kafka_security}, but the Kafka that is"
            " started here uses plaintext on loopback; name the address of your cluster in"
            " PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS, or unset PREFERSTREAM_KAFKA_SECURITY"
        )
    return messaging


async def create_topics(messaging: MessagingSettings, on_progress: Callable[[str], None]) -> None:
    """Create missing topics, and report those that differ; raises `Unavailable`."""
    on_progress("creating missing topics")
    for difference in await asyncio.to_thread(provision, messaging, ALL_TOPICS):
        on_progress(f"a topic differs from its definition and is not changed: {difference}")
