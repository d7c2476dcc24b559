"""Check whether Kafka answers an aiokafka consumer."""

import asyncio
from typing import Any, Final

from aiokafka.errors import KafkaError

OFFSETS_TIMEOUT_SECONDS: Final = 5.0
"""Kafka returns offsets in milliseconds; after seconds it counts as unavailable."""


async def unreachable_because(consumer: Any) -> str | None:
    """Why an aiokafka consumer gets no answer now, or None."""
    partitions = list(consumer.assignment())[:1]
    try:
        await asyncio.wait_for(consumer.end_offsets(partitions), OFFSETS_TIMEOUT_SECONDS)
    except (KafkaError, TimeoutError) as error:
        return f"Kafka does not answer: {type(error).__name__}"
    return None
