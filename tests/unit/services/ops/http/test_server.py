"""Serve on a socket: a port of choice or a free one, a proxy that is believed, an end in time."""

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
async def served(**told: Any) -> AsyncIterator[WebServer]:
    chosen = {"host": "127.0.0.1", "port": 0, "else_any_port": False, "stop_seconds": 1, **told}
    server = WebServer(site().app, **chosen)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def _asked(address: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=address, headers=headers) as client:
        return await client.get("/")


async def test_a_taken_port_is_said_and_a_free_one_found_where_none_was_chosen() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match="PREFERSTREAM_OPS_PORT"):
            async with served(port=port):
                pass
        async with served(port=port, else_any_port=True) as server:
            assert not server.address.endswith(f":{port}")
            assert (await _asked(server.address)).status_code == 200


async def test_a_proxy_that_is_known_says_that_it_was_https() -> None:
    async with served(proxies=("127.0.0.1",)) as server:
        answer = await _asked(server.address, **FROM_A_PROXY)
    assert "Secure" in answer.headers["set-cookie"]
    assert "max-age" in answer.headers["strict-transport-security"]


async def test_anybody_else_is_not_believed() -> None:
    async with served() as server:
        answer = await _asked(server.address, **FROM_A_PROXY)
    assert "Secure" not in answer.headers["set-cookie"]
    assert "strict-transport-security" not in answer.headers


async def test_stopping_waits_no_longer_than_told() -> None:
    async with served() as server:
        reader, writer = await asyncio.open_connection(*server.address[7:].split(":"))
        writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        await writer.drain()
        async with asyncio.timeout(30):
            await server.stop()
        assert await reader.read() == b""
        writer.close()


async def test_behind_a_head_nothing_is_sent() -> None:
    async with served() as server:
        reader, writer = await asyncio.open_connection(*server.address[7:].split(":"))
        writer.write(b"HEAD /docs HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        async with asyncio.timeout(30):
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    assert head.startswith(b"HTTP/1.1 200")
    assert int(head.lower().partition(b"content-length: ")[2].split()[0]) > 1000
    assert body == b""
