"""The store authenticates to a Qdrant server with an API key, and checks its certificate."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from aiohttp import web
from pydantic import SecretStr

from services.cli.doctor.deployment_checks import check_qdrant
from shared.domain.errors import Unavailable
from shared.settings import InvalidSettings
from shared.store.profiles import QdrantProfiles
from shared.store.qdrant import open_qdrant
from shared.store.settings import StoreSettings
from tests.support.certificates import Authority

KEY: Final = "a random key of 256 bits"


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ours")


@pytest.fixture
async def server(ours: Authority) -> AsyncIterator[str]:
    """A server that answers like Qdrant, over TLS, to requests with the API key."""

    async def points(request: web.Request) -> web.Response:
        if request.headers.get("api-key") != KEY:
            return web.json_response({"status": {"error": "Must provide an API key"}}, status=401)
        return web.json_response({"result": [], "status": "ok", "time": 0.0})

    app = web.Application()
    app.router.add_post("/collections/{name}/points", points)
    app.router.add_get("/collections", points)
    certified = ours.certify("127.0.0.1")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certified.certificate, certified.key)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def _get_profile(**settings: object) -> object:
    client = open_qdrant(StoreSettings.model_validate(settings))
    try:
        return await QdrantProfiles(client, embedder="e").get(tenant="t", user_id="u")
    finally:
        await client.close()


async def test_the_right_key_is_accepted(server: str, ours: Authority) -> None:
    key = SecretStr(KEY)
    assert await _get_profile(qdrant_url=server, qdrant_api_key=key, qdrant_ca=ours.file) is None


async def test_a_wrong_key_is_rejected_and_not_shown_in_the_error(
    server: str, ours: Authority
) -> None:
    with pytest.raises(Unavailable) as error:
        await _get_profile(qdrant_url=server, qdrant_api_key="guessed", qdrant_ca=ours.file)
    assert "401" in str(error.value)
    assert "guessed" not in str(error.value)


async def test_a_server_certified_by_another_authority_is_not_trusted(
    server: str, tmp_path: Path
) -> None:
    other = Authority(tmp_path / "other")
    with pytest.raises(Unavailable, match="certificate"):
        await _get_profile(qdrant_url=server, qdrant_api_key=KEY, qdrant_ca=other.file)


async def test_a_file_without_certificates_is_reported(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.touch()
    with pytest.raises(InvalidSettings, match="PREFERSTREAM_QDRANT_CA"):
        await _get_profile(qdrant_url="https://127.0.0.1:1", qdrant_ca=empty)


async def test_the_doctor_trusts_the_same_authority_as_the_store(
    server: str, ours: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PREFERSTREAM_QDRANT_URL", server)
    monkeypatch.setenv("PREFERSTREAM_QDRANT_API_KEY", KEY)
    unknown = await asyncio.to_thread(check_qdrant)
    monkeypatch.setenv("PREFERSTREAM_QDRANT_CA", str(ours.file))
    known = await asyncio.to_thread(check_qdrant)
    assert unknown is not None
    assert known is not None
    assert "certificate" in unknown.detail
    assert "PREFERSTREAM_QDRANT_CA" in unknown.advice
    assert known.ok, known.detail
