"""List the people who have a profile, a page at a time, and open one by name."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.ops.context import OpsOf
from services.ops.http.middleware.authentication import Reader
from services.ops.http.problems import Problem
from services.ops.pages.rendering.templates import render
from services.ops.pages.users.user_access import open_person
from shared.events import DEFAULT_TENANT

router = APIRouter()
SHOWN: Final = 50


@router.get("/users")
async def users(
    http: Request,
    ops: OpsOf,
    who: Reader,
    tenant: Annotated[str | None, Query(max_length=256)] = None,
    after: Annotated[str | None, Query(pattern=r"^[0-9a-fA-F-]{36}$")] = None,
) -> Response:
    named = open_person(who, user="-", tenant=tenant).tenant
    page = await ops.stores.people.page(tenant=named, after=after, most=SHOWN)
    if after and not page.people:
        raise Problem(404, "no-such-page", "The list has no page there any more; begin anew.")
    return render(
        http, "users.html",
        page=page, tenant=named, first=after is None, default=DEFAULT_TENANT,
        known=await ops.stores.people.count(tenant=named),
    )  # fmt: skip
