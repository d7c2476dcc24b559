"""The web server: a configured or a free port, trusted proxies, and a stop in time."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from services.ops.http.server import WebServer
from shared.domain.errors import Unavailable
from tests.unit.services.ops.site import site

FROM_A_PROXY = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}


@asynccontextmanager
async def served(**options: Any) -> AsyncIterator[WebServer]:
    defaults = {"host": "127.0.0.1", "port": 0, "fallback_to_free_port": False, "stop_seconds": 1}
    server = WebServer(site().app, **{**defaults, **options})
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def get_page(address: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=address, headers=headers) as client:
        return await client.get("/")


async def test_a_configured_port_in_use_is_an_error_and_a_default_port_is_replaced() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Unavailable, match="PREFERSTREAM_OPS_PORT"):
            async with served(port=port):
                pass
        async with served(port=port, fallback_to_free_port=True) as server:
            assert not server.address.endswith(f":{port}")
            assert (await get_page(server.address)).status_code == 200


async def test_forwarded_headers_of_a_trusted_proxy_are_used() -> None:
    async with served(trusted_proxies=("127.0.0.1",)) as server:
        response = await get_page(server.address, **FROM_A_PROXY)
    assert "Secure" in response.headers["set-cookie"]
    assert "max-age" in response.headers["strict-transport-security"]


async def test_forwarded_headers_of_other_clients_are_ignored() -> None:
    async with served() as server:
        response = await get_page(server.address, **FROM_A_PROXY)
    assert "Secure" not in response.headers["set-cookie"]
    assert "strict-transport-security" not in response.headers


async def test_a_stop_does_not_wait_longer_than_stop_seconds() -> None:
    async with served() as server:
        reader, writer = await asyncio.open_connection(*server.address[7:].split(":"))
        writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        await writer.drain()
        async with asyncio.timeout(30):
            await server.stop()
        assert await reader.read() == b""
        writer.close()


async def test_a_head_response_has_no_body_on_the_socket() -> None:
    async with served() as server:
        reader, writer = await asyncio.open_connection(*server.address[7:].split(":"))
        writer.write(b"HEAD /docs HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        async with asyncio.timeout(30):
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    assert head.startswith(b"HTTP/1.1 200")
    assert int(head.lower().partition(b"content-length: ")[2].split()[0]) > 1000
    assert body == b""
