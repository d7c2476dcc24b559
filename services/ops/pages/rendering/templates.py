"""Fill templates: escaped, with the form token, the person's name and the list of pages at hand."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import StrictUndefined
from starlette.requests import Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

from services.ops.context import Ops, ops_of
from services.ops.http.problems import Problem
from services.ops.pages.rendering import formatting as words
from shared.domain.taste import ELEMENTS

TEMPLATES: Final = Jinja2Templates(directory=Path(__file__).parents[1] / "templates")
# A name that nobody told is a fault of ours, not an empty place on a page.
TEMPLATES.env.undefined = StrictUndefined
TEMPLATES.env.globals["ELEMENTS"] = ELEMENTS
TEMPLATES.env.filters.update(words.FILTERS)


@dataclass(frozen=True)
class Page:
    """An entry of the rail."""

    address: str
    name: str


MODELS: Final = Page("/models", "Models")
NIGHTS: Final = Page("/nights", "Nights")
PAGES: Final = (
    Page("/", "Overview"),
    Page("/playground", "Playground"),
    Page("/users", "Users"),
    MODELS,
    NIGHTS,
    Page("/dead-letters", "Dead letters"),
    Page("/docs", "Docs"),
)


def render(request: Request, template: str, *, status: int = 200, **told: Any) -> Response:
    """A page. Templates also see `csrf_token`, `principal` (or None), `has_tokens`, `pages`."""
    ops = ops_of(request)
    session = getattr(request.state, "session", None)
    return TEMPLATES.TemplateResponse(
        request,
        template,
        {
            "csrf_token": ops.sessions.form_token(session) if session else "",
            "principal": getattr(request.state, "principal", None),
            "has_tokens": ops.tokens is not None,
            "pages": _shown(ops),
            "here": request.url.path,
            **told,
        },
        status_code=status,
    )


def _shown(ops: Ops) -> list[Page]:
    """All pages but those whose part is not at hand."""
    missing = {MODELS} if ops.models is None else set()
    missing |= {NIGHTS} if ops.nights is None else set()
    return [page for page in PAGES if page not in missing]


def fragment(template: str, **told: Any) -> str:
    """A part of a page, without a request; for streams."""
    return TEMPLATES.env.get_template(template).render(**told)


def problem_page(request: Request, problem: Problem) -> Response:
    """What went wrong, for a person."""
    page = render(request, "problem.html", status=problem.status, problem=problem)
    page.headers.update(problem.headers)
    return page
