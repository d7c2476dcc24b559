"""Run Kafka and every service on this machine until a signal stops them."""

import asyncio
import logging
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.local.config import LocalSettings
from services.local.disk_space import DiskWatch
from services.local.errors import CannotRun, ServiceStopped
from services.local.imports import import_services
from services.local.kafka.broker import LocalKafka, start_local_kafka
from services.local.kafka.errors import KafkaDidNotStart
from services.local.kafka.supervised_process import kill_all
from services.local.messaging import create_topics, messaging_settings
from services.local.runtime_file import RuntimeFile, remove_runtime_file, write_runtime_file
from services.local.signals import StopSignals
from shared.domain.errors import Unavailable
from shared.embedding.images.encoders.errors import BadEncoder
from shared.files.write_errors import describe
from shared.messaging.client.settings import MessagingSettings
from shared.runtime.responsiveness import keep_event_loop_responsive
from shared.settings import InvalidSettings, from_environment
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.settings import ModelSettings

if TYPE_CHECKING:
    from services.local.services import RunningServices

log = logging.getLogger(__name__)
POLL_SECONDS = 1.0
"""How often to check the local Kafka, the services and the disk; a check costs a millisecond."""
PARENT_POLL_SECONDS = 0.5
"""How often to check the parent process: the longest time that a system outlives it."""
READY_POLL_SECONDS = 0.05
CANCEL_SECONDS = 5.0
"""How long an interrupted start may take to undo its steps; then the process ends as it is."""


@dataclass(frozen=True)
class Stopped:
    """How a system was stopped."""

    signal: int | None
    """Number of the signal; None when the parent process has ended."""
    was_ready: bool

    @property
    def exit_code(self) -> int:
        """0 after a requested stop of a ready system, else 128 and the number of the signal."""
        if self.signal is None or (self.was_ready and self.signal == signal.SIGTERM):
            return 0
        return 128 + self.signal


def run(
    settings: LocalSettings,
    *,
    on_progress: Callable[[str], None],
    on_ready: Callable[[RuntimeFile], None],
    parent: int | None = None,
    with_model_server: bool = False,
) -> Stopped:
    """Run until a signal, or until the process `parent` ends; raises `CannotRun`.

    After an interrupted start, threads that import or download may still run: end the process with
    `os._exit`, which does not wait for them.
    """
    runner, is_interrupted_start = asyncio.Runner(), False
    try:
        stopped = runner.run(
            _run(settings, on_progress, on_ready, parent, with_model_server=with_model_server)
        )
        is_interrupted_start = not stopped.was_ready
        return stopped
    except (KafkaDidNotStart, Unavailable) as error:
        raise CannotRun(error.detail) from error
    except (BadCheckpoint, BadEncoder, ServiceStopped, InvalidSettings) as error:
        raise CannotRun(str(error)) from error
    except OSError as error:
        raise CannotRun(describe(error)) from error
    finally:
        if not is_interrupted_start:
            runner.close()


async def _run(
    settings: LocalSettings,
    on_progress: Callable[[str], None],
    on_ready: Callable[[RuntimeFile], None],
    parent: int | None,
    *,
    with_model_server: bool,
) -> Stopped:
    signals = StopSignals(end_now=lambda: _end_now(settings, signals))
    signals.watch()
    ready = asyncio.Event()
    serving = asyncio.create_task(
        _serve(
            settings, on_progress, on_ready, signals.stop, ready,
            with_model_server=with_model_server,
        )
    )  # fmt: skip
    if parent is not None:
        watch_parent = asyncio.create_task(_stop_without(parent, signals.stop))
    stopping = asyncio.create_task(signals.stop.wait())
    await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if parent is not None:
        watch_parent.cancel()
    if signals.stop.is_set():
        on_progress("stopping: events in progress are finished first (Ctrl-C again: end at once)")
        if not ready.is_set():
            await _cancel(serving)
            return Stopped(signals.first, was_ready=False)
    await serving
    return Stopped(signals.first, was_ready=True)


