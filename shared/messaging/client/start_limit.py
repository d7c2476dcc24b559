"""Limit the time in which an aiokafka client starts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiokafka.errors import KafkaError

from shared.domain.errors import Unavailable
from shared.messaging.client.settings import MessagingSettings

START_SECONDS: Final = 60.0
"""aiokafka limits the connection to 40 s, but not the requests after it: an idempotent producer
waits for its id for ever. Kafka answers all of them in a second."""


@asynccontextmanager
async def starting(settings: MessagingSettings) -> AsyncIterator[None]:
    """Raise `Unavailable` when the block fails with an error of Kafka or exceeds the limit."""
    address = settings.kafka_bootstrap_servers
    try:
        async with asyncio.timeout(START_SECONDS):
            yield
    except KafkaError as error:
        raise Unavailable("kafka", f"{address} did not answer: {error}") from error
    except TimeoutError as error:
        raise Unavailable(
            "kafka",
            f"{address} did not answer within {START_SECONDS:g} s. Check that the broker runs and"
            " listens there",
        ) from error
