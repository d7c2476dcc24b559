"""Load the best images of a list, until as many are loaded as a profile stores."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

SLOW_SECONDS: Final = 0.4
"""Seconds without a result after which the images that are loading hold no place any more: other
images start, and later events of their user are looked at. A quick host takes a tenth of it."""

ImageT = TypeVar("ImageT")


async def load_best(
    images: Sequence[ImageT],
    *,
    wanted: int,
    load: Callable[[ImageT], Awaitable[str | None]],
    skip: Callable[[ImageT], None],
    slow_seconds: float = SLOW_SECONDS,
) -> None:
    """Load images in order until `wanted` different ones are loaded, and skip the others.

    `load` returns the content hash of an image, or None when it cannot be loaded; the next image
    then takes its place. Cancels the images that are loading when it is cancelled itself.
    """
    unstarted = deque(images)
    loading: set[asyncio.Future[str | None]] = set()
    slow: set[asyncio.Future[str | None]] = set()
    loaded: set[str] = set()
    try:
        while unstarted or loading:
            while unstarted and len(loading - slow) + len(loaded) < wanted:
                loading.add(asyncio.ensure_future(load(unstarted.popleft())))
            done, loading = await asyncio.wait(
                loading,
                timeout=slow_seconds if unstarted else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            slow = slow & loading if done else set(loading)
            loaded |= {content_hash for task in done if (content_hash := task.result())}
            if len(loaded) >= wanted:
                for image in unstarted:
                    skip(image)
                unstarted.clear()
    finally:
        for task in loading:
            task.cancel()
