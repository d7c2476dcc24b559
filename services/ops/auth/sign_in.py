"""Sign in to the dashboard with a token, and out again."""

from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from services.ops.context import OpsOf
from services.ops.http.middleware.authentication import address_of, check_form, keep_to_the_limit
from services.ops.pages.rendering.templates import render

PATH: Final = "/sign-in"
router = APIRouter(include_in_schema=False)


def address_for(request: Request) -> str:
    """The sign-in page that leads back to where the person wanted to go."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"{PATH}?next={quote(wanted, safe='/')}"


def inside(address: str) -> str:
    """Where to go after signing in: an address of ours, or else the first page."""
    ours = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if ours and address.isprintable() else "/"


@router.get(PATH)
async def ask(request: Request, ops: OpsOf, next: str = "/") -> Response:
    if ops.tokens is None:
        return RedirectResponse("/", 303)
    return render(request, "sign_in.html", next=inside(next), failed=False)


@router.post(PATH)
async def sign_in(
    request: Request,
    ops: OpsOf,
    token: Annotated[str, Form(max_length=512)],
    next: Annotated[str, Form(max_length=2048)] = "/",
) -> Response:
    keep_to_the_limit(ops, f"sign-in {address_of(request)}")
    await check_form(ops, request, request.state.session)
    holder = ops.tokens.holder(token.strip()) if ops.tokens else None
    if holder is None:
        return render(request, "sign_in.html", status=403, next=inside(next), failed=True)
    request.state.session = ops.sessions.begin(holder.name)
    await ops.audit.signed_in(holder)
    return RedirectResponse(inside(next), 303)


@router.post("/sign-out")
async def sign_out(request: Request, ops: OpsOf) -> Response:
    await check_form(ops, request, request.state.session)
    request.state.session = ops.sessions.begin()
    return RedirectResponse(PATH, 303)
