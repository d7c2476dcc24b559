"""Send requests to a model server over HTTP with bounded concurrency, and translate its errors."""

import asyncio
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, Self

import aiohttp
from yarl import URL

from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.limits.circuit_breaker import CircuitBreaker, Permit, Refusal, State
from shared.files.server_address import server_address
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.settings import ModelSettings

log = logging.getLogger(__name__)
PART: Final = "model"
CONNECT_SECONDS: Final = 5.0
"""A running server accepts a connection at once, even when it is busy."""
TRIAL_WAIT_SECONDS: Final = 1.0
"""How long a request waits for the result of another one that tries a failing server."""
MAX_MESSAGE_CHARACTERS: Final = 300
"""Of the server's error message: some messages repeat the request, which may hold a user's
image."""
ROUTES: Final = "v1"


class NotFound(Exception):
    """The server has no such route or model; the text is the server's message."""


class ConnectionClosed(Exception):
    """A connection ended before the response; sending the request again is safe."""


class Busy(Unavailable):
    """The server works and has too many requests (status 429)."""


class ServerError(Unavailable):
    """The server runs but failed on this request (status 500)."""


class Connection:
    """One server, for all models of this process; made and used in one event loop.

    Every method raises `Unavailable` when no response comes, `Unprocessable` when the server can
    never answer the request, and `NotFound`.
    """

    def __init__(self, settings: ModelSettings) -> None:
        assert settings.model_server is not None
        self.address = base_address(settings.model_server)
        self._timeout_seconds = settings.model_server_timeout_seconds
        key = settings.model_server_key
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {key.get_secret_value()}"} if key else {},
            timeout=aiohttp.ClientTimeout(
                total=settings.model_server_timeout_seconds, sock_connect=CONNECT_SECONDS
            ),
            # The semaphore bounds the completions; promotions must not wait behind them. vLLM
            # closes an idle connection after five seconds, maybe during a request: none is kept.
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
        )
        self._concurrency = asyncio.Semaphore(settings.model_server_concurrency)
        self._circuit = CircuitBreaker(
            failures=settings.model_server_circuit_failures,
            open_seconds=settings.model_server_circuit_open_seconds,
            max_keys=1,
        )
        self._trial_ended = asyncio.Event()
        self._trial_ended.set()

    async def complete(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """The response to one chat completion request; waits while too many are running.

        A server can answer its health check while every request fails. After some failures in a row
        requests fail at once, and one request at a time tries again.
        """
        await self._permit(is_trial_allowed=False)  # the queue may wait for requests that hang
        async with self._concurrency:
            permit = await self._permit(is_trial_allowed=True)
            try:
                response = await self.post(f"{ROUTES}/chat/completions", request)
            except Unavailable as error:
                if not isinstance(error, Busy) and self._circuit.failed(permit):
                    log.warning("requests to %s fail at once from now on: %s", self.address, error)
                raise
            except (NotFound, Unprocessable):
                self._circuit.succeeded(permit)
                raise
            else:
                self._circuit.succeeded(permit)
            finally:
                self._circuit.abandoned(permit)
                if permit.is_trial:
                    self._trial_ended.set()
        if not isinstance(response, dict):
            raise Unavailable(PART, f"the response of {self.address} is no chat completion")
        return response

    async def _permit(self, *, is_trial_allowed: bool) -> Permit:
        """Permission for one request; raises `Unavailable` while the circuit is open.

        While another request tries the server, this one waits a moment for its result.
        """
        admitted = self._admitted(is_trial_allowed)
        if isinstance(admitted, Refusal) and self._circuit.state(self.address) is State.HALF_OPEN:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._trial_ended.wait(), TRIAL_WAIT_SECONDS)
            admitted = self._admitted(is_trial_allowed)
        if isinstance(admitted, Refusal):
            raise Unavailable(
                PART,
                f"{self.address} failed {admitted.failures} times in a row; it is tried again in"
                f" {admitted.retry_seconds:.0f} s",
            )
        return admitted

    def _admitted(self, is_trial_allowed: bool) -> Permit | Refusal:
        if not is_trial_allowed:
            refusal = self._circuit.refusal(self.address)
            return refusal or Permit(self.address, is_trial=False)
        admitted = self._circuit.admit(self.address)
        if isinstance(admitted, Permit) and admitted.is_trial:
            self._trial_ended.clear()
        return admitted

    async def get(self, route: str) -> Any:
        """The JSON response of a route."""
        return await self._send("GET", route, None)

    async def post(self, route: str, body: Mapping[str, Any]) -> Any:
        """The response to a JSON body: parsed JSON, or the text when it is not JSON."""
        try:
            return await self._send("POST", route, body)
        except ConnectionClosed:
            return await self._send("POST", route, body, is_retry=True)

    async def close(self) -> None:
        """Close all connections and give up running requests."""
        await self._session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _send(
        self, method: str, route: str, body: Mapping[str, Any] | None, *, is_retry: bool = False
    ) -> Any:
        url = self.address / route
        try:
            # A redirect would send the key to another host.
            async with self._session.request(
                method, url, json=body, allow_redirects=False
            ) as response:
                status, text = response.status, await response.text(errors="replace")
        except TimeoutError as error:
            raise Unavailable(
                PART, f"{self.address} did not answer within {self._timeout_seconds:g} s"
            ) from error
        except aiohttp.ClientError as error:
            if _closed_by_server(error) and body and not is_retry:
                raise ConnectionClosed from error
            raise Unavailable(PART, f"{self.address} cannot be reached: {error}") from error
        if status != 200:
            raise error_for(status, text, address=str(self.address))
        try:
            return json.loads(text)
        except ValueError:
            return text


def _closed_by_server(error: aiohttp.ClientError) -> bool:
    if isinstance(error, aiohttp.ClientConnectorError):
        return False
    return isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError)


def base_address(setting: str) -> URL:
    """The server's address without `/v1`; raises `BadCheckpoint`, and never repeats a password."""
    try:
        return URL(server_address(setting, setting="MODEL_SERVER"))
    except ValueError as error:
        raise BadCheckpoint(str(error)) from error


def error_for(status: int, text: str, *, address: str) -> Exception:
    """The error that a status other than 200 means for the request."""
    message = _message(text)
    if status == 404:
        return NotFound(message)
    if status in (401, 403):
        return Unavailable(
            PART,
            f"{address} refuses our key ({status}); put the key with which the server was started"
            " into PREFERSTREAM_MODEL_SERVER_KEY",
        )
    if status in (400, 413, 422):
        return Unprocessable(
            "model_refused", f"{address} cannot answer this request ({status}): {message}"
        )
    if 300 <= status < 400:
        return Unavailable(
            PART, f"{address} redirects the request ({status}); name the server's own address"
        )
    kind = ServerError if status == 500 else Busy if status == 429 else Unavailable
    return kind(PART, f"{address} answers {status}: {message}")


def _message(text: str) -> str:
    """The server's message, from JSON in either of two layouts or from plain text."""
    try:
        payload = json.loads(text)
        message = payload["error"]["message"] if "error" in payload else payload["detail"]
    except (ValueError, KeyError, TypeError):
        message = text
    return " ".join(str(message).split())[:MAX_MESSAGE_CHARACTERS]
