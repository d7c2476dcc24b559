"""Serve `/healthz`, `/readyz` and `/metrics`; judge liveness by the consumers' own progress."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    ProcessCollector,
    generate_latest,
)

Check = Callable[[], Awaitable[str | None]]
"""A health check: None when all is well, otherwise the problem."""


@dataclass(frozen=True)
class ConsumerState:
    """The state of one consumer at one moment."""

    topic: str
    running: bool
    joined: bool
    lag: int
    """Unread offsets of the partitions that can be read."""
    oldest_in_flight_seconds: float
    since_last_delivery_seconds: float
    """Since the latest delivery, or since there is lag if that was later."""
    blocked_lag: int = 0
    """Unread offsets of the partitions that cannot be read: a restart does not help them."""
    problems: tuple[str, ...] = ()
    """Partitions that cannot be read, with their offsets and reasons."""


def dead_because(state: ConsumerState, *, timeout_seconds: float) -> str | None:
    """Why a consumer cannot recover by itself, or None."""
    if not state.running:
        return f"the consumer of {state.topic} has ended"
    if state.oldest_in_flight_seconds > timeout_seconds:
        age = state.oldest_in_flight_seconds
        return f"an event of {state.topic} has been in flight for {age:.0f} s"
    if state.lag > 0 and state.since_last_delivery_seconds > timeout_seconds:
        return (
            f"{state.lag} events of {state.topic} are unread, and none was delivered for"
            f" {state.since_last_delivery_seconds:.0f} s"
        )
    return None


def not_started_because(state: ConsumerState) -> str | None:
    """Why a consumer receives no events yet, or None."""
    return None if state.joined else f"the consumer of {state.topic} has no partitions yet"


def not_ready_because(state: ConsumerState) -> str | None:
    """Why a consumer does not receive all its events, or None."""
    return not_started_because(state) or "; ".join(state.problems) or None


class HealthSource(Protocol):
    """The process whose health is reported."""

    def dead_because(self) -> str | None: ...

    async def not_ready_because(self) -> str | None: ...


class HealthServer:
    """The HTTP server of `/healthz`, `/readyz` and `/metrics` of one service."""

    def __init__(
        self,
        source: HealthSource,
        registry: CollectorRegistry,
        *,
        host: str,
        port: int,
        warnings: Sequence[Check] = (),
    ) -> None:
        self._source = source
        self._warnings = warnings
        self._registry = registry
        # Memory, CPU, open files and start of this process, as every Prometheus client names them.
        ProcessCollector(registry=registry)
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None
        self.address = ""
        """`http://host:port` after the start."""

    async def start(self) -> None:
        app = web.Application()
        app.add_routes(
            [
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                web.get("/metrics", self._metrics),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        host, port = self._runner.addresses[0][:2]
        self.address = f"http://{host}:{port}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _healthz(self, _: web.Request) -> web.Response:
        return _response([self._source.dead_because()])

    async def _readyz(self, _: web.Request) -> web.Response:
        problems = [self._source.dead_because(), await self._source.not_ready_because()]
        return _response(problems, [await check() for check in self._warnings])

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )


def _response(problems: Sequence[str | None], warnings: Sequence[str | None] = ()) -> web.Response:
    """503 for a problem; a warning is only listed: the service still works."""
    present = [problem for problem in problems if problem]
    body: dict[str, Any] = {"ok": not present, "problems": present}
    if listed := [warning for warning in warnings if warning]:
        body["warnings"] = listed
    return web.Response(
        status=503 if present else 200, text=json.dumps(body), content_type="application/json"
    )
