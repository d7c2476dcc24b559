"""Forget people: their rows in the lake, and what nights have written of them."""

import asyncio
from datetime import datetime
from typing import Protocol

from services.retrain.lake.erased_users import Person
from shared.domain.clock import Clock
from shared.domain.erasures import Erasure
from shared.events import UserErase
from shared.messaging.contract import Delivery, Publisher


class Lake(Protocol):
    """Removes rows (`services.retrain.lake.erasure`)."""

    def erase(self, person: Person, erasure: Erasure, *, now: datetime) -> dict[str, int]: ...

    def remaining(self, person: Person, erasure: Erasure | None = None) -> dict[str, int]: ...


class Nights(Protocol):
    """Removes lines (`services.retrain.jobs.erasure`)."""

    def erase(self, person: Person) -> dict[str, int]: ...

    def remaining(self, person: Person) -> dict[str, int]: ...


class Erasing:
    """One erasure after another: each reads and commits to every table."""

    def __init__(self, lake: Lake, nights: Nights, publisher: Publisher, *, clock: Clock) -> None:
        self._lake = lake
        self._nights = nights
        self._publisher = publisher
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()

    async def take(self, event: UserErase, delivery: Delivery) -> None:
        """Remove, look whether anything is left, and give a receipt. Raises `Unavailable`."""
        erasure = Erasure.asked(event.occurred_at, written_ms=delivery.record.timestamp_ms)
        person = (event.tenant, event.user_id)
        async with self._one_at_a_time:
            removed, remaining = await asyncio.to_thread(self._erase, person, erasure)
        await self._publisher.publish(
            event.receipt(
                "retrain",
                at=self._clock(),
                removed=removed,
                remaining=remaining,
            )
        )

    def _erase(self, person: Person, erasure: Erasure) -> tuple[dict[str, int], dict[str, int]]:
        rows = self._lake.erase(person, erasure, now=self._clock())
        removed = _of_lake(rows) | self._nights.erase(person)
        remaining = _of_lake(self._lake.remaining(person, erasure)) | self._nights.remaining(person)
        return removed, remaining


def _of_lake(rows: dict[str, int]) -> dict[str, int]:
    return {f"lake_{table}": count for table, count in rows.items()}
