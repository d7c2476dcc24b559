"""Check the Host header of every request and the Origin header of every change.

A page of another site can make a browser send requests to loopback: through a host name that
resolves to it (DNS rebinding), or with a form. The first request has a foreign Host header, the
second a foreign Origin header.
"""

from collections.abc import Collection
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from services.ops.http.problems import Problem

LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_TO_MACHINES: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Health probes and metric scrapers use any address of the machine; they get no user data."""


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach an interface."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def host_name_in(host: str) -> str:
    """Return the name in a Host header without the port; empty if there is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def refusal_of(
    *,
    method: str,
    path: str,
    host: str,
    origin: str | None,
    allowed_hosts: Collection[str] | None,
) -> Problem | None:
    """Return why a request is rejected, or None. Without `allowed_hosts` every name is accepted."""
    if (
        allowed_hosts is not None
        and path not in OPEN_TO_MACHINES
        and host_name_in(host) not in allowed_hosts
    ):
        return Problem(
            421,
            "foreign-host",
            "The name in the Host header is not allowed; use the address that the service logs at"
            " the start, or add the name to PREFERSTREAM_OPS_ALLOWED_HOSTS.",
        )
    if method in SAFE_METHODS or origin is None:
        return None
    if origin == "null" or urlsplit(origin).netloc.lower() != host.lower():
        return Problem(
            403,
            "foreign-origin",
            "A page of another origin sent this change; only pages of this service and programs"
            " may do so.",
        )
    return None


class HostAndOriginCheck:
    """Reject every request for which `refusal_of` returns a problem."""

    def __init__(self, app: ASGIApp, *, allowed_hosts: Collection[str] | None) -> None:
        self._app = app
        self._allowed_hosts = allowed_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope)
            problem = refusal_of(
                method=request.method,
                path=request.url.path,
                host=request.headers.get("host", ""),
                origin=request.headers.get("origin"),
                allowed_hosts=self._allowed_hosts,
            )
            if problem:
                raise problem
        await self._app(scope, receive, send)
