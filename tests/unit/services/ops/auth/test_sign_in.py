"""Sign in with a token, stay signed in by a cookie that nobody can make, sign out."""

import re
from datetime import timedelta

import httpx
import pytest

from services.ops.auth.sessions import Sessions
from services.ops.auth.sign_in import inside
from tests.unit.services.ops.site import NOW, site


async def _form_token(client: httpx.AsyncClient) -> str:
    page = (await client.get("/sign-in")).text
    (token,) = re.findall(r'name="csrf_token" value="([0-9a-f]+)"', page)
    return str(token)


async def test_a_person_signs_in_and_out() -> None:
    async with site(with_tokens=True).client() as client:
        token = await _form_token(client)
        went = await client.post(
            "/sign-in", data={"token": "secret-operator", "next": "/?a=1", "csrf_token": token}
        )
        page = await client.get("/")
        (form,) = re.findall(r'name="csrf_token" value="([0-9a-f]+)"', page.text)
        left = await client.post("/sign-out", data={"csrf_token": form})
        after = await client.get("/")
    assert (went.status_code, went.headers["location"]) == (303, "/?a=1")
    assert "Sign out operator" in page.text
    assert left.status_code == 303
    assert after.status_code == 401


async def test_the_cookie_is_for_our_pages_alone() -> None:
    async with site(with_tokens=True).client() as client:
        cookie = (await client.get("/sign-in")).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


async def test_an_unknown_token_does_not_sign_in() -> None:
    async with site(with_tokens=True).client() as client:
        form = {"token": "guessed", "csrf_token": await _form_token(client)}
        answer = await client.post("/sign-in", data=form)
        after = await client.get("/")
    assert answer.status_code == 403
    assert "guessed" not in answer.text
    assert after.status_code == 401


async def test_guessing_tokens_is_slowed_down() -> None:
    slow = site(with_tokens=True, ops_request_burst=3, ops_requests_per_second=0.1)
    async with slow.client() as client:
        form = {"token": "guessed", "csrf_token": await _form_token(client)}
        codes = [(await client.post("/sign-in", data=form)).status_code for _ in range(4)]
    assert codes == [403, 403, 403, 429]


async def test_the_form_of_another_browser_signs_nobody_in() -> None:
    both = site(with_tokens=True)
    async with both.client() as one, both.client() as other:
        form = {"token": "secret-operator", "csrf_token": await _form_token(one)}
        await other.get("/sign-in")
        answer = await other.post("/sign-in", data=form)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "address", ["//evil.example", "http://evil.example", "/\\evil.example", "", "/\nx"]
)
def test_signing_in_leads_nowhere_else(address: str) -> None:
    assert inside(address) == "/"


def test_a_session_that_was_changed_or_has_ended_is_none() -> None:
    moment = [NOW]
    sessions = Sessions(key=None, hours=1, clock=lambda: moment[0])
    session = sessions.begin("operator")
    cookie = sessions.cookie(session)
    assert sessions.read(cookie) == session
    assert sessions.read(cookie[:-1] + ("0" if cookie[-1] != "0" else "1")) is None
    assert sessions.read("é.x") is None
    assert Sessions(key=None, hours=1, clock=lambda: NOW).read(cookie) is None
    moment[0] += timedelta(hours=1)
    assert sessions.read(cookie) is None
