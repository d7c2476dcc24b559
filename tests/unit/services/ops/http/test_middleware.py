"""What every request passes through: names, origins, sizes, roles, limits, forms, headers."""

import pytest

from services.ops.http.middleware.security_headers import HEADERS
from services.ops.http.problems import MEDIA_TYPE
from tests.unit.services.ops.site import HOME, site

AS_A_BROWSER = {"Accept": "text/html"}


@pytest.mark.parametrize("path", ["/", "/nothing", "/healthz", "/static/style.css", "/v1/nothing"])
async def test_every_answer_has_the_strict_headers(path: str) -> None:
    async with site().client() as client:
        answer = await client.get(path)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::1", "a@b:1"])
async def test_a_name_that_is_not_ours_is_refused(host: str) -> None:
    async with site().client(Host=host) as client:
        answer = await client.get("/")
    assert answer.status_code == 421
    assert answer.json()["type"].endswith("foreign-host")


@pytest.mark.parametrize("host", ["localhost:8420", "[::1]:8420", "LOCALHOST", "pref.example"])
async def test_names_of_loopback_and_those_of_the_settings_are_ours(host: str) -> None:
    async with site(ops_names=("pref.example",)).client(Host=host) as client:
        assert (await client.get("/")).status_code == 200


async def test_where_tokens_are_shown_any_name_will_do() -> None:
    open_site = site(with_tokens=True, ops_host="0.0.0.0")
    async with open_site.client("reader", Host="anything.example") as client:
        assert (await client.get("/")).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "x"])
async def test_a_page_of_another_origin_changes_nothing(origin: str) -> None:
    async with site().client(Origin=origin) as client:
        answer = await client.post("/sign-out")
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("foreign-origin")


async def test_a_form_without_its_token_is_refused() -> None:
    async with site().client(Origin=HOME) as client:
        await client.get("/")
        answer = await client.post("/sign-out", data={"csrf_token": "0" * 64})
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("stale-form")


async def test_a_body_larger_than_any_request_is_refused() -> None:
    async with site(ops_max_body_bytes=10).client() as client:
        answer = await client.post("/sign-out", content=b"x" * 11)
    assert answer.status_code == 413
    assert "10 bytes" in answer.json()["detail"]


async def test_a_body_of_undeclared_length_is_counted_as_it_comes() -> None:
    async def chunks():  # type: ignore[no-untyped-def]
        for _ in range(4):
            yield b"x" * 5

    async with site(ops_max_body_bytes=10).client(
        **{"Content-Type": "application/x-www-form-urlencoded"}
    ) as client:
        answer = await client.post("/sign-out", content=chunks())
    assert answer.status_code == 413


async def test_programs_get_problems_and_people_get_pages() -> None:
    async with site().client() as client:
        told = await client.get("/nothing")
        shown = await client.get("/nothing", headers=AS_A_BROWSER)
    assert told.headers["content-type"] == MEDIA_TYPE
    assert told.json() == {
        "type": "urn:preferstream:problem:not-found",
        "title": "Not Found",
        "status": 404,
        "detail": "Nothing lies at this address.",
    }
    assert shown.status_code == 404
    assert shown.headers["content-type"].startswith("text/html")


async def test_without_a_token_a_person_is_sent_to_sign_in_and_a_program_told_so() -> None:
    async with site(with_tokens=True).client() as client:
        shown = await client.get("/?tab=1", headers=AS_A_BROWSER)
        told = await client.get("/")
    assert (shown.status_code, shown.headers["location"]) == (303, "/sign-in?next=/%3Ftab%3D1")
    assert (told.status_code, told.headers["www-authenticate"]) == (401, "Bearer")


async def test_a_wrong_token_is_no_token() -> None:
    async with site(with_tokens=True).client(Authorization="Bearer guessed") as client:
        assert (await client.get("/")).status_code == 401


async def test_whoever_asks_too_often_is_told_when_to_come_back() -> None:
    seconds = [0.0]
    limited = site(seconds=seconds, ops_request_burst=2, ops_requests_per_second=0.5)
    async with limited.client() as client:
        codes = [(await client.get("/")).status_code for _ in range(3)]
        refused = await client.get("/")
        seconds[0] += 2
        codes.append((await client.get("/")).status_code)
    assert codes == [200, 200, 429, 200]
    assert refused.headers["Retry-After"] == "2"


async def test_one_token_does_not_use_up_what_another_has() -> None:
    limited = site(with_tokens=True, ops_request_burst=1, ops_requests_per_second=0.1)
    async with limited.client("reader") as one, limited.client("writer") as other:
        codes = [(await c.get("/")).status_code for c in (one, one, other)]
    assert codes == [200, 429, 200]


async def test_a_fault_of_ours_tells_nothing_of_our_inside(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = site()

    def fails() -> str:
        raise RuntimeError("the password is swordfish")

    broken.kafka.dead_because = fails  # type: ignore[method-assign]
    async with broken.client() as client:
        answer = await client.get("/healthz")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert "swordfish" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["X-Request-ID"] in caplog.text


async def test_requests_are_counted_by_route_not_by_address() -> None:
    counted = site()
    async with counted.client() as client:
        for path in ("/a", "/b", "/healthz", "/v1/feeds/a", "/v1/feeds/b"):
            await client.get(path)
        told = (await client.get("/metrics")).text
    assert 'requests_total{method="GET",route="unmatched",status="404"} 2.0' in told
    assert 'requests_total{method="GET",route="/healthz",status="200"} 1.0' in told
    assert 'requests_total{method="GET",route="/v1/feeds/{request_id:path}",status="404"}' in told


async def test_tokens_stand_in_no_log_and_in_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    guarded = site(with_tokens=True)
    guarded.kafka.away = "it restarts"
    paths = ("/", "/nothing?token=secret-operator", "/v1/feeds/x", "/metrics")
    async with guarded.client("operator") as client:
        answers = [(await client.get(path)).text for path in paths]
        answers.append((await client.post("/v1/feedback", json={})).text)
    ours = [record for record in caplog.records if not record.name.startswith("httpx")]
    assert "secret-" not in "".join([*answers, *(record.getMessage() for record in ours)])
