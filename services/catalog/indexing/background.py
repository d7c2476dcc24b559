"""Run the indexing in background tasks, and store and export its progress."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from services.catalog.indexing.counts import Counts
from services.catalog.indexing.indexer import Indexer
from services.catalog.indexing.reindexing import Reindexing
from services.catalog.indexing.scan import scan
from services.catalog.indexing.waiting_list import Priority, WaitingList
from services.catalog.metrics import CatalogMetrics
from shared.domain.clock import Clock
from shared.domain.errors import Unavailable
from shared.store.catalog.serving import Catalogs
from shared.store.catalog.status import IndexingStatus
from shared.store.catalog.status import Reindexing as ReindexingStatus
from shared.vlm.model_selection import ServingModels

Step = Callable[[], Awaitable[bool]]
"""Does the next piece of work; returns whether there was one."""
log = logging.getLogger(__name__)
IDLE_SECONDS: Final = 0.1
"""Longest pause of a task that has nothing to do: a published image waits no longer."""
FIRST_PAUSE_SECONDS: Final = 1.0
MAX_PAUSE_SECONDS: Final = 60.0
"""Pauses after an error; each is twice as long as the last one."""
RESCAN_SECONDS: Final = 3_600.0
"""Seconds between two walks over a catalog that is done: another instance may have written it."""
STATUS_SECONDS: Final = 2.0
HEARTBEAT_SECONDS: Final = 30.0
"""Longest time between two stored states of a running service."""
DROP_SECONDS: Final = 60.0
"""Seconds from the start or a switch until unused collections are dropped: other processes read the
alias every few seconds."""
IN_USE: Final = timedelta(hours=1)
"""A collection is in use as long as a service has stored its status within this time."""


class BackgroundIndexing:
    """The tasks of the service: scan, load, index, store the status, drop unused collections."""

    def __init__(
        self,
        catalogs: Catalogs,
        models: ServingModels,
        indexer: Indexer,
        reindexing: Reindexing,
        *,
        waiting: WaitingList,
        counts: Counts,
        metrics: CatalogMetrics,
        clock: Clock,
        further_steps: Mapping[str, Step] = MappingProxyType({}),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._catalogs = catalogs
        self._models = models
        self._indexer = indexer
        self._reindexing = reindexing
        self._waiting = waiting
        self._counts = counts
        self._metrics = metrics
        self._clock = clock
        self._further_steps = further_steps
        self._monotonic = monotonic
        self._tasks: list[asyncio.Task[None]] = []
        self._wakeups: list[asyncio.Event] = []
        """One for each task: a step that has worked may have made work for the others."""
        self._problems: dict[str, str] = {}
        self._scanned: tuple[str, float] | None = None
        """The model version and the time of the last complete scan."""
        self._stored: tuple[IndexingStatus, float] | None = None
        self._status_at = monotonic()
        self._drop_at = monotonic() + DROP_SECONDS

    async def start(self) -> None:
        """Start the tasks; raises `Unavailable`."""
        await self._reindexing.start()
        if self._reindexing.serving is not None:
            # Another process drops collections that no status shows to be in use.
            await self._catalogs.put_status(self.status())
        self._indexer.loading.on_change = self._wake_all
        steps: dict[str, Step] = {
            "scan": self.scan_if_due,
            "load": self._indexer.load_next,
            "index": self._indexer.index_next,
            "write": self._indexer.write_next,
            "switch": self.switch_if_done,
            "status": self.store_status,
            "drop": self.drop_if_due,
            **self._further_steps,
        }
        self._tasks = [asyncio.create_task(self._repeat(*step)) for step in steps.items()]

    async def stop(self) -> None:
        """End the tasks; images in work wait in the store for the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._indexer.loading.stop()

    async def _repeat(self, name: str, step: Step) -> None:
        pause = FIRST_PAUSE_SECONDS
        wakeup = asyncio.Event()
        self._wakeups.append(wakeup)
        while True:
            wakeup.clear()
            try:
                has_worked = await step()
            except Exception as error:  # the tasks must not end while the service runs
                if isinstance(error, Unavailable):
                    log.warning("the catalog waits %g s: %s", pause, error)
                else:
                    log.exception("the step %s of the catalog failed", name)
                self._problems[name] = str(error) or type(error).__name__
                await asyncio.sleep(pause)
                pause = min(2 * pause, MAX_PAUSE_SECONDS)
                continue
            self._problems.pop(name, None)
            pause = FIRST_PAUSE_SECONDS
            if has_worked:
                self._wake_all()
                await asyncio.sleep(0)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(IDLE_SECONDS):
                    await wakeup.wait()

    def _wake_all(self) -> None:
        for wakeup in self._wakeups:
            wakeup.set()

    async def scan_if_due(self) -> bool:
        """Copy and walk over the catalog: at the start, for a new model, and when images are left.

        Raises `Unavailable`.
        """
        version, now = self._models.champion.model_version, self._monotonic()
        if self._scanned is not None:
            is_left = self._waiting.left_out and self._waiting.has_room
            is_old = now - self._scanned[1] > RESCAN_SECONDS and self._indexer.is_idle
            if self._scanned[0] == version and not is_left and not is_old:
                return False
        priority = Priority.PUBLISHED
        if self._reindexing.serving is not None:
            priority = Priority.OUTDATED
            await self._reindexing.copy()
        await scan(
            self._catalogs.current,
            model_version=version,
            waiting=self._waiting,
            counts=self._counts,
            priority=priority,
        )
        self._scanned = (version, now)
        return True

    async def switch_if_done(self) -> bool:
        """Let the collection of a new encoder serve when it is complete; raises `Unavailable`."""
        reindexing = self._reindexing
        if reindexing.serving is None or self._scanned is None:
            return False
        if not self._indexer.is_idle or self._waiting.left_out:
            return False
        has_switched = await reindexing.switch(reindexing.progress(self._counts.by_state))
        if has_switched:
            self._drop_at = self._monotonic() + DROP_SECONDS
        return has_switched

    async def drop_if_due(self) -> bool:
        """Drop collections that neither serve nor are indexed by another process.

        Raises `Unavailable`.
        """
        now = self._monotonic()
        if now < self._drop_at or self._reindexing.serving is not None:
            return False
        if await self._catalogs.serving() is not self._catalogs.current:
            return False
        used = [
            status.collection
            for status in await self._catalogs.statuses()
            if self._clock() - status.updated_at < IN_USE
        ]
        dropped = await self._catalogs.drop_others(keep=used)
        if dropped:
            log.info("dropped the unused collections %s", ", ".join(dropped))
        self._drop_at = now + RESCAN_SECONDS
        return False

    async def store_status(self) -> bool:
        """Export the progress, and store it if it has changed; raises `Unavailable`."""
        now = self._monotonic()
        if now < self._status_at:
            return False
        self._status_at = now + STATUS_SECONDS
        status = self.status()
        for state, count in self._counts.by_state.items():
            self._metrics.images.labels(state).set(count)
        self._metrics.retrying_images.set(sum(status.retrying.values()))
        self._metrics.reindexed_share.set(status.reindexing.share if status.reindexing else 1.0)
        if self._scanned is None:
            return False  # the counts are not complete
        if self._stored is not None:
            before, stored_at = self._stored
            is_same = before == status.model_copy(update={"updated_at": before.updated_at})
            if is_same and now - stored_at < HEARTBEAT_SECONDS:
                return False
        await self._catalogs.put_status(status)
        self._stored = (status, now)
        return False

    def status(self) -> IndexingStatus:
        """The progress at this moment."""
        reindexing = None
        by_state = self._counts.by_state
        if self._reindexing.serving is not None:
            reindexing = ReindexingStatus(
                serving=self._reindexing.serving_collection,
                copied=self._reindexing.copied,
                share=self._reindexing.progress(by_state).share,
            )
        return IndexingStatus(
            collection=self._catalogs.current_space.collection,
            model_version=self._models.champion.model_version,
            updated_at=self._clock(),
            tenants=self._counts.by_tenant,
            outdated=by_state["outdated"],
            retrying=self._waiting.retries,
            problem="; ".join(dict.fromkeys(self._problems.values())) or None,
            reindexing=reindexing,
        )
