"""Remove the pages of feeds that have ended, at the start and then every hour."""

import asyncio
import logging
from typing import Final

from shared.domain.clock import Clock
from shared.domain.errors import Unavailable
from shared.store.sessions.pages import FeedSessionStore

log = logging.getLogger(__name__)
INTERVAL_SECONDS: Final = 3_600.0


class SessionCleaning:
    """Cleans the store of pages in a background task. Several instances may clean together."""

    def __init__(
        self,
        sessions: FeedSessionStore,
        *,
        clock: Clock,
        interval_seconds: float = INTERVAL_SECONDS,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._interval = interval_seconds
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the task."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End the task."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                removed = await self._sessions.clean(now=self._clock())
                log.info("%d pages of ended feeds were removed", removed)
            except Unavailable as error:
                log.warning("pages of ended feeds stay for now: %s", error)
            await asyncio.sleep(self._interval)
