"""Do what is asked twice under one key only once, in this process and beyond it.

The events of a request with an `Idempotency-Key` have ids that are derived from it, so Kafka's
readers take a repetition for what it is, whichever instance sends it. On top of that one instance
remembers the latest keys: it gives the same answer again, and refuses another body under a key.
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

MOST_KEYS: Final = 10_000
"""Keys that one instance remembers: minutes of a busy app's retries."""

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="A name of the app's own for this request: sent again, it does nothing anew.",
    ),
]
AnswerT = TypeVar("AnswerT")


@dataclass(frozen=True)
class Keyed:
    """A request, and the key it may have."""

    who: Principal
    tenant: str
    key: str | None
    body: bytes

    def id_of(self, part: str) -> UUID:
        """The id of one part of the request: derived from the key, else drawn."""
        if self.key is None:
            return uuid4()
        return derived_id("gateway", self.who.name, self.tenant, self.key, part)


class Remembered(Generic[AnswerT]):
    """The latest keys, what they stood for, and what was answered."""

    def __init__(self, *, most: int = MOST_KEYS) -> None:
        self._most = most
        self._known: OrderedDict[tuple[str, str, str], _Known[AnswerT]] = OrderedDict()

    async def once(
        self, request: Keyed, act: Callable[[], Awaitable[AnswerT]]
    ) -> tuple[AnswerT, bool]:
        """What `act` answers, and whether that was answered before; raises a 422.

        What failed is forgotten, so that it can be tried again.
        """
        if request.key is None:
            return await act(), False
        name = (request.who.name, request.tenant, request.key)
        print_ = sha256(request.body).digest()
        known = self._known.get(name)
        if known is not None:
            if known.print != print_:
                raise Problem(
                    422,
                    "key-used-otherwise",
                    "This Idempotency-Key came with another request before; use a new one.",
                )
            return await asyncio.shield(known.answer), True
        answer: asyncio.Future[AnswerT] = asyncio.get_running_loop().create_future()
        self._known[name] = _Known(print_, answer)
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        try:
            answer.set_result(await act())
        except BaseException as error:
            self._known.pop(name, None)
            if isinstance(error, Exception):
                answer.set_exception(error)
                answer.exception()  # Others may wait for it; nobody has to.
            else:
                answer.cancel()
            raise
        return answer.result(), False


@dataclass(frozen=True)
class _Known(Generic[AnswerT]):
    print: bytes
    answer: "asyncio.Future[AnswerT]"
