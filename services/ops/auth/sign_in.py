"""Sign in to the dashboard with a token, and sign out."""

from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from services.ops.context import Context
from services.ops.http.middleware.authentication import (
    check_form,
    client_address,
    enforce_rate_limit,
)
from services.ops.pages.rendering.templates import render

PATH: Final = "/sign-in"
router = APIRouter(include_in_schema=False)


def sign_in_address(request: Request) -> str:
    """Return the address of the sign-in page that leads back to the requested page."""
    requested = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"{PATH}?next={quote(requested, safe='/')}"


def local_address(address: str) -> str:
    """Return the address if it is on this site, else the first page (prevents open redirects)."""
    is_local = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if is_local and address.isprintable() else "/"


@router.get(PATH)
async def sign_in_page(request: Request, ops: Context, next: str = "/") -> Response:
    if ops.tokens is None:
        return RedirectResponse("/", 303)
    return render(request, "sign_in.html", next=local_address(next), failed=False)


@router.post(PATH)
async def sign_in(
    request: Request,
    ops: Context,
    token: Annotated[str, Form(max_length=512)],
    next: Annotated[str, Form(max_length=2048)] = "/",
) -> Response:
    enforce_rate_limit(ops, f"sign-in {client_address(request)}")
    await check_form(ops, request, request.state.session)
    holder = ops.tokens.holder(token.strip()) if ops.tokens else None
    if holder is None:
        return render(request, "sign_in.html", status=403, next=local_address(next), failed=True)
    request.state.session = ops.sessions.begin(holder.name)
    await ops.audit.signed_in(holder)
    return RedirectResponse(local_address(next), 303)


@router.post("/sign-out")
async def sign_out(request: Request, ops: Context) -> Response:
    await check_form(ops, request, request.state.session)
    request.state.session = ops.sessions.begin()
    return RedirectResponse(PATH, 303)
