"""Pages of feeds in memory, and cursors with a key of the test."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from pydantic import SecretStr
from qdrant_client import AsyncQdrantClient

from shared.domain.errors import Unavailable
from shared.domain.user import User
from shared.store.sessions.cursor_keys import Cursors
from shared.store.sessions.pages import ServedPage


class InMemorySessions:
    """A `FeedSessionStore`; raises `Unavailable` while `unavailable` is set to a reason."""

    def __init__(self) -> None:
        self.unavailable: str | None = None
        self.pages: dict[UUID, ServedPage] = {}

    async def put(self, page: ServedPage) -> None:
        self._answer()
        self.pages[page.page_id] = page

    async def get(self, page_ids: Collection[UUID]) -> dict[UUID, ServedPage]:
        self._answer()
        return {id_: self.pages[id_] for id_ in page_ids if id_ in self.pages}

    async def discard(self, page_id: UUID) -> None:
        self._answer()
        self.pages.pop(page_id, None)

    async def remove(self, user: User) -> int:
        self._answer()
        own = [id_ for id_, page in self.pages.items() if page.user == user]
        for id_ in own:
            del self.pages[id_]
        return len(own)

    async def count(self, user: User) -> int:
        self._answer()
        return sum(page.user == user for page in self.pages.values())

    async def clean(self, *, now: datetime) -> int:
        self._answer()
        ended = [id_ for id_, page in self.pages.items() if page.expires_at <= now]
        for id_ in ended:
            del self.pages[id_]
        return len(ended)

    def _answer(self) -> None:
        if self.unavailable:
            raise Unavailable("store", self.unavailable)


def cursors(key: str = "a secret of the test") -> Cursors:
    """Cursors that need no store, because their key is set."""
    return Cursors(AsyncQdrantClient(":memory:"), SecretStr(key))
