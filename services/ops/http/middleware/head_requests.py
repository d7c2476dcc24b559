"""Answer a HEAD request like a GET request, without the body."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

UNCHANGED_PATHS: Final = ("/live/", "/v1/events", "/static/")
"""A stream must not start for a HEAD request (405), and static files support HEAD already."""


class HeadRequests:
    """Pass HEAD on as GET. The server outside still sees HEAD and omits the body.

    Routes of FastAPI, unlike those of Starlette, reject HEAD; as declared routes they would appear
    in the OpenAPI document. The metrics count the request as GET.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_head = scope["type"] == "http" and scope["method"] == "HEAD"
        if is_head and not scope["path"].startswith(UNCHANGED_PATHS):
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)
