"""The middleware: host names, origins, body sizes, roles, rate limits, forms, headers."""

import pytest

from services.ops.http.middleware.security_headers import HEADERS
from services.ops.http.problems import MEDIA_TYPE
from tests.unit.services.ops.site import HOME, site

AS_A_BROWSER = {"Accept": "text/html"}


@pytest.mark.parametrize("path", ["/", "/nothing", "/healthz", "/static/style.css", "/v1/nothing"])
async def test_every_response_has_the_security_headers(path: str) -> None:
    async with site().client() as client:
        response = await client.get(path)
    for name, value in HEADERS.items():
        assert response.headers[name] == value
    assert "unsafe" not in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::1", "a@b:1"])
async def test_a_foreign_host_name_is_rejected(host: str) -> None:
    async with site().client(Host=host) as client:
        response = await client.get("/")
    assert response.status_code == 421
    assert response.json()["type"].endswith("foreign-host")


@pytest.mark.parametrize("host", ["localhost:8420", "[::1]:8420", "LOCALHOST", "pref.example"])
async def test_loopback_names_and_configured_host_names_are_accepted(host: str) -> None:
    async with site(ops_allowed_hosts=("pref.example",)).client(Host=host) as client:
        assert (await client.get("/")).status_code == 200


async def test_with_tokens_every_host_name_is_accepted() -> None:
    open_site = site(with_tokens=True, ops_host="0.0.0.0")
    async with open_site.client("reader", Host="anything.example") as client:
        assert (await client.get("/")).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "x"])
async def test_a_page_of_another_origin_changes_nothing(origin: str) -> None:
    async with site().client(Origin=origin) as client:
        response = await client.post("/sign-out")
    assert response.status_code == 403
    assert response.json()["type"].endswith("foreign-origin")


async def test_a_form_without_its_token_is_rejected() -> None:
    async with site().client(Origin=HOME) as client:
        await client.get("/")
        response = await client.post("/sign-out", data={"csrf_token": "0" * 64})
    assert response.status_code == 403
    assert response.json()["type"].endswith("stale-form")


async def test_a_body_above_the_limit_is_rejected() -> None:
    async with site(ops_max_body_bytes=10).client() as client:
        response = await client.post("/sign-out", content=b"x" * 11)
    assert response.status_code == 413
    assert "10 bytes" in response.json()["detail"]


async def test_a_body_without_a_declared_length_is_counted_while_it_arrives() -> None:
    async def chunks():  # type: ignore[no-untyped-def]
        for _ in range(4):
            yield b"x" * 5

    async with site(ops_max_body_bytes=10).client(
        **{"Content-Type": "application/x-www-form-urlencoded"}
    ) as client:
        response = await client.post("/sign-out", content=chunks())
    assert response.status_code == 413


async def test_a_program_gets_a_problem_document_and_a_browser_gets_a_page() -> None:
    async with site().client() as client:
        problem = await client.get("/nothing")
        page = await client.get("/nothing", headers=AS_A_BROWSER)
    assert problem.headers["content-type"] == MEDIA_TYPE
    assert problem.json() == {
        "type": "urn:preferstream:problem:not-found",
        "title": "Not Found",
        "status": 404,
        "detail": "There is nothing at this address.",
    }
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")


async def test_without_a_token_a_browser_is_redirected_and_a_program_gets_a_401() -> None:
    async with site(with_tokens=True).client() as client:
        page = await client.get("/?tab=1", headers=AS_A_BROWSER)
        problem = await client.get("/")
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=/%3Ftab%3D1")
    assert (problem.status_code, problem.headers["www-authenticate"]) == (401, "Bearer")


async def test_an_unknown_token_is_rejected() -> None:
    async with site(with_tokens=True).client(Authorization="Bearer guessed") as client:
        assert (await client.get("/")).status_code == 401


async def test_a_response_above_the_rate_limit_has_the_time_until_the_next_attempt() -> None:
    seconds = [0.0]
    limited = site(seconds=seconds, ops_request_burst=2, ops_requests_per_second=0.5)
    async with limited.client() as client:
        codes = [(await client.get("/")).status_code for _ in range(3)]
        refused = await client.get("/")
        seconds[0] += 2
        codes.append((await client.get("/")).status_code)
    assert codes == [200, 200, 429, 200]
    assert refused.headers["Retry-After"] == "2"


async def test_each_token_has_its_own_rate_limit() -> None:
    limited = site(with_tokens=True, ops_request_burst=1, ops_requests_per_second=0.1)
    async with limited.client("reader") as first, limited.client("writer") as other:
        codes = [(await c.get("/")).status_code for c in (first, first, other)]
    assert codes == [200, 429, 200]


async def test_an_internal_error_shows_no_details(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = site()

    def fails() -> str:
        raise RuntimeError("the password is swordfish")

    broken.kafka.dead_because = fails  # type: ignore[method-assign]
    async with broken.client() as client:
        response = await client.get("/healthz")
    assert response.status_code == 500
    assert response.headers["content-type"] == MEDIA_TYPE
    assert "swordfish" not in response.text
    assert "Traceback" not in response.text
    assert response.headers["X-Request-ID"] in caplog.text


async def test_requests_are_counted_by_route_not_by_address() -> None:
    counted = site()
    async with counted.client() as client:
        for path in ("/a", "/b", "/healthz", "/v1/feeds/a?user_id=u", "/v1/feeds/b?user_id=u"):
            await client.get(path)
        metrics = (await client.get("/metrics")).text
    assert 'requests_total{method="GET",route="unmatched",status="404"} 2.0' in metrics
    assert 'requests_total{method="GET",route="/healthz",status="200"} 1.0' in metrics
    assert (
        'requests_total{method="GET",route="/v1/feeds/{request_id:path}",status="404"}' in metrics
    )


async def test_tokens_appear_in_no_log_and_in_no_response(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    protected = site(with_tokens=True)
    protected.kafka.unavailable = "it restarts"
    paths = ("/", "/nothing?token=secret-operator", "/v1/feeds/x", "/metrics")
    async with protected.client("operator") as client:
        responses = [(await client.get(path)).text for path in paths]
        responses.append((await client.post("/v1/feedback", json={})).text)
    ours = [record for record in caplog.records if not record.name.startswith("httpx")]
    assert "secret-" not in "".join([*responses, *(record.getMessage() for record in ours)])
