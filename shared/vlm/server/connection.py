"""Speak to a model server over HTTP, few at once, and say what failed in our own terms."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final, Self

import aiohttp
from yarl import URL

from shared.domain.errors import Unavailable, Unprocessable
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.settings import ModelSettings

PART: Final = "model"
CONNECT_SECONDS: Final = 5.0
"""A server that is there takes a connection at once, however busy it is."""
TOLD_CHARACTERS: Final = 300
"""Of a server's own words: some repeat the question, which may hold a person's image."""
ROUTES: Final = "v1"


class NotFound(Exception):
    """The server has no such route or model; the text is its own."""


class Closed(Exception):
    """A connection ended before it brought an answer; asking again is safe."""


class Failed(Unavailable):
    """The server is there, and failed at this very question (500)."""


class Connection:
    """One server, for all models of this process; made and used in one event loop.

    Every method raises `Unavailable` when no answer comes, `Unprocessable` when the question can
    never be answered, and `NotFound`.
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
            # The semaphore bounds the questions; promotions must not wait behind them. vLLM closes
            # an idle connection after five seconds, maybe under a question: none is kept.
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
        )
        self._few = asyncio.Semaphore(settings.model_server_at_once)

    async def ask(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        """One chat completion, when its turn comes."""
        async with self._few:
            answer = await self.post(f"{ROUTES}/chat/completions", question)
        if not isinstance(answer, dict):
            raise Unavailable(PART, f"what {self.address} answers is no chat completion")
        return answer

    async def get(self, route: str) -> Any:
        """What a route answers, read as JSON."""
        return await self._send("GET", route, None)

    async def post(self, route: str, body: Mapping[str, Any]) -> Any:
        """The same with a question; words that are no JSON are returned as they are."""
        try:
            return await self._send("POST", route, body)
        except Closed:
            return await self._send("POST", route, body, last=True)

    async def close(self) -> None:
        """Give up what is on its way."""
        await self._session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _send(
        self, method: str, route: str, body: Mapping[str, Any] | None, *, last: bool = False
    ) -> Any:
        url = self.address / route
        try:
            # A redirect would carry the key elsewhere.
            async with self._session.request(
                method, url, json=body, allow_redirects=False
            ) as response:
                status, text = response.status, await response.text(errors="replace")
        except TimeoutError as error:
            raise Unavailable(
                PART, f"{self.address} did not answer within {self._timeout_seconds:g} s"
            ) from error
        except aiohttp.ClientError as error:
            if _closed_under_us(error) and body and not last:
                raise Closed from error
            raise Unavailable(PART, f"{self.address} cannot be reached: {error}") from error
        if status != 200:
            raise failure(status, text, address=str(self.address))
        try:
            return json.loads(text)
        except ValueError:
            return text


def _closed_under_us(error: aiohttp.ClientError) -> bool:
    if isinstance(error, aiohttp.ClientConnectorError):
        return False
    return isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError)


def base_address(setting: str) -> URL:
    """The server's address without `/v1`; raises `BadCheckpoint`, and never repeats a password."""
    url = URL(setting)
    if url.user or url.password:
        raise BadCheckpoint(
            "PREFERSTREAM_MODEL_SERVER holds a user or a password, which would end in logs; put a"
            " key into PREFERSTREAM_MODEL_SERVER_KEY"
        )
    path = url.path.rstrip("/").removesuffix(f"/{ROUTES}")
    return url.with_path(path or "/")


def failure(status: int, text: str, *, address: str) -> Exception:
    """What an answer other than 200 means for the question."""
    told = _message(text)
    if status == 404:
        return NotFound(told)
    if status in (401, 403):
        return Unavailable(
            PART,
            f"{address} refuses our key ({status}); put the one that it was started with into"
            " PREFERSTREAM_MODEL_SERVER_KEY",
        )
    if status in (400, 413, 422):
        return Unprocessable(
            "model_refused", f"{address} cannot answer this question ({status}): {told}"
        )
    if 300 <= status < 400:
        return Unavailable(
            PART, f"{address} sends us elsewhere ({status}); name the server's own address"
        )
    kind = Failed if status == 500 else Unavailable
    return kind(PART, f"{address} answers {status}: {told}")


def _message(text: str) -> str:
    """The server's own words, from JSON in either of two layouts or as they stand."""
    try:
        found = json.loads(text)
        told = found["error"]["message"] if "error" in found else found["detail"]
    except (ValueError, KeyError, TypeError):
        told = text
    return " ".join(str(told).split())[:TOLD_CHARACTERS]
