"""Read an image from the web, from addresses that were checked, in bounded time and size.

The check happens in the resolver that the connection itself uses, so that no second look-up can
give another address than the one checked; redirects are followed by hand and checked alike.
"""

import asyncio
import socket
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from shared.errors import Unavailable, Unprocessable
from shared.images.addresses import refuse_private
from shared.images.naming import short
from shared.images.settings import ImageSettings

CHUNK_BYTES = 64 * 1024
NOT_NOW = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be another one later."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class _CheckedResolver(AbstractResolver):
    """Resolves names, and refuses those that lead to a private address."""

    def __init__(self) -> None:
        self._resolver = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        refuse_private(host, [one["host"] for one in found])
        return found

    async def close(self) -> None:
        await self._resolver.close()


class WebSource:
    """Fetches `https:` images; keeps no cookies, sends no credentials, uses no proxy."""

    def __init__(self, settings: ImageSettings) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, uri: str) -> bytes:
        """The bytes at `uri`; raises `Unprocessable` or `Unavailable`."""
        try:
            async with asyncio.timeout(self._settings.max_image_wait_seconds):
                return await self._follow(uri)
        except TimeoutError as error:
            raise Unavailable(
                "image host",
                f"{short(uri)} did not arrive within {self._settings.max_image_wait_seconds:g} s",
            ) from error
        except aiohttp.InvalidURL as error:
            raise Unprocessable("bad_uri", f"{short(uri)} is not a web address") from error
        except aiohttp.ClientConnectorDNSError as error:
            raise Unprocessable(
                "unknown_host", f"{short(uri)}: no such host; check its name"
            ) from error
        except aiohttp.ClientError as error:
            raise Unavailable("image host", f"{short(uri)}: {_told(error)}") from error

    async def _follow(self, uri: str) -> bytes:
        for _ in range(self._settings.max_image_redirects + 1):
            found = await self._get(uri)
            if isinstance(found, bytes):
                return found
            uri = urljoin(uri, found)
        raise Unprocessable(
            "too_many_redirects",
            f"{short(uri)} is the end of more than {self._settings.max_image_redirects} redirects;"
            " send the image's own address",
        )

    async def _get(self, uri: str) -> bytes | str:
        """The image's bytes, or the address it is redirected to."""
        self._check(uri)
        async with self._sessions().get(uri, allow_redirects=False) as answer:
            if answer.status in REDIRECTS and "Location" in answer.headers:
                return answer.headers["Location"]
            if answer.status in NOT_NOW:
                raise Unavailable("image host", f"{short(uri)} answered {answer.status}")
            if answer.status != 200:
                raise Unprocessable(
                    "http_error", f"{short(uri)} answered {answer.status} instead of an image"
                )
            return await self._body(uri, answer)

    async def _body(self, uri: str, answer: aiohttp.ClientResponse) -> bytes:
        most = self._settings.max_image_bytes
        # The header may lie either way; it only saves the transfer when it owns up.
        if (answer.content_length or 0) > most:
            raise too_many_bytes(uri, most)
        body = bytearray()
        async for chunk in answer.content.iter_chunked(CHUNK_BYTES):
            body += chunk
            if len(body) > most:
                raise too_many_bytes(uri, most)
        return bytes(body)

    def _check(self, uri: str) -> SplitResult:
        try:
            parts = urlsplit(uri)
            host, _ = parts.hostname, parts.port
        except ValueError as error:
            raise Unprocessable("bad_uri", f"{short(uri)} is not a web address") from error
        if parts.scheme == "http" and not self._settings.allow_plain_http:
            raise Unprocessable("plain_http", f"{short(uri)} is not https; send an https address")
        if parts.scheme not in ("http", "https"):
            raise Unprocessable(
                "bad_redirect", f"a redirect leads to {short(uri)}, which is not on the web"
            )
        if not host:
            raise Unprocessable("bad_uri", f"{short(uri)} names no host")
        if parts.username or parts.password:
            raise Unprocessable(
                "credentials_in_uri", f"an address at {host} carries a password; send signed URLs"
            )
        if not self._settings.allow_private_addresses:
            _check_literal(host)
        return parts

    def _sessions(self) -> aiohttp.ClientSession:
        if self._session is None:
            resolver: Any = None if self._settings.allow_private_addresses else _CheckedResolver()
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                headers={"Accept": "image/*", "User-Agent": "preferstream"},
            )
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


def too_many_bytes(uri: str, most: int) -> Unprocessable:
    return Unprocessable(
        "too_many_bytes", f"{short(uri)} has more than {most:,} bytes; send a smaller rendition"
    )


def _check_literal(host: str) -> None:
    """The library connects to an address given as such without asking a resolver."""
    try:
        literal = str(ip_address(host))
    except ValueError:
        # Old spellings of IPv4 (2130706433, 0x7f.1) are addresses to the C library.
        try:
            literal = socket.inet_ntoa(socket.inet_aton(host))
        except OSError:
            return
    refuse_private(host, [literal])


def _told(error: aiohttp.ClientError) -> str:
    text = str(error) or type(error).__name__
    return text[:200]
