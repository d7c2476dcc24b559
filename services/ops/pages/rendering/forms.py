"""Read forms, and say what is wrong with them."""

from pydantic import ValidationError
from starlette.requests import Request

from services.ops.http.problems import Problem


def as_problem(error: ValidationError) -> Problem:
    """What an event that cannot be made is to whoever filled the form."""
    fault = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in fault["loc"]) or "the event"
    told = str(fault["msg"]).removeprefix("Value error, ")[:300]
    return Problem(422, "invalid-event", f"{where}: {told}")


def came_from_a_script(request: Request) -> bool:
    """Whether the page stays as it is, and only wants to know how it went."""
    return "text/html" not in request.headers.get("accept", "")
