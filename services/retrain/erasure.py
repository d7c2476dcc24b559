"""Erase a user: the rows in the lake, and the files of training jobs."""

import asyncio
from datetime import datetime
from typing import Protocol

from shared.domain.clock import Clock
from shared.domain.erasures import Erasure
from shared.domain.user import User
from shared.events import UserErase
from shared.messaging.contract import Delivery, Publisher


class Lake(Protocol):
    """Removes rows (`services.retrain.lake.erasure`)."""

    def erase(self, user: User, erasure: Erasure, *, now: datetime) -> dict[str, int]: ...

    def remaining(self, user: User, erasure: Erasure | None = None) -> dict[str, int]: ...

    def files_remaining(self, user: User, erasure: Erasure | None = None) -> dict[str, int]: ...


class JobFiles(Protocol):
    """Removes lines, names and images (`services.retrain.jobs.erasure`)."""

    def erase(self, user: User) -> dict[str, int]: ...

    def remaining(self, user: User) -> dict[str, int]: ...


class UserEraser:
    """Erases one user at a time, because each erasure reads and commits to every table."""

    def __init__(
        self, lake: Lake, job_files: JobFiles, publisher: Publisher, *, clock: Clock
    ) -> None:
        self._lake = lake
        self._job_files = job_files
        self._publisher = publisher
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()

    async def erase(self, event: UserErase, delivery: Delivery) -> None:
        """Remove the data, count the rest, and publish a receipt. Raises `Unavailable`."""
        erasure = Erasure.from_event(
            event.occurred_at, written_ms=delivery.record.timestamp_ms, now=self._clock()
        )
        user = User(event.tenant, event.user_id)
        async with self._one_at_a_time:
            removed, remaining = await asyncio.to_thread(self._erase, user, erasure)
        receipt = event.receipt("retrain", at=self._clock(), removed=removed, remaining=remaining)
        await self._publisher.publish(receipt)

    def _erase(self, user: User, erasure: Erasure) -> tuple[dict[str, int], dict[str, int]]:
        rows = self._lake.erase(user, erasure, now=self._clock())
        removed = _lake_counts(rows) | self._job_files.erase(user)
        rows_left = _lake_counts(
            self._lake.remaining(user, erasure) | self._lake.files_remaining(user, erasure)
        )
        return removed, rows_left | self._job_files.remaining(user)


def _lake_counts(rows: dict[str, int]) -> dict[str, int]:
    return {f"lake_{table}": count for table, count in rows.items()}
