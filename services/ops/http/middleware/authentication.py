"""Find out who asks, whether they may, and whether they ask too often."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from services.ops.auth.roles import ANYBODY_HERE, Principal, Role
from services.ops.auth.sessions import Session
from services.ops.context import Ops, ops_of
from services.ops.http.middleware.origin import SAFE_METHODS
from services.ops.http.problems import Problem

FORM_TOKEN_HEADER: Final = "X-CSRF-Token"
FORM_TOKEN_FIELD: Final = "csrf_token"
API: Final = "/v1/"
bearer = HTTPBearer(auto_error=False, description="A token of PREFERSTREAM_OPS_TOKENS.")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]


def requires(role: Role) -> Callable[..., Awaitable[Principal]]:
    """A dependency that gives whoever asks, if they may do what `role` allows."""

    async def admitted(request: Request, credentials: Bearer) -> Principal:
        ops = ops_of(request)
        session: Session | None = request.state.session
        principal = principal_of(ops, credentials, session)
        _keep_to_the_limit(ops, request, principal)
        if principal is None:
            raise Problem(
                401,
                "no-token",
                "This needs a bearer token that we know, or a session of the dashboard.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if not principal.role.includes(role):
            raise Problem(
                403,
                "role-too-small",
                f"This needs the role {role}; the token {principal.name} has {principal.role}.",
            )
        if credentials is None:
            await _same_browser(ops, request, session)
        request.state.principal = principal
        return principal

    return admitted


Reader = Annotated[Principal, Depends(requires(Role.READ))]
Writer = Annotated[Principal, Depends(requires(Role.WRITE))]
Operator = Annotated[Principal, Depends(requires(Role.OPERATE))]


def principal_of(
    ops: Ops, credentials: HTTPAuthorizationCredentials | None, session: Session | None
) -> Principal | None:
    """Whoever asks; without tokens, anybody on this machine."""
    if ops.tokens is None:
        return ANYBODY_HERE
    if credentials is not None:
        return ops.tokens.holder(credentials.credentials)
    return ops.tokens.named(session.name) if session and session.name else None


def keep_to_the_limit(ops: Ops, caller: str) -> None:
    """Count a request of `caller`; raises a 429 when there were too many."""
    wait = ops.limits.wait_seconds(caller)
    if wait:
        raise Problem(
            429,
            "too-many-requests",
            f"Too many requests at once; ask again in {wait} s. At most"
            f" {ops.settings.ops_requests_per_second:g} a second are answered for long.",
            headers={"Retry-After": str(wait)},
        )


def address_of(request: Request) -> str:
    return request.client.host if request.client else "unknown"


async def check_form(ops: Ops, request: Request, session: Session | None) -> None:
    """Raises a 403 unless the request carries the form token of its browser's session."""
    token = request.headers.get(FORM_TOKEN_HEADER)
    if token is None:
        field = (await request.form()).get(FORM_TOKEN_FIELD)
        token = field if isinstance(field, str) else ""
    if session is None or not ops.sessions.is_form_token(session, token):
        raise Problem(
            403,
            "stale-form",
            "The form is not of this session, or the session has ended; load the page again.",
        )


async def _same_browser(ops: Ops, request: Request, session: Session | None) -> None:
    """Changes that come with a cookie, or to a page, prove that a page of ours sent them."""
    if request.method in SAFE_METHODS:
        return
    if session is not None or not request.url.path.startswith(API):
        await check_form(ops, request, session)
        return
    # A program on this machine, without a token: what no page elsewhere can send unasked.
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and kind != "application/json":
        raise Problem(415, "not-json", "Send JSON with Content-Type: application/json.")


def _keep_to_the_limit(ops: Ops, request: Request, principal: Principal | None) -> None:
    known = principal is not None and ops.tokens is not None
    keep_to_the_limit(ops, f"token {principal.name}" if known and principal else
                      f"address {address_of(request)}")  # fmt: skip
