"""Publish the audiences of new images one after another, apart from the indexing."""

from collections import deque
from collections.abc import Sequence
from typing import Final, Protocol

from shared.domain.images.image_key import ImageKey
from shared.store.catalog.images import IndexedContent
from shared.store.catalog.protocol import CatalogStore
from shared.store.catalog.serving import Catalogs

MAX_WAITING: Final = 10_000
"""New images whose audience is not published yet. Beyond it the oldest are dropped, as in the
import of a whole catalog, when no single image is news."""


class AudiencePublisher(Protocol):
    """Publishes the audience of one image."""

    async def indexed(self, catalog: CatalogStore, key: ImageKey, *, content_hash: str) -> None: ...


class Audiences:
    """The new images whose audience is published next."""

    def __init__(self, publisher: AudiencePublisher, catalogs: Catalogs) -> None:
        self._publisher = publisher
        self._catalogs = catalogs
        self._waiting: deque[tuple[ImageKey, str]] = deque(maxlen=MAX_WAITING)

    def add(self, contents: Sequence[IndexedContent]) -> None:
        """Publish the audience of these images soon."""
        self._waiting.extend((content.key, content.index.content_hash) for content in contents)

    async def publish_next(self) -> bool:
        """Publish one audience; whether there was one."""
        if not self._waiting:
            return False
        key, content_hash = self._waiting.popleft()
        await self._publisher.indexed(self._catalogs.current, key, content_hash=content_hash)
        return True
