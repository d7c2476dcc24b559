"""List the users who have a profile, page by page, without reading their references."""

from typing import Final, Protocol

from pydantic import AwareDatetime
from qdrant_client import AsyncQdrantClient
from qdrant_client.http.models import FieldCondition, Filter, MatchValue

from shared.domain.taste import Value
from shared.store.qdrant import qdrant_errors

LISTED_FIELDS: Final = ["user_id", "prediction_version", "model_version", "updated_at"]
"""Fields read of each profile; the references are left out, since they may hold a megabyte."""


class ListedUser(Value):
    """One line of the list."""

    user_id: str
    prediction_version: int
    model_version: str
    updated_at: AwareDatetime


class UserPage(Value):
    """Some users, in the order of their point ids, which has no meaning for a reader."""

    users: tuple[ListedUser, ...]
    next: str | None = None
    """Where the next page begins; None on the last page."""


class UserStore(Protocol):
    """Lists users. Raises `Unavailable` like `ProfileStore`."""

    async def page(self, *, tenant: str, after: str | None, limit: int) -> UserPage:
        """At most `limit` users of a tenant, from `after` on: the `next` of an earlier page."""
        ...

    async def count(self, *, tenant: str) -> int:
        """Approximate number of users."""
        ...


class QdrantUsers:
    """A `UserStore` on the collection that `QdrantProfiles` writes."""

    def __init__(self, client: AsyncQdrantClient, *, collection: str) -> None:
        self._client = client
        self.collection = collection

    async def page(self, *, tenant: str, after: str | None, limit: int) -> UserPage:
        with qdrant_errors():
            points, next_offset = await self._client.scroll(
                self.collection, scroll_filter=_of(tenant), limit=limit, offset=after,
                with_payload=LISTED_FIELDS, with_vectors=False,
            )  # fmt: skip
        users = tuple(ListedUser.model_validate(point.payload) for point in points)
        return UserPage(users=users, next=str(next_offset) if next_offset else None)

    async def count(self, *, tenant: str) -> int:
        with qdrant_errors():
            result = await self._client.count(
                self.collection, count_filter=_of(tenant), exact=False
            )
        return result.count


def _of(tenant: str) -> Filter:
    return Filter(must=[FieldCondition(key="tenant", match=MatchValue(value=tenant))])
