"""Every route of the app, also a new one, is protected by tokens, roles and form tokens."""

from typing import Final

import pytest

from services.ops.http.middleware.head_requests import UNCHANGED_PATHS
from tests.unit.services.ops.http.routes import (
    CHANGING,
    PAGES,
    PROTECTED,
    READ,
)
from tests.unit.services.ops.site import site

CHANGES_EACH_TIME: Final = {"x-request-id", "set-cookie", "content-length"}
"""A new session has a new cookie and a new form token on a page; metrics count the request."""


def test_the_list_of_routes_is_complete() -> None:
    assert ("GET", "/") in PROTECTED
    assert ("POST", "/v1/candidates") in CHANGING
    assert len(PAGES) > 1


def filled(path: str, value: str) -> str:
    """Replace each parameter of a path template."""
    parts = path.replace("{", "}").split("}")
    return "".join(value if number % 2 else part for number, part in enumerate(parts))


@pytest.mark.parametrize(("method", "path"), PROTECTED)
async def test_a_route_needs_a_token(method: str, path: str) -> None:
    async with site(with_tokens=True).client() as client:
        response = await client.request(method, filled(path, "x"))
    assert response.status_code == 401


READ_BY_POST: Final = ("POST", "/catalog/search")
"""A search with an uploaded picture, which changes nothing."""


@pytest.mark.parametrize(("method", "path"), [r for r in CHANGING if r != READ_BY_POST])
async def test_a_reader_cannot_change_anything(method: str, path: str) -> None:
    protected = site(with_tokens=True)
    async with protected.client("reader") as client:
        response = await client.request(method, filled(path, "x"))
    assert response.status_code == 403
    assert protected.kafka.sent == []


@pytest.mark.parametrize(("method", "path"), PAGES)
async def test_a_form_of_another_site_changes_nothing(method: str, path: str) -> None:
    forged = site()
    async with forged.client() as client:
        response = await client.request(method, filled(path, "x"), data={"csrf_token": "0"})
    assert response.status_code == 403
    assert response.json()["type"].endswith("stale-form")
    assert forged.kafka.sent == []


@pytest.mark.parametrize("path", [path for path in READ if not path.startswith(UNCHANGED_PATHS)])
async def test_a_head_response_has_the_headers_of_get_and_no_body(path: str) -> None:
    async with site().client() as client:
        get, head = [await client.request(method, filled(path, "x")) for method in ("GET", "HEAD")]
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.status_code != 405
    for name in get.headers.keys() - CHANGES_EACH_TIME:
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize("path", [path for path in READ if path.startswith(UNCHANGED_PATHS)])
async def test_a_head_request_starts_no_stream(path: str) -> None:
    fake_site = site()
    async with fake_site.client() as client:
        response = await client.head(path, params={"user_id": "ada", "user": "ada"})
    assert (response.status_code, response.headers["allow"]) == (405, "GET")
