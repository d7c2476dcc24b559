"""Start a model server, watch it with probes, and restart it when it ends or answers nothing."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.local.errors import CannotRun
from services.local.kafka.supervised_process import SupervisedProcess
from services.local.model_server.probe import failure, is_healthy

log = logging.getLogger(__name__)
LOG_FILE: Final = "model-server.log"
READY_SECONDS: Final = 900.0
"""A large checkpoint from a slow disk; nano on two cores needs 40 to 100 seconds."""
LAST_LINES: Final = 2_000
"""Characters of the server's log in an error."""


@dataclass(frozen=True)
class Pace:
    """How often the server is probed, and when it is restarted."""

    probe_seconds: float = 5.0
    failures: int = 2
    """Probes in a row that must fail before a restart."""
    restart_seconds: float = 1.0
    """Wait before a restart; doubles with each restart that does not lead to an answer."""
    max_restart_seconds: float = 60.0
    ready_seconds: float = READY_SECONDS


DEFAULT_PACE: Final = Pace()


class ManagedServer:
    """One server process at one address, over all its restarts."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        address: str,
        key: str,
        model: str,
        folder: Path,
        on_progress: Callable[[str], None],
        pace: Pace,
        environment: Mapping[str, str],
    ) -> None:
        self._command = command
        self._environment = environment
        self._address = address
        self._key = key
        self._model = model
        self._folder = folder
        self._on_progress = on_progress
        self._pace = pace
        self._lock = os.open(folder / "model-server.lock", os.O_CREAT | os.O_RDWR)
        self._process: SupervisedProcess | None = None
        self.restarts = 0

    async def start(self) -> None:
        """Start it, and wait until it has loaded the model; raises `CannotRun`."""
        began = time.monotonic()
        self._on_progress("starting the model server; loading the model takes a minute or more")
        await asyncio.to_thread(self._spawn)
        end = began + self._pace.ready_seconds
        while not await is_healthy(self._address, key=self._key):
            if not self._is_alive() or time.monotonic() > end:
                raise CannotRun(f"the model server did not start:\n{self._last_lines()}")
            await asyncio.sleep(min(0.5, self._pace.probe_seconds))
        self._on_progress(f"the model server is ready after {time.monotonic() - began:.0f} s")

    async def watch(self) -> None:
        """Probe it for ever, and restart it when it ends or keeps failing."""
        failures, wait = 0, self._pace.restart_seconds
        while True:
            await asyncio.sleep(self._pace.probe_seconds)
            if self._is_alive():
                reason = await failure(self._address, key=self._key, model=self._model)
                failures = failures + 1 if reason else 0
                if not reason:
                    wait = self._pace.restart_seconds
                if failures < self._pace.failures:
                    continue
            else:
                reason = "its process has ended"
            log.warning("the model server is restarted: %s", reason)
            self._on_progress(f"the model server is restarted: {reason}")
            await asyncio.sleep(wait)
            wait = min(2 * wait, self._pace.max_restart_seconds)
            await self._restart()
            failures = 0

    async def stop(self) -> None:
        """End the server."""
        if self._process is not None:
            await asyncio.to_thread(self._process.stop)
        os.close(self._lock)

    async def _restart(self) -> None:
        self.restarts += 1
        if self._process is not None:
            await asyncio.to_thread(self._process.stop)
        try:
            await self.start()
        except CannotRun as error:
            log.error("%s", error)

    def _spawn(self) -> None:
        self._process = SupervisedProcess(
            self._command, folder=self._folder, log=self._folder / LOG_FILE, lock=self._lock,
            environment=self._environment,
        )  # fmt: skip

    def _is_alive(self) -> bool:
        return self._process is not None and self._process.is_alive()

    def _last_lines(self) -> str:
        return (self._folder / LOG_FILE).read_text(errors="replace")[-LAST_LINES:]


@asynccontextmanager
async def managed_server(
    command: Sequence[str],
    *,
    address: str,
    key: str,
    model: str,
    folder: Path,
    on_progress: Callable[[str], None],
    environment: Mapping[str, str] | None = None,
    pace: Pace = DEFAULT_PACE,
) -> AsyncIterator[ManagedServer]:
    """A server that has loaded its model, watched until the end of the block."""
    server = ManagedServer(
        command, address=address, key=key, model=model, folder=folder, on_progress=on_progress,
        pace=pace, environment=environment or {},
    )  # fmt: skip
    try:
        await server.start()
        watching = asyncio.create_task(server.watch())
        try:
            yield server
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
    finally:
        await server.stop()
