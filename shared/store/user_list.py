"""List the people who have a profile, a page at a time, without reading their references."""

from typing import Final, Protocol

from pydantic import AliasChoices, AwareDatetime, Field
from qdrant_client import AsyncQdrantClient
from qdrant_client.http.models import FieldCondition, Filter, MatchValue

from shared.domain.taste import Value
from shared.store.qdrant import translated

LISTED: Final = ["user_id", "prediction_version", "profile_version", "model_version", "updated_at"]
"""Read of each profile: its references may be a megabyte of pictures."""


class ListedPerson(Value):
    """One line of the list."""

    user_id: str
    prediction_version: int = Field(
        validation_alias=AliasChoices("prediction_version", "profile_version")
    )
    model_version: str
    updated_at: AwareDatetime


class PeoplePage(Value):
    """Some people, in the order of their points' ids, which is no order that means anything."""

    people: tuple[ListedPerson, ...]
    next: str | None = None
    """Where the next page begins; None at the end."""


class PeopleStore(Protocol):
    """Lists people. Raises `Unavailable` like `ProfileStore`."""

    async def page(self, *, tenant: str, after: str | None, most: int) -> PeoplePage:
        """At most `most` people of a tenant from `after` on, a `next` of an earlier page."""
        ...

    async def count(self, *, tenant: str) -> int:
        """How many there are, about."""
        ...


class QdrantPeople:
    """A `PeopleStore` on the collection that `QdrantProfiles` keeps."""

    def __init__(self, client: AsyncQdrantClient, *, collection: str) -> None:
        self._client = client
        self.collection = collection

    async def page(self, *, tenant: str, after: str | None, most: int) -> PeoplePage:
        with translated():
            found, following = await self._client.scroll(
                self.collection, scroll_filter=_of(tenant), limit=most, offset=after,
                with_payload=LISTED, with_vectors=False,
            )  # fmt: skip
        people = tuple(ListedPerson.model_validate(point.payload) for point in found)
        return PeoplePage(people=people, next=str(following) if following else None)

    async def count(self, *, tenant: str) -> int:
        with translated():
            counted = await self._client.count(
                self.collection, count_filter=_of(tenant), exact=False
            )
        return counted.count


def _of(tenant: str) -> Filter:
    return Filter(must=[FieldCondition(key="tenant", match=MatchValue(value=tenant))])
