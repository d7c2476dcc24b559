"""List every route of the app, for tests that cover all of them."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from services.ops.http.middleware.origin import SAFE_METHODS
from tests.unit.services.ops.site import Site, site

OPEN_TO_ALL: Final = {"/healthz", "/readyz", "/metrics", "/sign-in", "/sign-out"}
"""Probes, scrapers, sign-in and sign-out. The latter two are tested in `test_sign_in.py`."""


def fastapi_of(app: Any) -> FastAPI:
    """Return the FastAPI app inside its middleware."""
    while not isinstance(app, FastAPI):
        app = app._app
    return app


def routes_of(fake_site: Site) -> list[tuple[str, str]]:
    """Return method and path template of each route."""
    return sorted(
        (method, str(route.path))
        for route in iter_route_contexts(fastapi_of(fake_site.app).routes)
        if isinstance(route.original_route, APIRoute)
        for method in route.original_route.methods
    )


ROUTES: Final = routes_of(site())
PROTECTED: Final = [(method, path) for method, path in ROUTES if path not in OPEN_TO_ALL]
CHANGING: Final = [(method, path) for method, path in PROTECTED if method not in SAFE_METHODS]
PAGES: Final = [(method, path) for method, path in CHANGING if not path.startswith("/v1/")]
READ: Final = [path for method, path in ROUTES if method == "GET"]
