"""Store erasures in Qdrant, and search all collections for an erased user's points."""

from collections import Counter
from collections.abc import Collection
from typing import Final

from qdrant_client import AsyncQdrantClient
from qdrant_client.conversions.common_types import PointId
from qdrant_client.http.models import FieldCondition, Filter, MatchValue, PointStruct

from shared.domain.erasures import Erasure, erased_user_hash
from shared.domain.user import User
from shared.store.edge.client import EdgeQdrant
from shared.store.qdrant import ensure_collection, qdrant_errors

COLLECTION: Final = "erasures"
PREFIXES_WITHOUT_USERS: Final = (
    "image_ids", "images.", "image_vectors.", "catalog.", "removed_images"
)  # fmt: skip
"""Prefixes of collections that store images by content and by id: millions of points, no user."""

PAGE: Final = 1_000
"""Points of one page of a list of all points, read without their vectors."""
FILES: Final = "files of the store"
"""Key of the number of files that still contain the user id."""
FILES_OF_EVENTS: Final = "files of the store with events"
"""Key of the number of files that still contain an event of the user, such as that of a
reference."""
SERVER_FILES: Final = (
    "the files of the Qdrant server: it overwrites deleted points when it optimizes its segments"
)
SEARCHED_ID_BYTES: Final = 8
"""Shorter ids also occur by chance in the files of vectors."""


class QdrantErasures:
    """An `ErasureStore`: one point per user, under the hash of the user's name."""

    def __init__(self, client: AsyncQdrantClient) -> None:
        self._client = client

    async def prepare(self) -> None:
        """Create the collection if it is missing."""
        await ensure_collection(self._client, COLLECTION, {}, on_disk=True)

    async def get(self, *, tenant: str, user_id: str) -> Erasure | None:
        user = User(tenant, user_id)
        return (await self.get_many([user])).get(user)

    async def get_many(self, users: Collection[User]) -> dict[User, Erasure]:
        by_hash = {erased_user_hash(tenant=u.tenant, user_id=u.user_id): u for u in users}
        with qdrant_errors():
            points = await self._client.retrieve(COLLECTION, list(by_hash))
        return {by_hash[str(p.id)]: Erasure.model_validate(p.payload) for p in points}

    async def add(self, erasure: Erasure, *, tenant: str, user_id: str) -> None:
        stored = await self.get(tenant=tenant, user_id=user_id)
        point = PointStruct(
            id=erased_user_hash(tenant=tenant, user_id=user_id),
            vector={},
            payload=erasure.with_earlier(stored).model_dump(mode="json"),
        )
        with qdrant_errors():
            await self._client.upsert(COLLECTION, [point], wait=True)

    @property
    def not_searched(self) -> tuple[str, ...]:
        """The files of a server cannot be read from here."""
        return () if isinstance(self._client, EdgeQdrant) else (SERVER_FILES,)

    async def remaining(
        self, *, tenant: str, user_id: str, event_ids: Collection[str] = ()
    ) -> dict[str, int]:
        """Search by payload, not by point id: the removal used the ids and may have missed some.

        A filtered count can be 0 while the points are there (qdrant/qdrant#10302): where it is 0,
        all points are read and compared here. The embedded Qdrant also removes deleted points from
        its files, and the files are searched for the user id.
        """
        of_user = Filter(
            must=[
                FieldCondition(key="tenant", match=MatchValue(value=tenant)),
                FieldCondition(key="user_id", match=MatchValue(value=user_id)),
            ]
        )
        counts: dict[str, int] = {}
        look_alikes = 0
        with qdrant_errors():
            for collection in (await self._client.get_collections()).collections:
                if collection.name.startswith(PREFIXES_WITHOUT_USERS):
                    continue
                filtered = await self._client.count(
                    collection.name, count_filter=of_user, exact=True
                )
                users = await self._users_with(user_id, collection.name)
                listed = users.pop(User(tenant, user_id), 0)
                counts[collection.name] = max(filtered.count, listed)
                look_alikes += users.total()
            if isinstance(self._client, EdgeQdrant):
                await self._client.purge()
                # Files do not show whether a text is this id or a part of another user's.
                names = list(counts)
                if not look_alikes and len(user_id.encode()) >= SEARCHED_ID_BYTES:
                    counts[FILES] = await self._client.files_with([user_id], collections=names)
                if event_ids:
                    counts[FILES_OF_EVENTS] = await self._client.files_with(
                        event_ids, collections=names
                    )
        return counts

    async def _users_with(self, text: str, collection: str) -> Counter[User]:
        """Points of each user whose id contains a text, from a list of all points."""
        users: Counter[User] = Counter()
        offset: PointId | None = None
        while True:
            points, offset = await self._client.scroll(
                collection, limit=PAGE, offset=offset, with_payload=["tenant", "user_id"]
            )
            payloads = [point.payload or {} for point in points]
            users.update(
                User(payload.get("tenant", ""), payload["user_id"])
                for payload in payloads
                if text in payload.get("user_id", "")
            )
            if offset is None:
                return users
