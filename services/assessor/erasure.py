"""Forget people, and answer no request from before they asked to be forgotten."""

from typing import Protocol

from services.assessor.steps.deduplication import Answered
from shared.domain.clock import Clock
from shared.domain.erasures import Erasure
from shared.events import ImageCandidates, UserErase
from shared.messaging.contract import Publisher


class Erasures(Protocol):
    """Knows who was erased; an `ErasureStore` is more than enough."""

    async def erased(self, *, tenant: str, user_id: str) -> Erasure | None: ...

    async def remember(self, erasure: Erasure, *, tenant: str, user_id: str) -> None: ...


class Erasing:
    """The assessor keeps of people only which of their requests it has answered of late."""

    def __init__(
        self, erasures: Erasures, answered: Answered, publisher: Publisher, *, clock: Clock
    ) -> None:
        self._erasures = erasures
        self._answered = answered
        self._publisher = publisher
        self._clock = clock

    async def erase(self, event: UserErase, *, written_ms: int) -> None:
        """Remember, forget, and give a receipt; `written_ms` is the record's Kafka timestamp."""
        erasure = Erasure.asked(event.occurred_at, written_ms=written_ms)
        await self._erasures.remember(erasure, tenant=event.tenant, user_id=event.user_id)
        removed = self._answered.forget(tenant=event.tenant, user_id=event.user_id)
        await self._publisher.publish(
            event.receipt(
                "assessor",
                at=self._clock(),
                removed={"remembered_requests": removed},
                remaining={
                    "remembered_requests": self._answered.count(
                        tenant=event.tenant, user_id=event.user_id
                    )
                },
            )
        )

    async def is_past(self, request: ImageCandidates, *, written_ms: int) -> bool:
        """Whether the person has been erased since they asked."""
        erasure = await self._erasures.erased(tenant=request.tenant, user_id=request.user_id)
        return erasure is not None and erasure.covers_record(
            request.occurred_at, written_ms=written_ms
        )
