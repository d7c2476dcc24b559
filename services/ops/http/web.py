"""Put the web app together: endpoints and pages inside, guards around them."""

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
from services.ops.context import Ops
from services.ops.gateway import gateway_router
from services.ops.gateway.openapi import document
from services.ops.http import health
from services.ops.http.middleware.authentication import API, requires
from services.ops.http.middleware.body_size import SizeGuard
from services.ops.http.middleware.browser_session import BrowserSessions
from services.ops.http.middleware.head_requests import Heads
from services.ops.http.middleware.origin import LOOPBACK_NAMES, OriginGuard, is_loopback
from services.ops.http.middleware.request_metrics import Observed
from services.ops.http.middleware.security_headers import SecureHeaders
from services.ops.http.problems import Problem, problem_of
from services.ops.pages import page_router
from services.ops.pages.rendering.templates import problem_page
from shared.client import NoAnswer
from shared.domain.errors import Unavailable, Unprocessable

STATIC: Final = Path(__file__).parents[1] / "pages" / "static"
ANSWERED: Final = (
    HTTPException, RequestValidationError, Problem, Unavailable, Unprocessable, NoAnswer, Exception,
)  # fmt: skip
DESCRIPTION: Final = (
    "Rank images for a person over HTTP, for apps without a Kafka client. Every failure is a"
    " problem (RFC 9457)."
)


def web_app(ops: Ops) -> ASGIApp:
    """The whole app, guarded."""
    app = FastAPI(
        title="Preferstream", version="1", description=DESCRIPTION, docs_url=None, redoc_url=None
    )
    app.state.ops = ops
    app.openapi = lambda: document(app)  # type: ignore[method-assign]  # FastAPI's own way to change it
    app.include_router(health.router)
    app.include_router(gateway_router())
    app.include_router(sign_in.router)
    app.include_router(page_router(), dependencies=[Depends(requires(Role.READ))])
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for kind in ANSWERED:
        app.add_exception_handler(kind, answer)
    guarded = OriginGuard(
        SizeGuard(
            BrowserSessions(app, sessions=ops.sessions),
            most_bytes=ops.settings.ops_max_body_bytes,
        ),
        names=names_of(ops),
    )
    observed = Observed(guarded, metrics=ops.metrics, answer=answer, tracing=ops.tracing)
    return SecureHeaders(Heads(observed))


def names_of(ops: Ops) -> Collection[str] | None:
    """The host names we answer to; None for any, where a token has to be shown anyway."""
    named = frozenset(name.lower() for name in ops.settings.ops_names)
    return named | LOOPBACK_NAMES if named or is_loopback(ops.settings.ops_host) else None


async def answer(request: Request, error: Exception) -> Response:
    """A page for whoever browses, else a problem; who has to sign in first is sent there."""
    problem = problem_of(error)
    if not browses(request):
        return problem.response()
    if problem.status == 401 and request.method == "GET":
        return RedirectResponse(sign_in.address_for(request), 303)
    return problem_page(request, problem)


def browses(request: Request) -> bool:
    """Whether a person looks at the answer."""
    accepted = request.headers.get("accept", "")
    return "text/html" in accepted and not request.url.path.startswith(API)
