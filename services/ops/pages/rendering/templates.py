"""Render templates with the form token, the principal and the navigation."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import StrictUndefined
from starlette.requests import Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

from services.ops.context import OpsContext, context_of
from services.ops.http.problems import Problem
from services.ops.pages.rendering import formatting
from shared.domain.taste import ELEMENTS

TEMPLATES: Final = Jinja2Templates(directory=Path(__file__).parents[1] / "templates")
# An undefined name is an error, not an empty place on the page.
TEMPLATES.env.undefined = StrictUndefined
TEMPLATES.env.globals["ELEMENTS"] = ELEMENTS
TEMPLATES.env.filters.update(formatting.FILTERS)


@dataclass(frozen=True)
class Page:
    """One entry of the navigation."""

    address: str
    name: str


CATALOG: Final = Page("/catalog", "Catalog")
MODELS: Final = Page("/models", "Models")
TRAINING_JOBS: Final = Page("/training-jobs", "Training jobs")
PAGES: Final = (
    Page("/", "Overview"),
    Page("/playground", "Playground"),
    CATALOG,
    Page("/study", "Blind test"),
    Page("/users", "Users"),
    MODELS,
    TRAINING_JOBS,
    Page("/dead-letters", "Dead letters"),
    Page("/docs", "Docs"),
)


def render(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
    """Render a page. Adds `csrf_token`, `principal` (or None), `has_tokens`, `pages` and `here`."""
    ops = context_of(request)
    session = getattr(request.state, "session", None)
    return TEMPLATES.TemplateResponse(
        request,
        template,
        {
            "csrf_token": ops.sessions.form_token(session) if session else "",
            "principal": getattr(request.state, "principal", None),
            "has_tokens": ops.tokens is not None,
            "pages": _available(ops),
            "here": request.url.path,
            **values,
        },
        status_code=status,
    )


def _available(ops: OpsContext) -> list[Page]:
    """Return all pages except those whose data is not available in this process."""
    missing = {MODELS} if ops.models is None else set()
    missing |= {TRAINING_JOBS} if ops.training_jobs is None else set()
    missing |= {CATALOG} if ops.stores.catalogs is None else set()
    return [page for page in PAGES if page not in missing]


def fragment(template: str, **values: Any) -> str:
    """Render a part of a page without a request, for streams."""
    return TEMPLATES.env.get_template(template).render(**values)


def problem_page(request: Request, problem: Problem) -> Response:
    """Render a problem as a page."""
    page = render(request, "problem.html", status=problem.status, problem=problem)
    page.headers.update(problem.headers)
    return page
