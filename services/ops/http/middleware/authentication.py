"""Authenticate each request, check its role and its rate limit, and check form tokens."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from services.ops.auth.roles import LOOPBACK_OPERATOR, Principal, Role
from services.ops.auth.sessions import Session
from services.ops.context import OpsContext, context_of
from services.ops.http.middleware.origin import SAFE_METHODS
from services.ops.http.problems import Problem

FORM_TOKEN_HEADER: Final = "X-CSRF-Token"
FORM_TOKEN_FIELD: Final = "csrf_token"
API: Final = "/v1/"
NOT_FROM_FORMS: Final = frozenset(
    {"application/json", "application/x-ndjson", "application/ndjson", "application/jsonl"}
)
"""Content types that a page of another site cannot send without a preflight request, which fails
here (Fetch standard, "CORS-safelisted request-header")."""
bearer = HTTPBearer(auto_error=False, description="A token of PREFERSTREAM_OPS_TOKENS.")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]


def requires(role: Role) -> Callable[..., Awaitable[Principal]]:
    """Return a FastAPI dependency that yields the principal of a request with at least `role`."""

    async def authenticated(request: Request, credentials: Bearer) -> Principal:
        ops = context_of(request)
        session: Session | None = request.state.session
        principal = principal_of(ops, credentials, session)
        enforce_rate_limit(ops, _caller_of(ops, request, principal))
        if principal is None:
            raise Problem(
                401,
                "no-token",
                "This address needs a valid bearer token, or a session of the dashboard.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if not principal.role.includes(role):
            raise Problem(
                403,
                "role-too-small",
                f"This needs the role {role}; the token {principal.name} has the role"
                f" {principal.role}.",
            )
        if credentials is None:
            await _check_same_site(ops, request, session)
        request.state.principal = principal
        return principal

    return authenticated


Reader = Annotated[Principal, Depends(requires(Role.READ))]
Writer = Annotated[Principal, Depends(requires(Role.WRITE))]
Operator = Annotated[Principal, Depends(requires(Role.OPERATE))]


def principal_of(
    ops: OpsContext, credentials: HTTPAuthorizationCredentials | None, session: Session | None
) -> Principal | None:
    """Return the caller, or None. Without tokens every caller is the loopback operator."""
    if ops.tokens is None:
        return LOOPBACK_OPERATOR
    if credentials is not None:
        return ops.tokens.holder(credentials.credentials)
    return ops.tokens.named(session.name) if session and session.name else None


def enforce_rate_limit(ops: OpsContext, caller: str) -> None:
    """Count a request of `caller`. Raises a 429 above the limit."""
    wait = ops.limits.wait_seconds(caller)
    if wait:
        raise Problem(
            429,
            "too-many-requests",
            f"Too many requests; retry in {wait} s. The limit is"
            f" {ops.settings.ops_requests_per_second:g} requests per second.",
            headers={"Retry-After": str(wait)},
        )


def client_address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


async def check_form(ops: OpsContext, request: Request, session: Session | None) -> None:
    """Raise a 403 unless the request has the form token of its session."""
    token = request.headers.get(FORM_TOKEN_HEADER)
    if token is None:
        field = (await request.form()).get(FORM_TOKEN_FIELD)
        token = field if isinstance(field, str) else ""
    if session is None or not ops.sessions.is_form_token(session, token):
        raise Problem(
            403,
            "stale-form",
            "The form does not belong to this session, or the session has ended; reload the page.",
        )


async def _check_same_site(ops: OpsContext, request: Request, session: Session | None) -> None:
    """Require a form token, which only our pages have, for changes by pages or with a cookie."""
    if request.method in SAFE_METHODS:
        return
    if session is not None or not request.url.path.startswith(API):
        await check_form(ops, request, session)
        return
    # A program on this machine without a token may send JSON; a page of another site cannot.
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and kind not in NOT_FROM_FORMS:
        raise Problem(
            415, "not-json", "Send JSON with Content-Type: application/json; images of the catalog"
            " also one a line with Content-Type: application/x-ndjson.",
        )  # fmt: skip


def _caller_of(ops: OpsContext, request: Request, principal: Principal | None) -> str:
    """Return the name under which a request counts for the rate limit."""
    if principal is not None and ops.tokens is not None:
        return f"token {principal.name}"
    return f"address {client_address(request)}"
