"""Execute a request with an `Idempotency-Key` once, also across instances.

The ids of its events are derived from the key, so consumers recognize a duplicate whichever
instance sends it. In addition, one instance caches the latest keys: it repeats the response of a
known key, and rejects a different body under that key.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Final, Generic, TypeVar
from uuid import UUID, uuid4

from fastapi import Header

from services.ops.auth.roles import Principal
from services.ops.http.problems import Problem
from shared.domain.ids import derived_id

MAX_KEYS: Final = 10_000
"""Keys that one instance caches: the retries of a busy app over some minutes."""

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="A key that the app chooses for this request. A retry with the same key has no"
        " further effect.",
    ),
]
ResponseT = TypeVar("ResponseT")


@dataclass(frozen=True)
class IdempotentRequest:
    """A request with its caller, tenant, body and optional key."""

    principal: Principal
    tenant: str
    key: str | None
    body: bytes

    def id_of(self, part: str, *, about: str) -> UUID:
        """Return the id of one part of the request: derived from the key, else random.

        The user or the image that it is about is part of it. Otherwise two users would get one id
        when an app sends one key for both, because only one instance compares the bodies.
        """
        if self.key is None:
            return uuid4()
        return derived_id("gateway", self.principal.name, self.tenant, about, self.key, part)


class IdempotencyCache(Generic[ResponseT]):
    """The latest keys, each with the hash of its body and its response."""

    def __init__(self, *, max_entries: int = MAX_KEYS) -> None:
        self._max_entries = max_entries
        self._entries: OrderedDict[tuple[str, str, str], _Entry[ResponseT]] = OrderedDict()

    async def once(
        self, request: IdempotentRequest, act: Callable[[], Awaitable[ResponseT]]
    ) -> tuple[ResponseT, bool]:
        """Return the result of `act`, and whether it comes from the cache.

        Raises a 422 for a different body under a known key. A failure is not cached, so the
        request can be retried.
        """
        if request.key is None:
            return await act(), False
        key = (request.principal.name, request.tenant, request.key)
        body_hash = sha256(request.body).digest()
        cached = self._entries.get(key)
        if cached is not None:
            if cached.body_hash != body_hash:
                raise Problem(
                    422,
                    "key-used-otherwise",
                    "This Idempotency-Key was already used for a different request; send a new"
                    " key.",
                )
            return await asyncio.shield(cached.response), True
        response: asyncio.Future[ResponseT] = asyncio.get_running_loop().create_future()
        self._entries[key] = _Entry(body_hash, response)
        if len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)
        try:
            response.set_result(await act())
        except BaseException as error:
            self._entries.pop(key, None)
            if isinstance(error, Exception):
                response.set_exception(error)
                # Mark the exception as retrieved: often no other request waits for it.
                response.exception()
            else:
                response.cancel()
            raise
        return response.result(), False


@dataclass(frozen=True)
class _Entry(Generic[ResponseT]):
    body_hash: bytes
    response: "asyncio.Future[ResponseT]"
