"""Problem responses (RFC 9457): what failed, why, and what to do, without internal details."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from shared.client import NoAnswer
from shared.domain.errors import Unavailable, Unprocessable

MEDIA_TYPE: Final = "application/problem+json"
MAX_ERRORS: Final = 20
"""Errors of one request that the response lists. 300 invalid images all have the same error."""
RETRY_SECONDS: Final = 5
"""Time until the client retries after an outage: about the time that a broker needs to restart."""


@dataclass(eq=False)
class Problem(Exception):
    """A failed request, and its problem response."""

    status: int
    slug: str
    """Short stable name; the last part of the problem's `type`."""
    detail: str
    errors: Sequence[Mapping[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase

    def body(self) -> dict[str, Any]:
        """Return the JSON object of the response."""
        fields: dict[str, Any] = {
            "type": f"urn:preferstream:problem:{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        return {**fields, "errors": list(self.errors)} if self.errors else fields

    def response(self) -> JSONResponse:
        return JSONResponse(
            self.body(), self.status, headers=dict(self.headers), media_type=MEDIA_TYPE
        )


def problem_of(error: Exception) -> Problem:
    """Translate an exception into a problem. An unknown exception is a bug (500)."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return Problem(
                422,
                "invalid-request",
                "The request is not valid; `errors` lists each error.",
                errors=listed_errors(error.errors()),
            )
        case HTTPException():
            return _of_http(error)
        case Unprocessable():
            return Problem(422, error.reason.replace("_", "-"), error.detail)
        case Unavailable():
            return Problem(
                503,
                "unavailable",
                f"{error.part} does not answer at the moment; send the request again later.",
                headers={"Retry-After": str(RETRY_SECONDS)},
            )
        case NoAnswer():
            return Problem(504, "no-answer", str(error))
        case _:
            return Problem(
                500, "bug", "This is an internal error; the log has details under the request id."
            )


def _of_http(error: HTTPException) -> Problem:
    known = {
        404: ("not-found", "There is nothing at this address."),
        405: ("method-not-allowed", "This address does not accept that method."),
    }
    slug, detail = known.get(error.status_code, ("refused", str(error.detail)))
    return Problem(error.status_code, slug, detail, headers=dict(error.headers or {}))


def listed_errors(errors: Sequence[Any]) -> list[dict[str, str]]:
    """Name the place and the error, without the input: it may be a private image or a secret."""
    listed = [
        {
            "pointer": "/" + "/".join(_escaped(str(part)) for part in error["loc"]),
            "detail": _detail(error),
        }
        for error in errors[:MAX_ERRORS]
    ]
    more = len(errors) - len(listed)
    return listed + ([{"pointer": "", "detail": f"and {more} more"}] if more else [])


def _detail(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "there is no such field; correct its name or remove it"
    return str(error["msg"]).removeprefix("Value error, ")[:300]


def _escaped(part: str) -> str:
    return part[:80].replace("~", "~0").replace("/", "~1")
