"""Run uvicorn inside a process that already has an event loop and handles signals itself."""

import asyncio
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from shared.domain.errors import Unavailable


class _QuietServer(uvicorn.Server):
    """A server that handles no signals: the process stops all its services in order."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class WebServer:
    """One web app on one socket."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        host: str,
        port: int,
        fallback_to_free_port: bool,
        stop_seconds: int,
        trusted_proxies: Sequence[str] = (),
    ) -> None:
        self._bind_to = (host, port)
        self._fallback_to_free_port = fallback_to_free_port
        self._server = _QuietServer(
            uvicorn.Config(
                app, lifespan="off", log_config=None, access_log=False, server_header=False,
                proxy_headers=bool(trusted_proxies), forwarded_allow_ips=list(trusted_proxies),
                ws="none", timeout_graceful_shutdown=stop_seconds,
            )
        )  # fmt: skip
        self._serving: asyncio.Task[None] | None = None
        self.address = ""
        """`http://host:port`, set by `start`."""

    async def start(self) -> None:
        """Listen. Raises `Unavailable` if the port is in use."""
        listener = _listener(*self._bind_to, fallback_to_free_port=self._fallback_to_free_port)
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        self.address = f"http://{shown}:{port}"
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        up = asyncio.create_task(self._server.up.wait())
        await asyncio.wait({up, self._serving}, return_when=asyncio.FIRST_COMPLETED)
        up.cancel()

    async def stop(self) -> None:
        """Accept no more requests, wait a short time for open ones, and stop."""
        if self._serving is not None:
            self._server.should_exit = True
            await self._serving
            self._serving = None


def _listener(host: str, port: int, *, fallback_to_free_port: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        try:
            listener.bind((host, port))
        except OSError:
            if not fallback_to_free_port:
                raise
            listener.bind((host, 0))
    except OSError as error:
        listener.close()
        raise Unavailable(
            "ops",
            f"the dashboard cannot listen on {host}:{port}: {error}; stop the other process or set"
            " PREFERSTREAM_OPS_PORT and PREFERSTREAM_OPS_HOST",
        ) from error
    return listener
