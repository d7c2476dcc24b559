"""No page fails on any address or form content."""

import asyncio
import re
from functools import cache
from typing import Any, Final
from urllib.parse import quote

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ops.http.middleware.authentication import FORM_TOKEN_HEADER
from tests.unit.services.ops.http.routes import PAGES, fastapi_of
from tests.unit.services.ops.site import Site, site

STREAMS: Final = re.compile(r"/live/")
"""Streams do not end while the client listens."""
READ: Final = sorted(
    {
        str(route.path)
        for route in iter_route_contexts(fastapi_of(site().app).routes)
        if isinstance(route.original_route, APIRoute)
        and "GET" in route.original_route.methods
        and not str(route.path).startswith("/v1/")
        and not STREAMS.search(str(route.path))
    }
)
FUZZ_SETTINGS: Final = settings(
    max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
TEXTS: Final = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(
    ["", "0", "-1", "1e999", "color", "preference", "../../etc/passwd", "a" * 10_000, "\0", "💥",
     "data:image/png;base64,AAAA", "file:///etc/passwd", "{{7*7}}", "<script>alert(1)</script>"]
)  # fmt: skip


@cache
def _site_for(path: str) -> Site:
    return site(ops_requests_per_second=1e9, ops_request_burst=10**9)


@cache
def _names(path: str) -> tuple[str, ...]:
    """Return the names of the form fields and query parameters of a route."""
    names: set[str] = set()
    for route in iter_route_contexts(fastapi_of(site().app).routes):
        if isinstance(route.original_route, APIRoute) and route.path == path:
            pending = [route.original_route.dependant]
            while pending:
                dependant = pending.pop()
                parameters = (*dependant.body_params, *dependant.query_params)
                names |= {parameter.alias for parameter in parameters}
                pending += dependant.dependencies
    return tuple(sorted(names))


def _filled(path: str, values: list[str]) -> str:
    supply = iter(values)
    return re.sub(r"\{[^}]*\}", lambda _: quote(next(supply, "x") or "x", safe=""), path)


async def _response(
    fake_site: Site, method: str, path: str, values: dict[str, Any]
) -> tuple[int, str]:
    session = fake_site.ops.sessions.begin()
    headers = {"Accept": "text/html", FORM_TOKEN_HEADER: fake_site.ops.sessions.form_token(session)}
    async with fake_site.client(**headers) as browser:
        browser.cookies.set("preferstream-8420", fake_site.ops.sessions.cookie(session))
        fields = {"params": values} if method == "GET" else {"data": values}
        response = await browser.request(method, path, **fields)  # type: ignore[arg-type]
    return response.status_code, response.text


@pytest.mark.parametrize(("method", "path"), [*PAGES, *(("GET", path) for path in READ)])
@FUZZ_SETTINGS
@given(data=st.data())
def test_no_page_fails_on_any_input(method: str, path: str, data: st.DataObject) -> None:
    names = st.sampled_from([*_names(path), "unknown"])
    values = data.draw(st.dictionaries(names, TEXTS | st.lists(TEXTS, max_size=3), max_size=8))
    filled = _filled(path, data.draw(st.lists(TEXTS, min_size=2, max_size=2)))
    status, text = asyncio.run(_response(_site_for(path), method, filled, values))
    assert status not in (401, 403, 500), (filled, values)
    assert "Traceback" not in text
    assert "<script>alert(1)" not in text
