"""No route of the whole app goes unguarded, whoever adds one."""

from typing import Final

import pytest

from services.ops.http.middleware.head_requests import AS_THEY_ARE
from tests.unit.services.ops.http.routes import (
    CHANGING,
    GUARDED,
    PAGES,
    READ,
)
from tests.unit.services.ops.site import site

CHANGES_EACH_TIME: Final = {"x-request-id", "set-cookie", "content-length"}
"""With a new session come a new cookie and, on a page, a form token; metrics count the asking."""


def test_the_routes_are_found() -> None:
    assert ("GET", "/") in GUARDED
    assert ("POST", "/v1/candidates") in CHANGING
    assert len(PAGES) > 1


def filled(path: str, value: str) -> str:
    """A path with something in place of each parameter."""
    parts = path.replace("{", "}").split("}")
    return "".join(value if number % 2 else part for number, part in enumerate(parts))


@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_without_a_token_nothing_is_told(method: str, path: str) -> None:
    async with site(with_tokens=True).client() as client:
        answer = await client.request(method, filled(path, "x"))
    assert answer.status_code == 401


@pytest.mark.parametrize(("method", "path"), CHANGING)
async def test_who_may_only_read_changes_nothing(method: str, path: str) -> None:
    guarded = site(with_tokens=True)
    async with guarded.client("reader") as client:
        answer = await client.request(method, filled(path, "x"))
    assert answer.status_code == 403
    assert guarded.kafka.sent == []


@pytest.mark.parametrize(("method", "path"), PAGES)
async def test_a_form_of_another_page_changes_nothing(method: str, path: str) -> None:
    forged = site()
    async with forged.client() as client:
        answer = await client.request(method, filled(path, "x"), data={"csrf_token": "0"})
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("stale-form")
    assert forged.kafka.sent == []


@pytest.mark.parametrize("path", [path for path in READ if not path.startswith(AS_THEY_ARE)])
async def test_a_head_has_the_headers_of_the_get_and_no_body(path: str) -> None:
    async with site().client() as client:
        got, told = [await client.request(how, filled(path, "x")) for how in ("GET", "HEAD")]
    assert (told.status_code, told.content) == (got.status_code, b"")
    assert told.status_code != 405
    for name in got.headers.keys() - CHANGES_EACH_TIME:
        assert told.headers[name] == got.headers[name]


@pytest.mark.parametrize("path", [path for path in READ if path.startswith(AS_THEY_ARE)])
async def test_no_stream_begins_for_a_head(path: str) -> None:
    made = site()
    async with made.client() as client:
        answer = await client.head(path, params={"user_id": "ada", "user": "ada"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
