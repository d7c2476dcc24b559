"""Assemble the MCP server, and run it over stdio or streamable HTTP."""

import logging
import sys
from importlib.metadata import version
from typing import Any, Final

import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types import CallToolResult, InputRequiredResult

from services.mcp.gateway import Gateway
from services.mcp.tools import add_tools

INSTRUCTIONS: Final = (
    "Preferstream ranks images by the taste of each user, which it keeps in readable words. Rank"
    " images with rank_images, explain a rank with explain_rank, and read a taste with read_taste."
    " Change a taste only at the user's wish: pin_word, veto_word and send_feedback."
)
PATH: Final = "/mcp"


class StrictServer(MCPServer[Any]):
    """Refuses arguments that a tool does not have: a misspelled filter would let images pass."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        for tool in await self.list_tools():
            known = tool.input_schema.get("properties", {})
            unknown = sorted(arguments.keys() - known.keys())
            if tool.name == name and unknown:
                raise ToolError(
                    f"{name} has no argument {', '.join(unknown)}; it takes {', '.join(known)}"
                )
        return await super().call_tool(name, arguments, context)


def mcp_server(gateway: Gateway) -> MCPServer[Any]:
    """The server with all tools."""
    server = StrictServer(
        "preferstream",
        title="Preferstream",
        instructions=INSTRUCTIONS,
        version=version("preferstream"),
        log_level="WARNING",
    )
    add_tools(server, gateway)
    return server


async def serve_stdio(gateway: Gateway) -> None:
    """Serve one client over stdin and stdout until it closes them; logs go to stderr."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    await mcp_server(gateway).run_stdio_async()


async def serve_http(
    gateway: Gateway, *, host: str, port: int, allowed_hosts: tuple[str, ...] = ()
) -> None:
    """Serve clients over streamable HTTP at `/mcp`; each sends its own token of the gateway.

    Only requests for a known host are answered, so that no web page can reach the server by a
    name of its own (DNS rebinding).
    """
    names = (*{"127.0.0.1", "localhost", "[::1]", host}, *allowed_hosts)
    security = TransportSecuritySettings(
        allowed_hosts=[form for name in names for form in (name, f"{name}:*")],
        allowed_origins=[f"{scheme}://{name}:*" for name in names for scheme in ("http", "https")],
    )
    app = mcp_server(gateway).streamable_http_app(
        streamable_http_path=PATH, stateless_http=True, transport_security=security, host=host
    )
    await uvicorn.Server(uvicorn.Config(app, host=host, port=port, log_level="warning")).serve()
