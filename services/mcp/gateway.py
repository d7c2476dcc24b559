"""Call the gateway over HTTP, and turn its problems into errors of a tool."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import httpx2
from mcp.server.mcpserver.exceptions import ToolError

MARGIN_SECONDS: Final = 15.0
"""Time of a request in addition to the seconds that the gateway waits for a feed."""
MAX_LISTED_ERRORS: Final = 5


class NoGateway(Exception):
    """No gateway is known; the text says how to start or name one."""


@dataclass(frozen=True)
class Address:
    """A gateway and the token to call it with."""

    url: str
    token: str | None = None


READ_PATH: Final = "/v1/images"
"""An address of the gateway that needs the smallest role."""
UNAUTHORIZED: Final = 401

FindGateway = Callable[[], Address]
"""The gateway as it is now: a local system may have started again at another port. Raises
`NoGateway`."""
OpenClient = Callable[[], httpx2.AsyncClient]


def open_client() -> httpx2.AsyncClient:
    """A client without proxies of the environment for addresses of this machine."""
    return httpx2.AsyncClient()


class Gateway:
    """The gateway's endpoints as coroutines that return JSON objects; they raise `ToolError`."""

    def __init__(
        self,
        find: FindGateway,
        *,
        wait_seconds: float = 30.0,
        client: OpenClient = open_client,
        is_exposed: bool = False,
    ) -> None:
        """With `is_exposed`, callers may be on other machines: the gateway must ask for tokens."""
        self._find = find
        self._is_exposed = is_exposed
        self._checked: str | None = None
        """Address of the gateway that refused a request without a token."""
        self._client = client
        self.wait_seconds = wait_seconds

    async def get(
        self, path: str, *, token: str | None = None, **parameters: Any
    ) -> tuple[int, dict[str, Any]]:
        """Status (200 or 202) and body."""
        return await self._call("GET", path, token, parameters=_without_none(parameters))

    async def post(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        token: str | None = None,
        wait_seconds: float | None = None,
    ) -> tuple[int, dict[str, Any]]:
        """Status (200 or 202) and body."""
        parameters = {} if wait_seconds is None else {"wait_seconds": wait_seconds}
        return await self._call("POST", path, token, parameters=parameters, body=body)

    async def _call(
        self,
        method: str,
        path: str,
        token: str | None,
        *,
        parameters: Mapping[str, Any],
        body: Mapping[str, Any] | None = None,
    ) -> tuple[int, dict[str, Any]]:
        try:
            address = self._find()
        except NoGateway as error:
            raise ToolError(str(error)) from error
        bearer = token or address.token
        try:
            async with self._client() as client:
                if self._is_exposed and self._checked != address.url:
                    await self._check_tokens(client, address.url)
                response = await client.request(
                    method,
                    address.url.rstrip("/") + path,
                    params=dict(parameters),
                    json=None if body is None else _without_none(body),
                    headers={"Authorization": f"Bearer {bearer}"} if bearer else {},
                    timeout=self.wait_seconds + MARGIN_SECONDS,
                )
                payload = response.json() if response.content else {}
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            raise ToolError(
                f"the gateway at {address.url} does not answer ({type(error).__name__}); start it"
                " with `preferstream up`, or correct PREFERSTREAM_GATEWAY_URL"
            ) from error
        if response.status_code not in (200, 202):
            raise ToolError(problem_text(response.status_code, payload))
        if not isinstance(payload, dict):
            raise ToolError(f"the gateway at {address.url} sent no JSON object; check the address")
        return response.status_code, payload

    async def _check_tokens(self, client: httpx2.AsyncClient, url: str) -> None:
        """Raise `ToolError` if the gateway accepts callers without a token, as on loopback."""
        response = await client.get(
            url.rstrip("/") + READ_PATH, params={"limit": 1}, timeout=MARGIN_SECONDS
        )
        if response.status_code != UNAUTHORIZED:
            raise ToolError(
                f"the gateway at {url} has no tokens, so every caller would have all rights. Set"
                " PREFERSTREAM_OPS_TOKENS, or serve MCP on loopback without --http-host"
            )
        self._checked = url


def problem_text(status: int, payload: Any) -> str:
    """A problem of the gateway in sentences, with the place of each error."""
    fields = payload if isinstance(payload, dict) else {}
    text = str(fields.get("detail") or f"the gateway refused the request with status {status}")
    errors = [
        f"{error.get('pointer')}: {error.get('detail')}"
        for error in (fields.get("errors") or [])[:MAX_LISTED_ERRORS]
        if isinstance(error, dict)
    ]
    return "; ".join((text, *errors))


def segment(identifier: str) -> str:
    """An id as one segment of a path, also where it is `..` or has slashes."""
    return quote(identifier, safe="").replace(".", "%2E")


def _without_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None}
