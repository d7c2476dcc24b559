"""Run Kafka and every service on this machine until a signal stops them."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING

from services.local.config import LocalSettings
from services.local.errors import CannotRun, ServiceStopped
from services.local.imports import import_services
from services.local.kafka.broker import LocalKafka, start_local_kafka
from services.local.kafka.errors import KafkaDidNotStart
from services.local.messaging import create_topics, messaging_settings
from services.local.runtime_file import RuntimeFile, remove_runtime_file, write_runtime_file
from shared.domain.errors import Unavailable
from shared.messaging.client.settings import MessagingSettings
from shared.settings import InvalidSettings
from shared.vlm.checkpoint.checkpoint import BadCheckpoint

if TYPE_CHECKING:
    from services.local.services import RunningServices

BROKER_POLL_SECONDS = 1.0
"""How often to check that the local Kafka is alive; a check costs microseconds."""
PARENT_POLL_SECONDS = 0.5
"""How often to check the parent process: the longest time that a system outlives it."""
READY_POLL_SECONDS = 0.05


def run(
    settings: LocalSettings,
    *,
    on_progress: Callable[[str], None],
    on_ready: Callable[[RuntimeFile], None],
    parent: int | None = None,
) -> None:
    """Run until SIGINT or SIGTERM, or until the process `parent` ends; raises `CannotRun`."""
    try:
        asyncio.run(_run(settings, on_progress, on_ready, parent))
    except (KafkaDidNotStart, Unavailable) as error:
        raise CannotRun(error.detail) from error
    except (BadCheckpoint, ServiceStopped, InvalidSettings) as error:
        raise CannotRun(str(error)) from error


async def _run(
    settings: LocalSettings,
    on_progress: Callable[[str], None],
    on_ready: Callable[[RuntimeFile], None],
    parent: int | None,
) -> None:
    began = time.monotonic()
    stop = _stop_on_signals()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        if parent is not None:
            watch_parent = asyncio.create_task(_stop_without(parent, stop))
            stack.callback(watch_parent.cancel)
        starting = await stack.enter_async_context(_starting_broker(settings, on_progress))
        # Java starts on one core while this process imports torch on another.
        (broker, messaging), _ = await asyncio.gather(
            _connect(settings, starting, on_progress), asyncio.to_thread(import_services)
        )
        from services.local.services import start_services  # imported by the line above

        services = await stack.enter_async_context(
            start_services(settings, messaging, on_progress=on_progress)
        )
        await _until_ready(services, stop, timeout_seconds=settings.ready_timeout_seconds)
        if not stop.is_set():
            runtime_file = RuntimeFile(
                kafka=messaging.kafka_bootstrap_servers,
                dashboard=services.addresses["ops"],
                services=services.addresses,
                allowed_file_roots=services.allowed_file_roots,
            )
            write_runtime_file(settings.data_dir, runtime_file)
            stack.callback(remove_runtime_file, settings.data_dir)
            on_progress(f"everything is ready after {time.monotonic() - began:.1f} s")
            on_ready(runtime_file)
            await _until_stopped(services, broker, stop)
        on_progress("stopping: events in progress are finished first")


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _stop_without(parent: int, stop: asyncio.Event) -> None:
    """Stop when the parent has ended: a parent that is killed cannot pass a signal on."""
    while os.getppid() == parent:  # noqa: ASYNC110 - a parent that ends sets no event
        await asyncio.sleep(PARENT_POLL_SECONDS)
    stop.set()


@asynccontextmanager
async def _starting_broker(
    settings: LocalSettings, on_progress: Callable[[str], None]
) -> AsyncIterator[asyncio.Task[LocalKafka | None]]:
    """The start of the local Kafka, None with an existing cluster; stops the Kafka at the end."""
    starting = asyncio.create_task(_start_broker(settings, on_progress))
    try:
        yield starting
    finally:
        with suppress(KafkaDidNotStart):
            if broker := await starting:
                await asyncio.to_thread(broker.stop)


async def _connect(
    settings: LocalSettings,
    starting: asyncio.Task[LocalKafka | None],
    on_progress: Callable[[str], None],
) -> tuple[LocalKafka | None, MessagingSettings]:
    """Wait for Kafka and create its topics."""
    broker = await asyncio.shield(starting)
    kafka = broker.bootstrap if broker else settings.kafka_bootstrap_servers or ""
    messaging = messaging_settings(settings, kafka)
    await create_topics(messaging, on_progress)
    return broker, messaging


async def _start_broker(
    settings: LocalSettings, on_progress: Callable[[str], None]
) -> LocalKafka | None:
    if settings.kafka_bootstrap_servers:
        return None
    return await asyncio.to_thread(
        start_local_kafka,
        settings.data_dir / "kafka",
        on_progress=lambda step: on_progress(f"Kafka: {step}"),
        start_timeout_seconds=settings.kafka_start_timeout_seconds,
    )


async def _until_ready(
    services: "RunningServices", stop: asyncio.Event, *, timeout_seconds: float
) -> None:
    end = time.monotonic() + timeout_seconds
    while not stop.is_set():
        reason = await services.not_ready_because()
        if reason is None:
            return
        services.raise_if_stopped()
        if time.monotonic() > end:
            raise CannotRun(
                f"the services are not ready after {timeout_seconds:g} s: {reason}. A busy machine"
                " may need longer: start again, or raise PREFERSTREAM_READY_TIMEOUT_SECONDS"
            )
        await asyncio.sleep(READY_POLL_SECONDS)


async def _until_stopped(
    services: "RunningServices", broker: LocalKafka | None, stop: asyncio.Event
) -> None:
    while not stop.is_set():
        services.raise_if_stopped()
        if broker is not None and not broker.is_alive():
            raise CannotRun(
                f"Kafka has ended; the last lines of {broker.data_dir / 'kafka.log'} say why."
                " Start again: no acknowledged record is lost"
            )
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), BROKER_POLL_SECONDS)
