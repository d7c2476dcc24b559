"""`GET /v1/profiles/{user_id}`: read a taste profile."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from services.ops.context import Context
from services.ops.gateway.bodies import Profile
from services.ops.gateway.feeds import Tenant
from services.ops.gateway.responses import FAILURES
from services.ops.gateway.tenancy import tenant_for
from services.ops.http.middleware.authentication import Reader
from services.ops.http.problems import Problem
from shared.events.types.fields import Identifier

router = APIRouter(prefix="/v1", tags=["profiles"])


@router.get("/profiles/{user_id:path}", responses={200: {"model": Profile}, **FAILURES})
async def profile(
    ops: Context, principal: Reader, user_id: Annotated[Identifier, Path()], tenant: Tenant = None
) -> Response:
    """Return what a user likes and dislikes, in weighted words for the five elements."""
    stored = await ops.stores.profiles.get(tenant=tenant_for(principal, tenant), user_id=user_id)
    if stored is None:
        raise Problem(
            404, "no-profile", "This user has no profile yet; send likes to /v1/feedback."
        )
    return Response(Profile.of(stored).model_dump_json(), media_type="application/json")
