"""Answer what went wrong as a problem (RFC 9457): what, why, what to do, nothing of our inside."""

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
MOST_ERRORS: Final = 20
"""Faults of one request that are told; a slate of 300 bad images would repeat itself."""
RETRY_SECONDS: Final = 5
"""When to ask again after a part was away: a broker's restart takes about so long."""


@dataclass(eq=False)
class Problem(Exception):
    """A request that ends without what it asked for."""

    status: int
    slug: str
    """Short and stable; the end of the problem's `type`."""
    detail: str
    errors: Sequence[Mapping[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase

    def body(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "type": f"urn:preferstream:problem:{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        return {**told, "errors": list(self.errors)} if self.errors else told

    def response(self) -> JSONResponse:
        return JSONResponse(
            self.body(), self.status, headers=dict(self.headers), media_type=MEDIA_TYPE
        )


def problem_of(error: Exception) -> Problem:
    """The problem that an exception is to the one who asked; an unknown one is a bug of ours."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return Problem(
                422,
                "invalid-request",
                "The request does not say what it has to; `errors` names each fault.",
                errors=_faults(error.errors()),
            )
        case HTTPException():
            return _of_http(error)
        case Unprocessable():
            return Problem(422, error.reason.replace("_", "-"), error.detail)
        case Unavailable():
            return Problem(
                503,
                "unavailable",
                f"{error.part} does not answer now; what was sent may be sent again.",
                headers={"Retry-After": str(RETRY_SECONDS)},
            )
        case NoAnswer():
            return Problem(504, "no-answer", str(error))
        case _:
            return Problem(
                500, "bug", "This is a fault of ours; the log knows more under the request's id."
            )


def _of_http(error: HTTPException) -> Problem:
    told = {
        404: ("not-found", "Nothing lies at this address."),
        405: ("method-not-allowed", "This address does not take that method."),
    }
    slug, detail = told.get(error.status_code, ("refused", str(error.detail)))
    return Problem(error.status_code, slug, detail, headers=dict(error.headers or {}))


def _faults(found: Sequence[Any]) -> list[dict[str, str]]:
    """Where and what, without what was sent: it may be somebody's picture, or a secret."""
    told = [
        {
            "pointer": "/" + "/".join(_escaped(str(part)) for part in fault["loc"]),
            "detail": str(fault["msg"]).removeprefix("Value error, ")[:300],
        }
        for fault in found[:MOST_ERRORS]
    ]
    more = len(found) - len(told)
    return told + ([{"pointer": "", "detail": f"and {more} more"}] if more else [])


def _escaped(part: str) -> str:
    return part[:80].replace("~", "~0").replace("/", "~1")
