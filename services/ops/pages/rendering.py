"""Fill templates: escaped, with the form token and the person's name at hand."""

from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

from services.ops.context import ops_of
from services.ops.problems import Problem

TEMPLATES: Final = Jinja2Templates(directory=Path(__file__).parent / "templates")


def render(request: Request, template: str, *, status: int = 200, **told: Any) -> Response:
    """A page. Templates also see `csrf_token`, `principal` (or None) and `has_tokens`."""
    ops = ops_of(request)
    session = getattr(request.state, "session", None)
    return TEMPLATES.TemplateResponse(
        request,
        template,
        {
            "csrf_token": ops.sessions.form_token(session) if session else "",
            "principal": getattr(request.state, "principal", None),
            "has_tokens": ops.tokens is not None,
            **told,
        },
        status_code=status,
    )


def problem_page(request: Request, problem: Problem) -> Response:
    """What went wrong, for a person."""
    page = render(request, "problem.html", status=problem.status, problem=problem)
    page.headers.update(problem.headers)
    return page
