"""Send requests to an embedding server over HTTP, with bounded retries and a circuit breaker."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
from yarl import URL

from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.limits.circuit_breaker import CircuitBreaker, Permit, Refusal
from shared.embedding.images.encoders.errors import BadEncoder
from shared.embedding.images.encoders.server.responses import (
    PART,
    RETRIED,
    NotFound,
    error_for,
    message_of,
    retry_seconds,
)
from shared.embedding.images.encoders.settings import ImageEncoderSettings
from shared.files.server_address import server_address

ROUTES: Final = ("/v1/embeddings", "/v2/embed", "/v1")
CONNECT_SECONDS: Final = 5.0
"""A running server accepts a connection at once, even when it is busy."""
ATTEMPTS: Final = 3
"""Attempts for one request: a restart behind a load balancer and a short overload pass."""
RETRY_SECONDS: Final = 0.25
"""Wait before the second attempt; it doubles with each further one."""
MAX_RETRY_SECONDS: Final = 2.0
"""Longest wait, also when the server wishes a longer one (`Retry-After`): a feed waits for this."""
CIRCUIT_FAILURES: Final = 5
CIRCUIT_OPEN_SECONDS: Final = 10.0
"""Feeds are ranked without the subject meanwhile, and at once."""
MAX_RESPONSE_BYTES: Final = 32 * 1024 * 1024
"""A batch of 64 vectors with 4,096 numbers needs about 6 MB."""


class _Retry(Exception):
    def __init__(self, cause: str, *, seconds: float | None = None) -> None:
        super().__init__(cause)
        self.seconds = seconds


class Connection:
    """One server; made and used in one event loop.

    Every method raises `Unavailable` when no response comes, `Unprocessable` when the server can
    never answer the request, and `NotFound`.
    """

    def __init__(self, settings: ImageEncoderSettings) -> None:
        assert settings.image_encoder_server is not None
        self.address = base_address(settings.image_encoder_server)
        self._timeout_seconds = settings.image_encoder_server_timeout_seconds
        key = settings.image_encoder_server_key
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {key.get_secret_value()}"} if key else {},
            # All attempts together have the seconds of the settings.
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            # The semaphore bounds the requests. A server closes an idle connection after seconds,
            # maybe during a request: none is kept.
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
        )
        self._concurrency = asyncio.Semaphore(settings.image_encoder_server_concurrency)
        self._circuit = CircuitBreaker(
            failures=CIRCUIT_FAILURES, open_seconds=CIRCUIT_OPEN_SECONDS, max_keys=1
        )

    async def get(self, route: str) -> Any:
        """The JSON response of a route."""
        return await self._answer("GET", route, None)

    async def post(self, route: str, body: Mapping[str, Any]) -> Any:
        """The JSON response to a JSON body; waits while too many requests are running."""
        async with self._concurrency:
            return await self._answer("POST", route, body)

    async def close(self) -> None:
        """Close all connections and give up running requests."""
        await self._session.close()

    async def _answer(self, method: str, route: str, body: Mapping[str, Any] | None) -> Any:
        permit = self._circuit.admit(self.address)
        if isinstance(permit, Refusal):
            raise Unavailable(
                PART,
                f"{self.address} failed {permit.failures} times in a row; the next attempt is in"
                f" {permit.retry_seconds:.0f} s",
            )
        try:
            async with asyncio.timeout(self._timeout_seconds):
                answer = await self._with_retries(method, route, body, permit)
        except TimeoutError as error:
            self._circuit.failed(permit)
            raise Unavailable(
                PART, f"{self.address} did not answer within {self._timeout_seconds:g} s"
            ) from error
        except Unavailable:
            self._circuit.failed(permit)
            raise
        except (Unprocessable, NotFound):
            # The server works; it refuses this request.
            self._circuit.succeeded(permit)
            raise
        except BaseException:
            self._circuit.abandoned(permit)
            raise
        self._circuit.succeeded(permit)
        return answer

    async def _with_retries(
        self, method: str, route: str, body: Mapping[str, Any] | None, permit: Permit
    ) -> Any:
        seconds = RETRY_SECONDS
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._send(method, route, body)
            except _Retry as error:
                # One attempt is enough to learn whether a failed server works again.
                if attempt == ATTEMPTS or permit.is_trial:
                    raise Unavailable(PART, str(error)) from error
                wished = seconds if error.seconds is None else error.seconds
            await asyncio.sleep(min(wished, MAX_RETRY_SECONDS))
            seconds *= 2
        raise AssertionError("unreachable")

    async def _send(self, method: str, route: str, body: Mapping[str, Any] | None) -> Any:
        try:
            # A redirect would send the key to another host.
            async with self._session.request(
                method, self.address / route, json=body, allow_redirects=False
            ) as response:
                status = response.status
                text = await _text(response)
                wished = retry_seconds(response.headers.get("Retry-After"))
        except aiohttp.ClientError as error:
            raise _Retry(f"{self.address} cannot be reached: {error}") from error
        if status in RETRIED:
            raise _Retry(f"{self.address} answers {status}: {message_of(text)}", seconds=wished)
        if status != 200:
            raise error_for(status, message_of(text), address=str(self.address))
        try:
            return json.loads(text)
        except ValueError as error:
            raise Unavailable(PART, f"{self.address}/{route} answers no JSON") from error


def base_address(setting: str) -> URL:
    """The server's address without `/v1`; raises `BadEncoder`, and never repeats a password."""
    try:
        return URL(server_address(setting, setting="IMAGE_ENCODER_SERVER", routes=ROUTES))
    except ValueError as error:
        raise BadEncoder(str(error)) from error


async def _text(response: aiohttp.ClientResponse) -> str:
    content = await response.content.read(MAX_RESPONSE_BYTES + 1)
    chunks = [content]
    size = len(content)
    while content and size <= MAX_RESPONSE_BYTES:
        content = await response.content.read(MAX_RESPONSE_BYTES + 1)
        chunks.append(content)
        size += len(content)
    if size > MAX_RESPONSE_BYTES:
        raise Unavailable(PART, f"a response of {response.url.host} has more than 32 MiB")
    return b"".join(chunks).decode("utf-8", errors="replace")
