"""Run one service in its own process until SIGINT, SIGTERM or a fatal error."""

import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Protocol

from shared.domain.errors import Unavailable
from shared.embedding.images.encoders.errors import BadEncoder
from shared.embedding.images.encoders.settings import ImageEncoderSettings
from shared.embedding.images.settings import SubjectSettings
from shared.events.topics import ALL_TOPICS
from shared.images.settings import ImageSettings
from shared.messaging.admin.provision import provision
from shared.messaging.client.settings import MessagingSettings
from shared.observability.logs import log_to_stderr
from shared.runtime.dependencies import SharedDependencies, open_dependencies
from shared.runtime.responsiveness import keep_event_loop_responsive
from shared.settings import InvalidSettings, from_environment
from shared.store.settings import StoreSettings
from shared.vlm.settings import ModelSettings

log = logging.getLogger(__name__)


class KafkaConnection(Protocol):
    """The Kafka part of a service, as the process runner sees it."""

    def failure(self) -> BaseException | None:
        """The error after which the service cannot continue, if there is one."""
        ...

    async def ended(self) -> None:
        """Wait for that error, and raise it."""
        ...

    async def not_started_because(self) -> str | None:
        """Why it does not work yet, or None; a single partition is no reason."""
        ...


class HealthEndpoint(Protocol):
    """The HTTP endpoint that reports a service's health."""

    @property
    def address(self) -> str:
        """`http://host:port`, once started."""
        ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class App(Protocol):
    """A service, wired and not yet started."""

    @property
    def kafka(self) -> KafkaConnection: ...

    @property
    def health(self) -> HealthEndpoint: ...

    async def start(self) -> None:
        """Connect to Kafka and start reading; raises `Unavailable`."""
        ...

    async def stop(self) -> None:
        """Finish the work in progress, and disconnect from Kafka."""
        ...


BuildApp = Callable[[MessagingSettings, SharedDependencies], Awaitable[App]]
BuildWithoutDependencies = Callable[[MessagingSettings], Awaitable[App]]


def run_service(build: BuildApp) -> None:
    """Run until a signal; exit code 1 with a reason when the service cannot continue."""
    _main(_run(build))


def run_service_without_dependencies(build: BuildWithoutDependencies) -> None:
    """The same for a service that needs no model and no store."""
    _main(_run_without_dependencies(build))


def run_service_from_context(
    open_app: Callable[[MessagingSettings], AbstractAsyncContextManager[App]],
) -> None:
    """The same for a service that opens and closes its own dependencies."""
    _main(_run_from_context(open_app))


def _main(running: Coroutine[Any, Any, None]) -> None:
    log_to_stderr()
    from shared.vlm.checkpoint.checkpoint import BadCheckpoint

    try:
        asyncio.run(running)
    except (Unavailable, BadCheckpoint, BadEncoder, InvalidSettings) as error:
        sys.exit(str(error))


async def _run(build: BuildApp) -> None:
    messaging = await _provisioned()
    async with open_dependencies(
        model=from_environment(ModelSettings),
        store=from_environment(StoreSettings),
        images=from_environment(ImageSettings),
        subject=from_environment(SubjectSettings),
        image_encoder=from_environment(ImageEncoderSettings),
        on_progress=log.info,
    ) as dependencies:
        await _until_stopped(await build(messaging, dependencies))


async def _run_without_dependencies(build: BuildWithoutDependencies) -> None:
    await _until_stopped(await build(await _provisioned()))


async def _run_from_context(
    open_app: Callable[[MessagingSettings], AbstractAsyncContextManager[App]],
) -> None:
    async with open_app(await _provisioned()) as app:
        await _until_stopped(app)


async def _provisioned() -> MessagingSettings:
    messaging = from_environment(MessagingSettings)
    for difference in await asyncio.to_thread(provision, messaging, ALL_TOPICS):
        log.warning("a topic differs from its definition and is left unchanged: %s", difference)
    return messaging


async def _until_stopped(app: App) -> None:
    await app.health.start()
    log.info("health: %s/healthz", app.health.address)
    try:
        await app.start()
        keep_event_loop_responsive()
        await _until_signal_or_failure(app.kafka)
    finally:
        await app.stop()
        await app.health.stop()


async def _until_signal_or_failure(kafka: KafkaConnection) -> None:
    stop_requested = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop_requested.set)
    waits = [asyncio.create_task(stop_requested.wait()), asyncio.create_task(kafka.ended())]
    done, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    for task in done:
        task.result()
