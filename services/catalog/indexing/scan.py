"""Read the whole catalog: count the images, and let those wait that need work."""

import asyncio
from typing import Final

from services.catalog.indexing.counts import Counts, state_of
from services.catalog.indexing.waiting_list import Priority, WaitingList
from services.catalog.plan import needs_indexing
from shared.store.catalog.protocol import CatalogStore

PAGE: Final = 200
"""Images of one page: reading and parsing one takes about 10 ms."""
PAUSE_SECONDS: Final = 0.005
"""Pause after each page, so that requests of this process run."""


async def scan(
    catalog: CatalogStore,
    *,
    model_version: str,
    waiting: WaitingList,
    counts: Counts,
    priority: Priority = Priority.PUBLISHED,
) -> None:
    """Count all images and add those to the waiting list that need work; raises `Unavailable`.

    What waits is in the store alone, so a restarted service continues here. `priority`: that of
    images without an index.
    """
    waiting.left_out = False
    counts.start_walk()
    after = None
    while True:
        page = await catalog.walk(after=after, limit=PAGE)
        states = []
        for image in page.images:
            key = image.entry.key
            state = state_of(image, model_version=model_version)
            assert state is not None
            states.append((key, state))
            if needs_indexing(image, model_version=model_version):
                is_new = image.status == "waiting" and image.index is None
                waiting.add(key, priority if is_new else Priority.OUTDATED)
        after = page.next
        counts.walked(states, following=after)
        if after is None:
            return
        await asyncio.sleep(PAUSE_SECONDS)
