"""Responses that several endpoints share: the problem schema, error statuses, a feed."""

from typing import Any, Final

from starlette.responses import Response

from services.ops.context import OpsContext
from services.ops.http.problems import MEDIA_TYPE
from services.ops.removed_images import without_removed
from shared.domain.taste import Value
from shared.events import RankedFeed


class ProblemBody(Value):
    """An error response (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[dict[str, str], ...] = ()
    """For an invalid request: each error with its place (a JSON pointer) and its description; for
    NDJSON also with its line."""


_DESCRIPTIONS: Final = {
    400: "The body is not JSON.",
    401: "There is no valid token.",
    403: "The token does not allow this.",
    404: "There is nothing at this address.",
    413: "The body is too large.",
    415: "The content type is not JSON.",
    422: "The request is not valid.",
    429: "Too many requests; Retry-After has the time until the next attempt.",
    503: "A part of the system is unavailable; Retry-After has the time until the next attempt.",
}


def failure(description: str) -> dict[str, Any]:
    """Return the OpenAPI description of an error response."""
    schema = {"$ref": "#/components/schemas/ProblemBody"}
    return {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}}


FAILURES: Final[dict[int | str, dict[str, Any]]] = {
    status: failure(description) for status, description in _DESCRIPTIONS.items()
}


async def feed_response(ops: OpsContext, feed: RankedFeed) -> Response:
    """The feed, without images that were removed after it. Raises `Unavailable`."""
    shown = await without_removed(ops, feed)
    return Response(shown.model_dump_json(), media_type="application/json")
