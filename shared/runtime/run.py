"""Run one service in a process of its own until SIGINT or SIGTERM, or until it cannot go on."""

import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Protocol

from shared.domain.errors import Unavailable
from shared.events.topics import DEAD_LETTERS, TOPICS
from shared.images.settings import ImageSettings
from shared.messaging.admin.provision import provision
from shared.messaging.client.settings import MessagingSettings
from shared.observability.logs import log_to_stderr
from shared.runtime.dependencies import SharedParts, open_parts
from shared.settings import WrongSettings, from_environment
from shared.store.settings import StoreSettings
from shared.vlm.settings import ModelSettings

log = logging.getLogger(__name__)


class KafkaEnd(Protocol):
    """The end of a service that touches Kafka, as whoever runs the service looks at it."""

    def failure(self) -> BaseException | None:
        """What the service cannot go on after, if it has happened."""
        ...

    async def ended(self) -> None:
        """Wait for that failure, and raise it."""
        ...

    async def not_ready_because(self) -> str | None: ...


class WebEnd(Protocol):
    """The end of a service that is asked over HTTP how it fares."""

    @property
    def address(self) -> str:
        """`http://host:port`, once started."""
        ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class App(Protocol):
    """A service, wired and not yet started."""

    @property
    def kafka(self) -> KafkaEnd: ...

    @property
    def health(self) -> WebEnd: ...

    async def start(self) -> None:
        """Connect to Kafka and begin; raises `Unavailable`."""
        ...

    async def stop(self) -> None:
        """Finish what is in work, and leave Kafka."""
        ...


Build = Callable[[MessagingSettings, SharedParts], Awaitable[App]]
BuildWithoutParts = Callable[[MessagingSettings], Awaitable[App]]


def run_alone(build: Build) -> None:
    """Run until told to stop; exit code 1 with a reason when the service cannot go on."""
    _main(_run(build))


def run_without_parts(build: BuildWithoutParts) -> None:
    """The same for a service that needs no model and no store."""
    _main(_run_without_parts(build))


def run_opened(opened: Callable[[MessagingSettings], AbstractAsyncContextManager[App]]) -> None:
    """The same for a service that opens parts of its own and closes them in the end."""
    _main(_run_opened(opened))


def _main(running: Coroutine[Any, Any, None]) -> None:
    log_to_stderr()
    from shared.vlm.checkpoint.checkpoint import BadCheckpoint

    try:
        asyncio.run(running)
    except (Unavailable, BadCheckpoint, WrongSettings) as error:
        sys.exit(str(error))


async def _run(build: Build) -> None:
    messaging = await _provisioned()
    async with open_parts(
        model=from_environment(ModelSettings),
        store=from_environment(StoreSettings),
        images=from_environment(ImageSettings),
        on_progress=log.info,
    ) as parts:
        await _until_stopped(await build(messaging, parts))


async def _run_without_parts(build: BuildWithoutParts) -> None:
    await _until_stopped(await build(await _provisioned()))


async def _run_opened(
    opened: Callable[[MessagingSettings], AbstractAsyncContextManager[App]],
) -> None:
    async with opened(await _provisioned()) as app:
        await _until_stopped(app)


async def _provisioned() -> MessagingSettings:
    messaging = from_environment(MessagingSettings)
    for difference in await asyncio.to_thread(provision, messaging, (*TOPICS, *DEAD_LETTERS)):
        log.warning("a topic is not as it should be, and is left so: %s", difference)
    return messaging


async def _until_stopped(app: App) -> None:
    await app.health.start()
    log.info("health: %s/healthz", app.health.address)
    try:
        await app.start()
        await _until_told_or_ended(app.kafka)
    finally:
        await app.stop()
        await app.health.stop()


async def _until_told_or_ended(kafka: KafkaEnd) -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    waits = [asyncio.create_task(told.wait()), asyncio.create_task(kafka.ended())]
    done, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    for task in done:
        task.result()