async def _serve(
    settings: LocalSettings,
    on_progress: Callable[[str], None],
    on_ready: Callable[[RuntimeFile], None],
    stop: asyncio.Event,
    ready: asyncio.Event,
    *,
    with_model_server: bool,
) -> None:
    """Start everything, run until `stop`, and stop everything."""
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        starting = await stack.enter_async_context(_starting_broker(settings, on_progress))
        # Java starts on one core while this process imports torch on another.
        (broker, messaging), _ = await asyncio.gather(
            _connect(settings, starting, on_progress), asyncio.to_thread(import_services)
        )
        from services.local.services import start_services  # imported by the line above

        if with_model_server:
            from services.local.model_server.open_server import local_model_server

            await stack.enter_async_context(local_model_server(settings.data_dir, on_progress))
        services = await stack.enter_async_context(
            start_services(
                settings,
                messaging,
                on_progress=on_progress,
                kafka_has_ended=lambda: broker is not None and not broker.is_alive(),
            )
        )
        await _until_ready(services, timeout_seconds=settings.ready_timeout_seconds)
        keep_event_loop_responsive()
        runtime_file = RuntimeFile(
            kafka=messaging.kafka_bootstrap_servers,
            dashboard=services.addresses["ops"],
            services=services.addresses,
            allowed_file_roots=services.allowed_file_roots,
            model_server=from_environment(ModelSettings).model_server,
        )
        write_runtime_file(settings.data_dir, runtime_file)
        stack.callback(remove_runtime_file, settings.data_dir)
        ready.set()
        on_progress(f"everything is ready after {time.monotonic() - began:.1f} s")
        on_ready(runtime_file)
        try:
            await _until_stopped(services, broker, DiskWatch(settings), stop)
        except CannotRun:
            on_progress("stopping, because the system cannot continue")
            raise


async def _cancel(serving: "asyncio.Task[None]") -> None:
    """Cancel the start, and wait while its finished steps are undone, but not for long."""
    serving.cancel()
    await asyncio.wait((serving,), timeout=CANCEL_SECONDS)
    if serving.done() and not serving.cancelled() and (error := serving.exception()):
        log.info("the start was interrupted", exc_info=error)
    kill_all()


def _end_now(settings: LocalSettings, signals: StopSignals) -> None:
    """End Kafka and this process without finishing anything; acknowledged records stay."""
    kill_all()
    remove_runtime_file(settings.data_dir)
    os._exit(signals.exit_code)


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
    cancelled = threading.Event()
    starting = asyncio.create_task(_start_broker(settings, on_progress, cancelled))
    try:
        yield starting
    finally:
        cancelled.set()
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
    settings: LocalSettings, on_progress: Callable[[str], None], cancelled: threading.Event
) -> LocalKafka | None:
    if settings.kafka_bootstrap_servers:
        return None
    return await asyncio.to_thread(
        start_local_kafka,
        settings.data_dir / "kafka",
        on_progress=lambda step: on_progress(f"Kafka: {step}"),
        start_timeout_seconds=settings.kafka_start_timeout_seconds,
        cancelled=cancelled,
    )


async def _until_ready(services: "RunningServices", *, timeout_seconds: float) -> None:
    end = time.monotonic() + timeout_seconds
    while True:
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
    services: "RunningServices", broker: LocalKafka | None, disk: DiskWatch, stop: asyncio.Event
) -> None:
    while not stop.is_set():
        # The cause first: without Kafka or on a full disk, services fail too.
        if broker is not None and not broker.is_alive():
            raise CannotRun(await asyncio.to_thread(broker.ended_because))
        if reason := await asyncio.to_thread(disk.stop_because):
            raise CannotRun(reason)
        services.raise_if_stopped()
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), POLL_SECONDS)
