"""Every route of the whole app, found by asking it."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from services.ops.http.middleware.origin import SAFE_METHODS
from tests.unit.services.ops.site import Site, site

OPEN_TO_ALL: Final = {"/healthz", "/readyz", "/metrics", "/sign-in", "/sign-out"}
"""Probes, scrapers, and the way in and out, which has its own guards (`test_sign_in.py`)."""


def fastapi_of(app: Any) -> FastAPI:
    """The app inside its guards."""
    while not isinstance(app, FastAPI):
        app = app._app
    return app


def routes_of(made: Site) -> list[tuple[str, str]]:
    """Method and path template of each route of ours."""
    return sorted(
        (method, str(route.path))
        for route in iter_route_contexts(fastapi_of(made.app).routes)
        if isinstance(route.original_route, APIRoute)
        for method in route.original_route.methods
    )


ROUTES: Final = routes_of(site())
GUARDED: Final = [one for one in ROUTES if one[1] not in OPEN_TO_ALL]
CHANGING: Final = [one for one in GUARDED if one[0] not in SAFE_METHODS]
PAGES: Final = [one for one in CHANGING if not one[1].startswith("/v1/")]
READ: Final = [path for method, path in ROUTES if method == "GET"]
