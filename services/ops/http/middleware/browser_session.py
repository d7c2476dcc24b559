"""Give every browser that opens a page a signed session, for its sign-in and its forms."""

from collections.abc import MutableMapping
from http.cookies import SimpleCookie
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from services.ops.auth.sessions import Session, Sessions

WITHOUT_A_SESSION = ("/v1/", "/static/", "/healthz", "/readyz", "/metrics", "/openapi.json")
"""Asked by programs, or the same for everybody."""


def cookie_name(scope: Scope) -> str:
    """With our port: browsers share cookies among all ports of a host."""
    server = scope.get("server")
    return f"preferstream-{server[1] if server else 0}"


class BrowserSessions:
    """Reads the session into `request.state.session`, and sets the cookie of one that is new.

    A handler that puts another session into `request.state.session` changes the browser's.
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
        if known is None and not request.url.path.startswith(WITHOUT_A_SESSION):
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
