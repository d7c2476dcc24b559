"""Answer HEAD wherever GET is answered: the same headers, and no body."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

AS_THEY_ARE: Final = ("/live/", "/v1/events", "/static/")
"""Streams would begin for nobody, and are refused; static files know HEAD by themselves."""


class Heads:
    """Asks for the GET; the server outside of us still sees HEAD, and leaves the body out.

    FastAPI's routes, unlike Starlette's, refuse HEAD, and would name it in the OpenAPI document. It
    is counted as the GET that it is.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_head = scope["type"] == "http" and scope["method"] == "HEAD"
        if is_head and not scope["path"].startswith(AS_THEY_ARE):
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)
