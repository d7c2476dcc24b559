"""Store the pages of feeds in Qdrant: one point a page, removed after a day."""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from qdrant_client import AsyncQdrantClient
from qdrant_client.http.models import PointStruct

from shared.domain.user import User
from shared.store.qdrant import ensure_collection, index_payload, qdrant_errors
from shared.store.sessions.pages import LIFETIME, ServedPage

COLLECTION: Final = "feed_sessions"
MAX_PAGES: Final = 200_000
"""Pages of all users, about 1 GB of files at 100 images each. The oldest are removed first."""
MAX_PAGES_OF_USER: Final = 1_000
"""Pages of one user, whose feeds cannot push out those of others."""
SCROLL: Final = 1_000


class QdrantFeedSessions:
    """A `FeedSessionStore`."""

    def __init__(
        self,
        client: AsyncQdrantClient,
        *,
        max_pages: int = MAX_PAGES,
        max_pages_of_user: int = MAX_PAGES_OF_USER,
    ) -> None:
        self._client = client
        self._max_pages = max_pages
        self._max_pages_of_user = max_pages_of_user

    async def prepare(self) -> None:
        """Create the collection if it is missing."""
        await ensure_collection(self._client, COLLECTION, {}, on_disk=True)
        await index_payload(self._client, COLLECTION)

    async def put(self, page: ServedPage) -> None:
        point = PointStruct(id=str(page.page_id), vector={}, payload=page.model_dump(mode="json"))
        with qdrant_errors():
            await self._client.upsert(COLLECTION, [point], wait=True)

    async def get(self, page_ids: Collection[UUID]) -> dict[UUID, ServedPage]:
        if not page_ids:
            return {}
        with qdrant_errors():
            points = await self._client.retrieve(COLLECTION, [str(id_) for id_ in page_ids])
        pages = [ServedPage.model_validate(point.payload) for point in points]
        return {page.page_id: page for page in pages}

    async def discard(self, page_id: UUID) -> None:
        await self._delete([str(page_id)])

    async def remove(self, user: User) -> int:
        points = await self._of(user)
        await self._delete(points)
        return len(points)

    async def count(self, user: User) -> int:
        return len(await self._of(user))

    async def _of(self, user: User) -> list[str]:
        return [
            id_
            async for id_, payload in self._all(["tenant", "user_id"])
            if (payload["tenant"], payload["user_id"]) == user
        ]

    async def clean(self, *, now: datetime) -> int:
        pages = sorted(
            [
                (datetime.fromisoformat(payload["started_at"]), id_, payload)
                async for id_, payload in self._all(["tenant", "user_id", "started_at"])
            ],
            key=lambda page: page[:2],
            reverse=True,
        )
        kept: Counter[User] = Counter()
        removed = []
        for started_at, id_, payload in pages:
            user = User(payload["tenant"], payload["user_id"])
            is_beyond = kept[user] >= self._max_pages_of_user or kept.total() >= self._max_pages
            if started_at + LIFETIME <= now or is_beyond:
                removed.append(id_)
            else:
                kept[user] += 1
        await self._delete(removed)
        return len(removed)

    async def _all(self, fields: list[str]) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Id and payload of every page, read without a filter."""
        after = None
        while True:
            with qdrant_errors():
                points, after = await self._client.scroll(
                    COLLECTION, limit=SCROLL, offset=after, with_payload=fields
                )
            for point in points:
                yield str(point.id), point.payload or {}
            if after is None:
                return

    async def _delete(self, point_ids: Sequence[str]) -> None:
        for begin in range(0, len(point_ids), SCROLL):
            ids: list[Any] = list(point_ids[begin : begin + SCROLL])
            with qdrant_errors():
                await self._client.delete(COLLECTION, ids, wait=True)
