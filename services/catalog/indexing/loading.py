"""Load the contents of images that wait, while a slow host delays only its own images."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from services.catalog.indexing.contents import INTERNAL
from services.catalog.indexing.writer import Item
from services.catalog.metrics import CatalogMetrics
from shared.domain.errors import Unavailable, Unprocessable
from shared.images.loader import LoadedImage

log = logging.getLogger(__name__)
KNOWN_ADDRESSES: Final = 2_000
"""Addresses whose content hash is remembered, at most 20 MB: one address under a thousand ids is
loaded once."""
KNOWN_SECONDS: Final = 60.0
"""Seconds for which the content of an address is taken to be the same."""


class ImageSource(Protocol):
    """Loads one image; raises `Unprocessable` and `Unavailable`."""

    async def load(self, uri: str, *, requester: Hashable | None = None) -> LoadedImage: ...


@dataclass(frozen=True)
class LoadedItems:
    """One loaded address and all images in work that have it."""

    items: tuple[Item, ...]
    image: LoadedImage


Refused = Callable[[Sequence[tuple[Item, Unprocessable | Unavailable]]], Coroutine[Any, Any, None]]


class Loading:
    """Loads addresses at the same time, and keeps what is loaded until it is taken."""

    def __init__(
        self,
        source: ImageSource,
        *,
        refused: Refused,
        metrics: CatalogMetrics,
        monotonic: Callable[[], float],
    ) -> None:
        self._source = source
        self._refused = refused
        self._metrics = metrics
        self._monotonic = monotonic
        self._tasks: dict[asyncio.Task[None], int] = {}
        """The number of images of each address that is being loaded."""
        self._loaded: deque[LoadedItems] = deque()
        self._hashes: dict[str, tuple[float, str]] = {}
        """When an address was loaded and with which hash, oldest first."""
        self._forgotten = 0
        """How often an address was forgotten: a load that began before remembers nothing."""
        self.on_change: Callable[[], None] = lambda: None
        """Called when an address is loaded or refused."""

    @property
    def in_work(self) -> int:
        """Images that are being loaded, or are loaded and not taken."""
        return sum(self._tasks.values()) + sum(len(loaded.items) for loaded in self._loaded)

    @property
    def has_loaded(self) -> bool:
        return bool(self._loaded)

    def hash_of(self, uri: str) -> str | None:
        """The hash of the content that was at this address a moment ago."""
        loaded_at, content_hash = self._hashes.get(uri, (float("-inf"), ""))
        return content_hash if self._monotonic() - loaded_at < KNOWN_SECONDS else None

    def forget(self, uri: str) -> None:
        """Load this address again the next time."""
        self._hashes.pop(uri, None)
        self._forgotten += 1

    def start(self, items: Sequence[Item]) -> None:
        """Load the addresses of these images, each once."""
        by_uri: dict[str, list[Item]] = {}
        for item in items:
            by_uri.setdefault(item.image.entry.uri, []).append(item)
        for uri, of_uri in by_uri.items():
            task = asyncio.create_task(self._load(uri, tuple(of_uri)))
            self._tasks[task] = len(of_uri)
            task.add_done_callback(self._ended)

    def take(self, size: int) -> list[LoadedItems]:
        """Loaded addresses, the oldest first, of at most `size` different contents."""
        taken: list[LoadedItems] = []
        hashes: set[str] = set()
        while self._loaded:
            hashes.add(self._loaded[0].image.content_hash)
            if len(hashes) > size:
                break
            taken.append(self._loaded.popleft())
        return taken

    def put_back(self, taken: Sequence[LoadedItems]) -> None:
        """Keep loaded images that could not be processed now."""
        self._loaded.extendleft(reversed(taken))
        self.on_change()

    async def stop(self) -> None:
        """Cancel the loads in progress; their images wait in the store."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _load(self, uri: str, items: tuple[Item, ...]) -> None:
        tenant, forgotten = items[0].key.tenant, self._forgotten
        try:
            with self._metrics.seconds.labels("load").time():
                image = await self._source.load(uri, requester=("catalog", tenant))
        except (Unprocessable, Unavailable) as error:
            await self._refused([(item, error) for item in items])
            return
        except Exception as error:
            log.exception("an image of the catalog could not be loaded")
            internal = Unavailable(INTERNAL, f"it failed with {type(error).__name__}: {error}")
            await self._refused([(item, internal) for item in items])
            return
        if forgotten == self._forgotten:
            self._remember(uri, image.content_hash)
        self._loaded.append(LoadedItems(items, image))

    def _remember(self, uri: str, content_hash: str) -> None:
        self._hashes.pop(uri, None)
        self._hashes[uri] = (self._monotonic(), content_hash)
        while len(self._hashes) > KNOWN_ADDRESSES:
            del self._hashes[next(iter(self._hashes))]

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        if not task.cancelled():
            task.exception()  # read here: asyncio reports unread errors
        self.on_change()


def by_hash(loaded: Sequence[LoadedItems]) -> Mapping[str, list[Item]]:
    """The images of each content: a content under a thousand ids is one."""
    items: dict[str, list[Item]] = {}
    for of_uri in loaded:
        items.setdefault(of_uri.image.content_hash, []).extend(of_uri.items)
    return items
