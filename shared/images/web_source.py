"""Read an image from a checked web address, within limits of time and size.

The resolver of the connection itself makes the check, so no second lookup can return another
address than the checked one. Redirects are followed here, and each one is checked too.
"""

import asyncio
import socket
from http import HTTPStatus

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from shared.domain.errors import Unavailable, Unprocessable
from shared.images.addresses import CheckedResolver
from shared.images.display_name import short
from shared.images.refusals import too_many_bytes, too_slow
from shared.images.settings import ImageSettings
from shared.images.web_address import checked, redirected

PART = "image host"
CHUNK_BYTES = 64 * 1024
TEMPORARY = frozenset({408, 425, 429})
"""Status codes below 500 after which a later request may succeed."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})
NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
KNOWN_STATUSES = frozenset(HTTPStatus)


class WebSource:
    """Fetches `https:` images; keeps no cookies, sends no credentials, uses no proxy."""

    def __init__(
        self, settings: ImageSettings, *, resolver: AbstractResolver | None = None
    ) -> None:
        self._settings = settings
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, uri: str) -> bytes:
        """The bytes at `uri`; raises `Unprocessable` or `Unavailable`."""
        max_seconds = self._settings.max_image_wait_seconds
        try:
            async with asyncio.timeout(max_seconds):
                return await self._follow(uri)
        except TimeoutError as error:
            raise too_slow(PART, uri, seconds=max_seconds) from error
        except aiohttp.InvalidURL as error:
            raise Unprocessable("bad_uri", f"{short(uri)} is not a web address") from error
        except aiohttp.ClientConnectorDNSError as error:
            raise _unresolved(uri, error) from error
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError) as error:
            raise Unprocessable(
                "bad_certificate",
                f"{short(uri)}: its host has no trusted certificate; renew it",
            ) from error
        except aiohttp.ClientConnectorError as error:
            raise Unavailable(PART, f"{short(uri)}: its host cannot be connected to") from error
        # The error's text may repeat the whole address with its signature.
        except (aiohttp.ClientError, OSError) as error:
            raise Unavailable(
                PART,
                f"{short(uri)}: its host closed the connection or sent a bad response"
                f" ({type(error).__name__})",
            ) from error

    async def _follow(self, uri: str) -> bytes:
        url = checked(uri, self._settings)
        for _ in range(self._settings.max_image_redirects + 1):
            response = await self._get(url)
            if isinstance(response, bytes):
                return response
            url = redirected(url, response, self._settings)
        raise Unprocessable(
            "too_many_redirects",
            f"{short(uri)} redirects more than {self._settings.max_image_redirects} times;"
            " send the image's own address",
        )

    async def _get(self, url: URL) -> bytes | str:
        """The image's bytes, or the address of a redirect."""
        async with self._open_session().get(url, allow_redirects=False) as answer:
            status = answer.status
            if status in REDIRECTS and "Location" in answer.headers:
                return answer.headers["Location"]
            if status in TEMPORARY or status >= 500:
                raise Unavailable(PART, f"{short(str(url))} answered {status}")
            if status != HTTPStatus.OK:
                # A host may answer any number; unknown ones share one reason and so one counter.
                raise Unprocessable(
                    f"http_{status}" if status in KNOWN_STATUSES else "http_error",
                    f"{short(str(url))} answered {status} instead of an image",
                )
            return await self._body(str(url), answer)

    async def _body(self, uri: str, answer: aiohttp.ClientResponse) -> bytes:
        max_bytes = self._settings.max_image_bytes
        # The header may be wrong; a correct one saves the transfer.
        if (answer.content_length or 0) > max_bytes:
            raise too_many_bytes(uri, max_bytes)
        body = bytearray()
        async for chunk in answer.content.iter_chunked(CHUNK_BYTES):
            body += chunk
            if len(body) > max_bytes:
                raise too_many_bytes(uri, max_bytes)
        return bytes(body)

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            checked_resolver = CheckedResolver(
                allow_private=self._settings.allow_private_addresses, resolver=self._resolver
            )
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=checked_resolver, use_dns_cache=False),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                # Without decompression a small body cannot become a large one.
                auto_decompress=False,
                headers={
                    "Accept": "image/*",
                    "Accept-Encoding": "identity",
                    "User-Agent": "preferstream",
                },
            )
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


def _unresolved(uri: str, error: aiohttp.ClientConnectorDNSError) -> Unprocessable | Unavailable:
    if error.os_error.errno in NO_SUCH_NAME:
        return Unprocessable("unknown_host", f"{short(uri)}: no such host; check its name")
    return Unavailable(PART, f"{short(uri)}: the name of its host cannot be resolved now")
