"""The SDK's own client reaches the gateway through `preferstream mcp`, over stdio and HTTP."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import uvicorn
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from starlette.applications import Starlette
from starlette.types import ASGIApp

from services.mcp.gateway import Address, Gateway
from services.mcp.server import PATH, mcp_server
from tests.unit.services.mcp.tastes import store_taste
from tests.unit.services.ops.site import site


@asynccontextmanager
async def served(app: Starlette | ASGIApp) -> AsyncIterator[str]:
    """The address of an app on a free port of this machine."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    serving = asyncio.create_task(server.serve([listening]))
    try:
        # Connections wait in the queue of the socket until the app has started.
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


async def test_a_client_over_stdio_has_the_role_of_its_token() -> None:
    fake_site = site(with_tokens=True)
    await store_taste(fake_site, "a/..")
    async with served(fake_site.app) as address:
        command = StdioServerParameters(
            command=sys.executable,
            args=["-m", "services.cli", "mcp"],
            env={
                "PREFERSTREAM_GATEWAY_URL": address,
                "PREFERSTREAM_GATEWAY_TOKEN": "secret-reader",
                "PYTHONPATH": os.pathsep.join(sys.path),
            },
        )
        async with Client(stdio_client(command)) as client:
            taste = await client.call_tool("read_taste", {"user_id": "a/.."})
            pin = await client.call_tool(
                "pin_word", {"user_id": "a/..", "element": "color", "word": "red"}
            )
    assert taste.structured_content is not None
    assert taste.structured_content["likes"] == {"color": {"pastel": 0.8}}
    assert pin.is_error
    assert fake_site.kafka.sent == []


async def test_each_client_over_http_has_its_own_token() -> None:
    fake_site = site(with_tokens=True)
    async with served(fake_site.app) as address:
        # The token of the server itself is for stdio alone; over HTTP nobody gets its rights.
        server = mcp_server(Gateway(lambda: Address(address)))
        app = server.streamable_http_app(streamable_http_path=PATH, stateless_http=True)
        async with served(app) as mcp_address:
            errors = [
                await _pin(mcp_address + PATH, {"Authorization": f"Bearer secret-{name}"})
                for name in ("writer", "reader")
            ]
            errors.append(await _pin(mcp_address + PATH, {}))
    assert errors == [False, True, True]
    assert len(fake_site.kafka.sent) == 1


async def _pin(address: str, headers: dict[str, str]) -> bool:
    """Whether a pin is refused."""
    async with (
        httpx2.AsyncClient(headers=headers) as http,
        Client(streamable_http_client(address, http_client=http)) as client,
    ):
        arguments = {"user_id": "ada", "element": "color", "word": "red"}
        result = await client.call_tool("pin_word", arguments)
    return bool(result.is_error)
