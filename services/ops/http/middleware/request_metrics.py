"""Give every request an id and a trace, measure it, and turn exceptions into problem responses."""

import logging
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from services.ops.http.problems import problem_of
from services.ops.metrics import OpsMetrics
from shared.observability.tracing import PARENT, STATE, Tracing

log = logging.getLogger(__name__)
REQUEST_ID: Final = "X-Request-ID"
_VALID_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
ErrorResponse = Callable[[Request, Exception], Awaitable[Response]]
"""Builds the response for an exception."""


class RequestMetrics:
    """The outermost middleware that can fail; only header middleware runs outside of it."""

    def __init__(
        self, app: ASGIApp, *, metrics: OpsMetrics, error_response: ErrorResponse, tracing: Tracing
    ) -> None:
        self._tracing = tracing
        self._app = app
        self._metrics = metrics
        self._error_response = error_response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        client_id = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = client_id if _VALID_ID.fullmatch(client_id) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        # The events of a request continue its trace; without one, the request starts a trace.
        trace_headers = {key: Headers(scope=scope).get(key, "") for key in (PARENT, STATE)}
        with self._tracing.answering(f"answer {scope['method']}", trace_headers):
            await self._answered(scope, receive, send, request_id)

    async def _answered(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        started_at = time.monotonic()
        status: int | None = None
        complete = False

        async def counted(message: MutableMapping[str, Any]) -> None:
            nonlocal status, complete
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
                self._count(scope, message["status"], time.monotonic() - started_at)
            elif message["type"] == "http.response.body":
                complete = not message.get("more_body", False)
            await send(message)

        try:
            await self._app(scope, receive, counted)
        except Exception as error:
            if problem_of(error).status == 500:
                log.exception("request %s: %s", request_id, type(error).__name__)
            if complete:
                return
            if status is not None:
                # The response has started already, so it can only be cut off.
                raise
            response = await self._error_response(Request(scope), error)
            await response(scope, receive, counted)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched") or "unmatched"
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(method, route).observe(seconds)
