"""Assemble the web app: endpoints and pages, wrapped in middleware."""

from collections.abc import Collection
from pathlib import Path
from typing import Final

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from services.ops.auth import sign_in
from services.ops.auth.roles import Role
from services.ops.context import OpsContext
from services.ops.gateway import gateway_router
from services.ops.gateway.openapi import document
from services.ops.http import health
from services.ops.http.middleware.authentication import API, requires
from services.ops.http.middleware.body_size import BodySizeLimit
from services.ops.http.middleware.browser_session import BrowserSessions
from services.ops.http.middleware.head_requests import HeadRequests
from services.ops.http.middleware.origin import LOOPBACK_NAMES, HostAndOriginCheck, is_loopback
from services.ops.http.middleware.request_metrics import RequestMetrics
from services.ops.http.middleware.security_headers import SecurityHeaders
from services.ops.http.problems import Problem, problem_of
from services.ops.pages import page_router
from services.ops.pages.rendering.templates import problem_page
from shared.client import NoAnswer
from shared.domain.errors import Unavailable, Unprocessable

STATIC: Final = Path(__file__).parents[1] / "pages" / "static"
HANDLED_ERRORS: Final = (
    HTTPException, RequestValidationError, Problem, Unavailable, Unprocessable, NoAnswer, Exception,
)  # fmt: skip
DESCRIPTION: Final = (
    "Rank images for a user over HTTP, for apps without a Kafka client. Every error is a problem"
    " document (RFC 9457)."
)


def web_app(ops: OpsContext) -> ASGIApp:
    """Return the whole app with its middleware."""
    app = FastAPI(
        title="Preferstream", version="1", description=DESCRIPTION, docs_url=None, redoc_url=None
    )
    app.state.ops = ops
    app.openapi = lambda: document(app)  # type: ignore[method-assign]  # FastAPI documents this assignment
    app.include_router(health.router)
    app.include_router(gateway_router())
    app.include_router(sign_in.router)
    app.include_router(page_router(), dependencies=[Depends(requires(Role.READ))])
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for kind in HANDLED_ERRORS:
        app.add_exception_handler(kind, error_response)
    checked = HostAndOriginCheck(
        BodySizeLimit(
            BrowserSessions(app, sessions=ops.sessions),
            max_bytes=ops.settings.ops_max_body_bytes,
        ),
        allowed_hosts=allowed_hosts_of(ops),
    )
    measured = RequestMetrics(
        checked, metrics=ops.metrics, error_response=error_response, tracing=ops.tracing
    )
    return SecurityHeaders(HeadRequests(measured))


def allowed_hosts_of(ops: OpsContext) -> Collection[str] | None:
    """Return the accepted host names; None accepts any name, where every caller needs a token."""
    configured = frozenset(name.lower() for name in ops.settings.ops_allowed_hosts)
    if configured or is_loopback(ops.settings.ops_host):
        return configured | LOOPBACK_NAMES
    return None


async def error_response(request: Request, error: Exception) -> Response:
    """Return a page to a browser and a problem to a program; redirect to the sign-in on a 401."""
    problem = problem_of(error)
    if not wants_page(request):
        return problem.response()
    if problem.status == 401 and request.method == "GET":
        return RedirectResponse(sign_in.sign_in_address(request), 303)
    return problem_page(request, problem)


def wants_page(request: Request) -> bool:
    """Return whether a browser requests a page."""
    accepted = request.headers.get("accept", "")
    return "text/html" in accepted and not request.url.path.startswith(API)
