"""Run a service as a process that a test can kill, and that keeps a journal.

The journal is a file with one line before and one line after each event.
"""

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from prometheus_client import CollectorRegistry
from pydantic import BaseModel

from services.profile.debounce import Debounce
from shared.events import Feedback
from shared.events.topics import DAY_MS, Topic
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.contract import Delivery
from shared.messaging.health import HealthServer
from shared.messaging.service import KafkaService


class Entry(BaseModel):
    """One line of the journal."""

    pid: int
    kind: Literal["ready", "begins", "ends"]
    at: float
    """Seconds on the monotonic clock of the machine."""
    user: str = ""
    image: int = -1
    partition: int = -1
    offset: int = -1


class WorkerConfig(BaseModel):
    """The configuration of a worker, as JSON in its first argument."""

    topic: str
    path: Literal["slow", "fast"]
    journal: Path
    seconds: float
    """Mean duration of one event; each takes up to twice as long."""
    settings: MessagingSettings


class Journal:
    """Appends whole lines, so that several processes can write to the file."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def write(self, kind: str, **fields: Any) -> None:
        entry = Entry(pid=os.getpid(), kind=kind, at=time.monotonic(), **fields)
        os.write(self._file, entry.model_dump_json().encode() + b"\n")


Item = tuple[Feedback, Delivery]


async def work(config: WorkerConfig) -> None:
    journal = Journal(config.journal)

    async def take(user: str, items: Sequence[Item]) -> None:
        entries = [
            {
                "user": user,
                "image": int(event.image_id),
                "partition": delivery.record.partition,
                "offset": delivery.record.offset,
            }
            for event, delivery in items
        ]
        for fields in entries:
            journal.write("begins", **fields)
        await asyncio.sleep(random.uniform(0, 2 * config.seconds))
        for fields in entries:
            journal.write("ends", **fields)

    debounce: Debounce[str, Item] = Debounce(take, wait_seconds=0.0)

    async def handle(event: Feedback, delivery: Delivery) -> None:
        await debounce.add(event.user_id, (event, delivery))

    registry = CollectorRegistry()
    kafka = KafkaService("tested", config.settings, registry)
    topic = Topic(config.topic, Feedback, DAY_MS)
    if config.path == "slow":
        kafka.slow(topic, handle)
    else:
        kafka.fast(topic, handle)
    health = HealthServer(kafka, registry, host="127.0.0.1", port=0)
    stop_requested = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop_requested.set)
    await kafka.start()
    await health.start()
    try:
        while await kafka.not_ready_because() is not None:  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0.02)
        journal.write("ready")
        await stop_requested.wait()
    finally:
        await kafka.stop()
        await health.stop()


if __name__ == "__main__":
    asyncio.run(work(WorkerConfig.model_validate_json(sys.argv[1])))
