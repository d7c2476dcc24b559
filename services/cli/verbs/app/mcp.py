"""`preferstream mcp`: let a language model rank images, read tastes and correct them (MCP)."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.catalog.gateway import GatewaySettings
from services.cli.connection import ConnectionSettings
from services.cli.output.console import fail, print_progress
from services.cli.program.interruption import interruptible
from services.local.runtime_file import read_runtime_file
from shared.settings import from_environment

if TYPE_CHECKING:
    from services.mcp.gateway import Address


def mcp(
    gateway: Annotated[
        str | None,
        typer.Option(help="Address of the gateway. Default: the running system."),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(help="File with the bearer token. Default: PREFERSTREAM_GATEWAY_TOKEN."),
    ] = None,
    http_port: Annotated[
        int | None,
        typer.Option(help="Serve streamable HTTP at this port, in place of stdin and stdout."),
    ] = None,
    http_host: Annotated[
        str, typer.Option(help="Interface for --http-port; every one but loopback needs TLS.")
    ] = "127.0.0.1",
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(help="Host name that clients may use for --http-port; can be repeated."),
    ] = None,
) -> None:
    """Serve the tools of the gateway by the Model Context Protocol, over stdin and stdout.

    Over HTTP, each client sends its own token of the gateway.

    Example: preferstream mcp
    """
    # Imported here: the SDK takes a second.
    from services.mcp.gateway import Gateway
    from services.mcp.server import PATH, serve_http, serve_stdio
    from services.mcp.settings import McpSettings
    from services.ops.http.middleware.origin import is_loopback

    settings = from_environment(GatewaySettings)
    is_http = http_port is not None
    token = None if is_http else _token(token_file, settings.gateway_token)
    url = gateway or settings.gateway_url

    def find() -> "Address":
        return _find(url, token)

    connected = Gateway(
        find,
        wait_seconds=from_environment(McpSettings).mcp_wait_seconds,
        is_exposed=is_http and not is_loopback(http_host),
    )
    with interruptible(lambda: "the MCP server has stopped"):
        if http_port is None:
            asyncio.run(serve_stdio(connected))
            return
        print_progress(f"serving MCP at http://{http_host}:{http_port}{PATH}")
        asyncio.run(
            serve_http(
                connected,
                host=http_host,
                port=http_port,
                allowed_hosts=tuple(allowed_host or ()),
            )
        )


def _token(file: Path | None, configured: object) -> str | None:
    from pydantic import SecretStr

    if file is not None:
        try:
            return file.read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError) as error:
            fail(f"the token file {file} cannot be read: {error}; correct --token-file")
    return configured.get_secret_value() if isinstance(configured, SecretStr) else None


def _find(url: str | None, token: str | None) -> "Address":
    """The gateway of the settings, or of the system that runs in the data folder now."""
    from services.mcp.gateway import Address, NoGateway

    if url is not None:
        return Address(url, token)
    folder = from_environment(ConnectionSettings).data_dir
    running = read_runtime_file(folder)
    if running is None or running.dashboard is None:
        raise NoGateway(
            f"no system with a gateway runs in {folder.absolute()}; start one with `preferstream"
            " up`, or set PREFERSTREAM_GATEWAY_URL to the address of a gateway"
        )
    return Address(running.dashboard, token)
