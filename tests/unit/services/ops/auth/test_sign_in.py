"""Sign in with a token, stay signed in with a signed cookie, sign out."""

import base64
import re
from datetime import timedelta

import httpx
import pytest

from services.ops.auth.sessions import Sessions
from services.ops.auth.sign_in import local_address
from tests.unit.services.ops.site import NOW, site


async def _form_token(client: httpx.AsyncClient) -> str:
    page = (await client.get("/sign-in")).text
    (token,) = re.findall(r'name="csrf_token" value="([\w-]+)"', page)
    return str(token)


async def test_a_user_signs_in_and_out() -> None:
    async with site(with_tokens=True).client() as client:
        token = await _form_token(client)
        signed_in = await client.post(
            "/sign-in", data={"token": "secret-operator", "next": "/?a=1", "csrf_token": token}
        )
        page = await client.get("/")
        (form,) = re.findall(r'name="csrf_token" value="([\w-]+)"', page.text)
        signed_out = await client.post("/sign-out", data={"csrf_token": form})
        after = await client.get("/")
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/?a=1")
    assert "Sign out operator" in page.text
    assert signed_out.status_code == 303
    assert after.status_code == 401


async def test_the_session_cookie_is_http_only_and_same_site() -> None:
    async with site(with_tokens=True).client() as client:
        cookie = (await client.get("/sign-in")).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


async def test_an_unknown_token_does_not_sign_in() -> None:
    async with site(with_tokens=True).client() as client:
        form = {"token": "guessed", "csrf_token": await _form_token(client)}
        response = await client.post("/sign-in", data=form)
        after = await client.get("/")
    assert response.status_code == 403
    assert "guessed" not in response.text
    assert after.status_code == 401


async def test_guessing_tokens_is_rate_limited() -> None:
    slow = site(with_tokens=True, ops_request_burst=3, ops_requests_per_second=0.1)
    async with slow.client() as client:
        form = {"token": "guessed", "csrf_token": await _form_token(client)}
        codes = [(await client.post("/sign-in", data=form)).status_code for _ in range(4)]
    assert codes == [403, 403, 403, 429]


async def test_the_form_of_another_browser_does_not_sign_in() -> None:
    both = site(with_tokens=True)
    async with both.client() as first, both.client() as other:
        form = {"token": "secret-operator", "csrf_token": await _form_token(first)}
        await other.get("/sign-in")
        response = await other.post("/sign-in", data=form)
    assert response.status_code == 403


@pytest.mark.parametrize(
    "address", ["//evil.example", "http://evil.example", "/\\evil.example", "", "/\nx"]
)
def test_the_sign_in_does_not_redirect_to_another_site(address: str) -> None:
    assert local_address(address) == "/"


def test_an_expired_session_is_rejected() -> None:
    now = [NOW]
    sessions = Sessions(key=None, hours=1, clock=lambda: now[0])
    session = sessions.begin("operator")
    cookie = sessions.cookie(session)
    assert sessions.read(cookie) == session
    now[0] += timedelta(hours=1)
    assert sessions.read(cookie) is None


def test_a_changed_cookie_is_rejected() -> None:
    sessions = Sessions(key=None, hours=1, clock=lambda: NOW)
    cookie = sessions.cookie(sessions.begin("operator"))
    payload, _, signature = cookie.rpartition(".")
    # Not the last character of the signature: base64 ignores its lowest bits.
    for position in (*range(len(payload)), len(payload) + 1, len(cookie) - 2):
        changed = "A" if cookie[position] != "A" else "B"
        assert sessions.read(cookie[:position] + changed + cookie[position + 1 :]) is None
    for forged in ("é.x", "", ".", payload, f"{payload}.", f".{signature}"):
        assert sessions.read(forged) is None
    other_payload = base64.urlsafe_b64encode(b'["x","operator","2099-01-01T00:00:00+00:00"]')
    assert sessions.read(f"{other_payload.decode()}.{signature}") is None


def test_a_cookie_or_form_token_of_another_key_is_rejected() -> None:
    ours, other = (Sessions(key=key, hours=1, clock=lambda: NOW) for key in ("one", "two"))
    session = ours.begin("operator")
    assert other.read(ours.cookie(session)) is None
    assert not other.is_form_token(session, ours.form_token(session))


def test_instances_with_the_same_key_accept_each_others_sessions() -> None:
    first, second = (Sessions(key="shared", hours=1, clock=lambda: NOW) for _ in range(2))
    session = first.begin("operator")
    assert second.read(first.cookie(session)) == session
    assert second.is_form_token(session, first.form_token(session))


def test_a_form_token_belongs_to_one_session_and_is_no_cookie() -> None:
    sessions = Sessions(key=None, hours=1, clock=lambda: NOW)
    session, other = sessions.begin(), sessions.begin()
    token = sessions.form_token(session)
    assert sessions.is_form_token(session, token)
    for wrong in ("", "0", "é", "\ud800", token[1:], sessions.form_token(other)):
        assert not sessions.is_form_token(session, wrong)
    assert sessions.read(f"{session.id}.{token}") is None
