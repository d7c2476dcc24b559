"""Answer only to names that are ours, and take changes only from pages that are ours.

A page of the open web can make a browser speak to loopback: by a name that it points there (DNS
rebinding), or by a form that it posts there. The first has a foreign Host, the second a foreign
Origin.
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
ASKED_BY_MACHINES: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Probes and scrapers come by whatever address they found, and see nothing of a person."""


def is_loopback(host: str) -> bool:
    """Whether an interface is reached from this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def name_in(host: str) -> str:
    """The name in a Host header, without its port; empty when it has none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def refused_because(
    *, method: str, path: str, host: str, origin: str | None, names: Collection[str] | None
) -> Problem | None:
    """Why a request is not ours to answer, or None. `names` None: any name is ours."""
    if names is not None and path not in ASKED_BY_MACHINES and name_in(host) not in names:
        return Problem(
            421,
            "foreign-host",
            "We do not go by the name in the Host header; use the address we announced, or add"
            " the name to PREFERSTREAM_OPS_NAMES.",
        )
    if method in SAFE_METHODS or origin is None:
        return None
    if origin == "null" or urlsplit(origin).netloc.lower() != host.lower():
        return Problem(
            403,
            "foreign-origin",
            "A page of another origin asked for a change; only our own pages and programs may.",
        )
    return None


class OriginGuard:
    """Refuses what `refused_because` names."""

    def __init__(self, app: ASGIApp, *, names: Collection[str] | None) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope)
            problem = refused_because(
                method=request.method,
                path=request.url.path,
                host=request.headers.get("host", ""),
                origin=request.headers.get("origin"),
                names=self._names,
            )
            if problem:
                raise problem
        await self._app(scope, receive, send)
