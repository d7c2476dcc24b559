"""Run everything on one machine: Kafka, the parts that services share, the services, until told."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress

from services.local.config import LocalSettings
from services.local.kafka.broker import LocalKafka, start_local_kafka
from services.local.kafka.errors import KafkaDidNotStart
from services.local.runtime_file import Announcement, remove_announcement, write_announcement
from services.local.services import RunningServices, ServiceEnded, start_services
from shared.domain.errors import Unavailable
from shared.settings import WrongSettings
from shared.vlm.checkpoint.checkpoint import BadCheckpoint

BROKER_LOOK_SECONDS = 1.0
"""How often to look whether the local Kafka still lives; looking costs microseconds."""
PARENT_LOOK_SECONDS = 0.5
"""How long a system may outlive the command that started it, before it begins to stop."""


class CannotRun(Exception):
    """The system cannot start or go on; the text says why and what to do."""


def run(
    settings: LocalSettings,
    *,
    on_progress: Callable[[str], None],
    on_ready: Callable[[Announcement], None],
    parent: int | None = None,
) -> None:
    """Run until SIGINT or SIGTERM, or until `parent` (a process id) is gone; raises `CannotRun`."""
    try:
        asyncio.run(_run(settings, on_progress, on_ready, parent))
    except KafkaDidNotStart as error:
        raise CannotRun(error.detail) from error
    except Unavailable as error:
        raise CannotRun(error.detail) from error
    except (BadCheckpoint, ServiceEnded, WrongSettings) as error:
        raise CannotRun(str(error)) from error


async def _run(
    settings: LocalSettings,
    on_progress: Callable[[str], None],
    on_ready: Callable[[Announcement], None],
    parent: int | None,
) -> None:
    began = time.monotonic()
    stop = _stop_on_signals()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        if parent is not None:
            watching = asyncio.create_task(_stop_without(parent, stop))
            stack.callback(watching.cancel)
        broker = None if settings.kafka else await _start_broker(settings, on_progress)
        if broker:
            stack.push_async_callback(asyncio.to_thread, broker.stop)
        kafka = settings.kafka or (broker.bootstrap if broker else "")
        services = await stack.enter_async_context(
            start_services(settings, kafka=kafka, on_progress=on_progress)
        )
        await _ready_or_stopped(services, stop, within=settings.ready_timeout_seconds)
        if not stop.is_set():
            announcement = Announcement(
                kafka=kafka,
                dashboard=services.addresses["ops"],
                services=services.addresses,
                allowed_file_roots=services.allowed_file_roots,
            )
            write_announcement(settings.data_dir, announcement)
            stack.callback(remove_announcement, settings.data_dir)
            on_progress(f"everything is ready after {time.monotonic() - began:.1f} s")
            on_ready(announcement)
            await _until_stopped(services, broker, stop)
        on_progress("stopping: what is in work is finished first")


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _stop_without(parent: int, stop: asyncio.Event) -> None:
    """A parent that is killed outright passes no signal on: look whether it is still there."""
    while os.getppid() == parent:  # noqa: ASYNC110 - a parent that is gone sets no event
        await asyncio.sleep(PARENT_LOOK_SECONDS)
    stop.set()


async def _start_broker(settings: LocalSettings, on_progress: Callable[[str], None]) -> LocalKafka:
    return await asyncio.to_thread(
        start_local_kafka,
        settings.data_dir / "kafka",
        on_progress=lambda step: on_progress(f"Kafka: {step}"),
        start_timeout_seconds=settings.kafka_start_timeout_seconds,
    )


async def _ready_or_stopped(
    services: RunningServices, stop: asyncio.Event, *, within: float
) -> None:
    end = time.monotonic() + within
    while not stop.is_set():
        reason = await services.not_ready_because()
        if reason is None:
            return
        services.raise_if_ended()
        if time.monotonic() > end:
            raise CannotRun(f"not ready after {within:g} s: {reason}")
        await asyncio.sleep(0.05)


async def _until_stopped(
    services: RunningServices, broker: LocalKafka | None, stop: asyncio.Event
) -> None:
    while not stop.is_set():
        services.raise_if_ended()
        if broker is not None and not broker.is_alive():
            raise CannotRun(
                f"Kafka has ended; the last lines of {broker.data_dir / 'kafka.log'} say why."
                " Start again: nothing that was acknowledged is lost"
            )
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), BROKER_LOOK_SECONDS)
