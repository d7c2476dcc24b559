"""What several endpoints answer alike."""

from typing import Any, Final

from starlette.responses import Response

from services.ops.http.problems import MEDIA_TYPE
from shared.domain.taste import Value
from shared.events import RankedFeed


class ProblemBody(Value):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[dict[str, str], ...] = ()
    """Of a request that does not say what it has to: where (a JSON pointer) and what."""


_WHY: Final = {
    400: "The body is not JSON.",
    401: "No token that we know.",
    403: "The token may not do this.",
    404: "Nothing lies there.",
    413: "The body is too large.",
    415: "The body does not say that it is JSON.",
    422: "The request does not say what it has to.",
    429: "Too many requests; Retry-After says when to come back.",
    503: "A part is away; Retry-After says when to come back.",
}
FAILURES: Final[dict[int | str, dict[str, Any]]] = {
    status: {
        "description": why,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
    }
    for status, why in _WHY.items()
}


def feed_response(feed: RankedFeed) -> Response:
    return Response(feed.model_dump_json(), media_type="application/json")
