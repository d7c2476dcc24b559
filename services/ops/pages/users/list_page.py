"""List the users with a profile page by page, and open one by id."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.ops.context import Context
from services.ops.http.middleware.authentication import Reader
from services.ops.http.problems import Problem
from services.ops.pages.rendering.templates import render
from services.ops.pages.users.user_ref import allowed_user
from shared.events import DEFAULT_TENANT

router = APIRouter()
SHOWN: Final = 50


@router.get("/users")
async def users(
    http: Request,
    ops: Context,
    principal: Reader,
    tenant: Annotated[str | None, Query(max_length=256)] = None,
    after: Annotated[str | None, Query(pattern=r"^[0-9a-fA-F-]{36}$")] = None,
) -> Response:
    allowed_tenant = allowed_user(principal, user="-", tenant=tenant).tenant
    page = await ops.stores.users.page(tenant=allowed_tenant, after=after, limit=SHOWN)
    if after and not page.users:
        raise Problem(404, "no-such-page", "This page of the list no longer exists; start again.")
    return render(
        http, "users/list.html",
        page=page, tenant=allowed_tenant, first=after is None, default=DEFAULT_TENANT,
        known=await ops.stores.users.count(tenant=allowed_tenant),
    )  # fmt: skip
