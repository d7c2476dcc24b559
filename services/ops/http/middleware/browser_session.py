"""Give every browser that opens a page a signed session cookie, for its sign-in and its forms."""

from collections.abc import MutableMapping
from http.cookies import SimpleCookie
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from services.ops.auth.sessions import Session, Sessions

PATHS_WITHOUT_SESSION = ("/v1/", "/static/", "/healthz", "/readyz", "/metrics", "/openapi.json")
"""Paths for programs, and paths whose content is the same for every user."""


def cookie_name(scope: Scope) -> str:
    """Include the port in the name, because browsers share cookies among the ports of a host."""
    server = scope.get("server")
    return f"preferstream-{server[1] if server else 0}"


class BrowserSessions:
    """Put the session into `request.state.session`, and set the cookie of a new session.

    A handler changes the session of the browser by replacing `request.state.session`.
    """

    def __init__(self, app: ASGIApp, *, sessions: Sessions) -> None:
        self._app = app
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        state = scope.setdefault("state", {})
        known = self._sessions.read(request.cookies.get(cookie_name(scope), ""))
        state["session"] = known
        if known is None and not request.url.path.startswith(PATHS_WITHOUT_SESSION):
            state["session"] = self._sessions.begin()

        async def with_cookie(message: MutableMapping[str, Any]) -> None:
            session: Session | None = state["session"]
            if message["type"] == "http.response.start" and session and session is not known:
                headers = MutableHeaders(scope=message)
                headers.append("Set-Cookie", self._cookie(scope, session))
            await send(message)

        await self._app(scope, receive, with_cookie)

    def _cookie(self, scope: Scope, session: Session) -> str:
        jar: SimpleCookie = SimpleCookie()
        name = cookie_name(scope)
        jar[name] = self._sessions.cookie(session)
        jar[name]["path"] = "/"
        jar[name]["samesite"] = "Strict"
        jar[name]["httponly"] = True
        if scope.get("scheme") == "https":
            jar[name]["secure"] = True
        return jar[name].OutputString()
