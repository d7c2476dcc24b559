"""`GET /v1/feeds/{request_id}`: read a feed back, or report that it is pending."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from services.ops.context import Context, OpsContext
from services.ops.gateway.bodies import Accepted
from services.ops.gateway.candidates import accepted
from services.ops.gateway.responses import FAILURES, failure, feed_response
from services.ops.gateway.tenancy import tenant_for
from services.ops.http.middleware.authentication import Reader
from services.ops.http.problems import Problem
from services.ops.kafka.kafka_port import KafkaPort
from shared.domain.requests.request_key import RequestKey
from shared.events import RankedFeed
from shared.events.types.fields import Identifier

router = APIRouter(prefix="/v1", tags=["feeds"])
Tenant = Annotated[
    Identifier | None, Query(description="Default: the tenant of the token, else `default`.")
]
UserId = Annotated[
    Identifier | None,
    Query(
        description="User of the request: an id belongs to its user, and another user may have sent"
        " the same one. It may be left out only for a random UUID, as this service generates it."
    ),
]
UNGUESSABLE_VERSIONS: Final = frozenset({4, 5, 7})
"""Versions of UUIDs that are random, or hashes of the user and of a key of the app. Versions 1 and
6 are the time and the address of the machine."""


RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": RankedFeed},
    202: {"model": Accepted},
    **FAILURES,
}


@router.get("/feeds", responses=RESPONSES)
async def feed_by_parameter(
    ops: Context,
    principal: Reader,
    request_id: Annotated[Identifier, Query()],
    user_id: Annotated[Identifier, Query()],
    tenant: Tenant = None,
) -> Response:
    """Return the feed of a request whose id a path cannot hold: `.`, `..`, slashes behind a proxy.

    200 with the feed, 202 while it is pending, 404 if it is unknown.
    """
    return await _feed_of(ops, RequestKey(tenant_for(principal, tenant), user_id, request_id))


@router.get(
    "/feeds/{request_id:path}",
    responses={
        **RESPONSES,
        409: failure("Several users have sent this request id; add the parameter user_id."),
    },
)
async def feed(
    ops: Context,
    principal: Reader,
    request_id: Annotated[Identifier, Path()],
    tenant: Tenant = None,
    user_id: UserId = None,
) -> Response:
    """Return the feed of a request: 200 with the feed, 202 while it is pending, 404 if unknown.

    Without `user_id`: 422 for an id that can be guessed, and 409 if two users have sent the id.
    """
    allowed_tenant = tenant_for(principal, tenant)
    user = user_id or _only_user(ops.kafka, tenant=allowed_tenant, request_id=request_id)
    if user is None:
        raise _no_feed()
    return await _feed_of(ops, RequestKey(allowed_tenant, user, request_id))


async def _feed_of(ops: OpsContext, request: RequestKey) -> Response:
    ranked = await ops.kafka.feed(request)
    if ranked is not None:
        return await feed_response(ops, ranked)
    if ops.kafka.is_awaited(request):
        return accepted(request)
    raise _no_feed()


def _no_feed() -> Problem:
    return Problem(
        404,
        "no-feed",
        "There is no feed for that request of that user: it was not sent to this system, its event"
        " became a dead letter, or it is older than the feeds that are kept.",
    )


def _only_user(kafka: KafkaPort, *, tenant: str, request_id: str) -> str | None:
    """Return the user of an id that cannot be guessed; None if it is unknown. Raises a problem.

    With an id such as `home` or `1`, a caller would get whichever user's feed is known.
    """
    if not is_unguessable(request_id):
        raise Problem(
            422, "user-missing",
            "Add the query parameter user_id: this request id is not a random UUID, so several"
            " users may have sent it.",
        )  # fmt: skip
    users = kafka.users_of(tenant=tenant, request_id=request_id)
    if len(users) > 1:
        raise Problem(
            409, "ambiguous-request",
            "Add the query parameter user_id: several users have sent a request with this id.",
        )  # fmt: skip
    return next(iter(users), None)


def is_unguessable(request_id: str) -> bool:
    """Whether an id is a UUID that nobody can guess."""
    try:
        return UUID(request_id).version in UNGUESSABLE_VERSIONS
    except ValueError:
        return False
