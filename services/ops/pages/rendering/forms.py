"""Form handling: turn validation errors into problems, and detect requests of scripts."""

from pydantic import ValidationError
from starlette.requests import Request

from services.ops.http.problems import Problem


def as_problem(error: ValidationError) -> Problem:
    """Return the first error of an event that a form cannot build, as a problem."""
    first = error.errors(include_url=False, include_context=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "the event"
    message = str(first["msg"]).removeprefix("Value error, ")[:300]
    return Problem(422, "invalid-event", f"{field}: {message}")


def is_script_request(request: Request) -> bool:
    """Return whether a script of the page sent the request, and needs no new page."""
    return "text/html" not in request.headers.get("accept", "")
