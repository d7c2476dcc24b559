"""Read an image from a checked web address, within limits of time and size.

The resolver of the connection itself makes the check, so no second lookup can return another
address than the checked one. Redirects are followed here, and each one is checked too.
"""

import asyncio
import errno
import socket
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from shared.domain.errors import Unavailable, Unprocessable
from shared.images.addresses import CheckedResolver
from shared.images.capacity import Body
from shared.images.display_name import short
from shared.images.file_types import image_format
from shared.images.hosts.host_gate import PART, Host, HostFailed, HostGate, Visit
from shared.images.hosts.name_resolver import NameResolver
from shared.images.refusals import too_many_bytes, too_slow
from shared.images.settings import ImageSettings
from shared.images.web_address import checked, redirected

CHUNK_BYTES = 64 * 1024
TEMPORARY = frozenset({408, 425, 429})
"""Status codes below 500 after which a later request may succeed."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})
NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
DECODED_ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
"""The decoder recognizes gzip and deflate by their first bytes and decompresses them."""
KNOWN_STATUSES = frozenset(HTTPStatus)
OUR_OWN = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL})
"""Errors of a connection that are shortages of this process, and no fault of the host."""


class WebSource:
    """Fetches `https:` images; keeps no cookies, sends no credentials, uses no proxy."""

    def __init__(
        self,
        settings: ImageSettings,
        *,
        gate: HostGate | None = None,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._settings = settings
        self._gate = gate or HostGate(settings)
        self._resolver = resolver or NameResolver()
        self._session: aiohttp.ClientSession | None = None

    async def fetch(
        self, uri: str, *, requester: Hashable | None = None, body: Body | None = None
    ) -> bytes:
        """The bytes at `uri`; raises `Unprocessable` or `Unavailable`.

        `body` is the place in memory for the bytes; without it they are not limited together with
        those of other images.
        """
        requester = object() if requester is None else requester
        url = checked(uri, self._settings)
        seconds_left = max_seconds = self._settings.max_image_wait_seconds
        now = asyncio.get_running_loop().time
        for _ in range(self._settings.max_image_redirects + 1):
            # Each redirect needs a place at its own host: a good host that redirects to a slow one
            # is not blocked. Only the time with a connection counts.
            async with self._gate.visit(_host(url), str(url), requester) as visit:
                started_at = now()
                # The last host of slow redirects has too little time for a verdict on it.
                fair = seconds_left >= max_seconds / 2
                with _translated(uri, max_seconds=max_seconds, is_fair=fair):
                    async with asyncio.timeout(seconds_left) as clock:
                        response = await self._get(url, visit, body, clock)
                seconds_left -= now() - started_at
            if isinstance(response, bytes):
                return response
            url = redirected(url, response, self._settings)
        raise Unprocessable(
            "too_many_redirects",
            f"{short(uri)} redirects more than {self._settings.max_image_redirects} times;"
            " send the image's own address",
        )

    async def _get(
        self, url: URL, visit: Visit, body: Body | None, clock: asyncio.Timeout
    ) -> bytes | str:
        """The image's bytes, or the address of a redirect."""
        async with self._open_session().get(url, allow_redirects=False) as answer:
            status = answer.status
            if status in TEMPORARY or status >= 500:
                raise HostFailed(PART, f"{short(str(url))} answered {status}", kind="status")
            if status in REDIRECTS and "Location" in answer.headers:
                return answer.headers["Location"]
            if status != HTTPStatus.OK:
                visit.answered()
                # A host may answer any number; unknown ones share one reason and so one counter.
                raise Unprocessable(
                    f"http_{status}" if status in KNOWN_STATUSES else "http_error",
                    f"{short(str(url))} answered {status} instead of an image",
                )
            try:
                return await self._body(str(url), answer, body, clock)
            except Unprocessable:
                visit.answered()
                raise

    async def _body(
        self,
        uri: str,
        answer: aiohttp.ClientResponse,
        body: Body | None,
        clock: asyncio.Timeout,
    ) -> bytes:
        max_bytes = self._settings.max_image_bytes
        # The header may be wrong; a correct one saves the transfer.
        if (answer.content_length or 0) > max_bytes:
            raise too_many_bytes(uri, max_bytes)
        data = bytearray()
        async for chunk in answer.content.iter_chunked(CHUNK_BYTES):
            data += chunk
            if len(data) > max_bytes:
                raise too_many_bytes(uri, max_bytes)
            if body is not None:
                await body.expect(len(data), clock)
        _refuse_unknown_encoding(uri, answer.headers.get("Content-Encoding", ""), bytes(data[:16]))
        return bytes(data)

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            checked_resolver = CheckedResolver(
                self._resolver, allow_private=self._settings.allow_private_addresses
            )
            self._session = aiohttp.ClientSession(
                # The gate limits the connections; a second queue here would be an unfair one.
                connector=aiohttp.TCPConnector(
                    resolver=checked_resolver, use_dns_cache=False, limit=0
                ),
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
        # The session closes only a resolver of its own.
        await self._resolver.close()


def _host(url: URL) -> Host:
    # A dot at the end only marks an absolute name.
    return Host(url.scheme, (url.raw_host or "").rstrip("."), url.port)


@contextmanager
def _translated(uri: str, *, max_seconds: float, is_fair: bool) -> Iterator[None]:
    """Translate the errors of one request; failures of the host are `HostFailed`."""
    try:
        yield
    except TimeoutError as error:
        late = too_slow(PART, uri, seconds=max_seconds)
        raise (HostFailed(late.part, late.detail, kind="timeout") if is_fair else late) from error
    except aiohttp.InvalidURL as error:
        raise Unprocessable("bad_uri", f"{short(uri)} is not a web address") from error
    except aiohttp.ClientConnectorDNSError as error:
        if error.os_error.errno in NO_SUCH_NAME:
            raise Unprocessable(
                "unknown_host", f"{short(uri)}: no such host; check its name"
            ) from error
        raise HostFailed(
            PART, f"{short(uri)}: the name of its host cannot be resolved now", kind="connect"
        ) from error
    except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError) as error:
        raise Unprocessable(
            "bad_certificate", f"{short(uri)}: its host has no trusted certificate; renew it"
        ) from error
    except aiohttp.ClientConnectorError as error:
        if error.os_error.errno in OUR_OWN:
            raise Unavailable(
                PART, f"{short(uri)}: this process can open no further connection now"
            ) from error
        raise HostFailed(
            PART, f"{short(uri)}: its host cannot be connected to", kind="connect"
        ) from error
    # The error's text may repeat the whole address with its signature.
    except (aiohttp.ClientError, OSError) as error:
        raise HostFailed(
            PART,
            f"{short(uri)}: its host closed the connection or sent a bad response"
            f" ({type(error).__name__})",
            kind="closed",
        ) from error


def _refuse_unknown_encoding(uri: str, encoding: str, start: bytes) -> None:
    """Raise `Unprocessable` for a body that is compressed in a way that the decoder cannot undo."""
    name = encoding.strip().lower()
    if name not in DECODED_ENCODINGS and image_format(start) is None:
        raise Unprocessable(
            "content_encoding",
            f"{short(uri)}: its host sent it with Content-Encoding: {short(name)}, although none"
            " was requested; turn that off for images",
        )
