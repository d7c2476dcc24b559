"""What is stored of one page of a feed, and the protocol of its store."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, Protocol, Self
from uuid import UUID

from pydantic import AwareDatetime

from shared.domain.ids import derived_id
from shared.domain.images.catalog_filter import EVERY_IMAGE, CatalogFilter
from shared.domain.requests.request_key import RequestKey
from shared.domain.taste import Value
from shared.domain.user import User
from shared.events.types.feed import Source

LIFETIME: Final = timedelta(days=1)
"""Time after its first page for which a feed can be continued."""
BLOCK: Final = 256
"""Image ids after which a page starts a new list, which the following pages only refer to: a page
then stays small, however many pages came before it."""
MAX_SERVED: Final = 20_000
"""Images of one feed over all its pages. Each page leaves out those before it in the query."""


class PageConditions(Value):
    """What all pages of a feed have in common: the conditions of its first request."""

    filter: CatalogFilter = EVERY_IMAGE
    similar_to: str | None = None

    def digest(self) -> str:
        """A short text that is the same for equal conditions."""
        return sha256(self.model_dump_json().encode()).hexdigest()[:16]


class ServedImage(Value):
    """An image of the shortlist of a page, which the page may have shown."""

    image_id: str
    source: Source
    propensity: float = 1.0


class ServedPage(Value):
    """One page of a feed of one user."""

    tenant: str
    user_id: str
    page_id: UUID
    started_at: AwareDatetime
    """Time of the first page."""
    conditions: PageConditions
    images: tuple[ServedImage, ...]
    """The shortlist of this page, in its order: a redelivered request ranks the same images."""
    served_ids: tuple[str, ...]
    """All images of this page, and of the pages before it that are in no block."""
    shares: Mapping[Source, float] = {}
    """The shares by which the sources filled this page; empty where no query ran."""
    blocks: tuple[UUID, ...] = ()
    """Pages before this one with full lists `served_ids`."""
    served_before: int = 0
    """Number of images in the blocks."""

    @property
    def user(self) -> User:
        return User(self.tenant, self.user_id)

    @property
    def expires_at(self) -> datetime:
        return self.started_at + LIFETIME

    @property
    def served(self) -> int:
        """Number of images on this page and on all pages before it."""
        return self.served_before + len(self.served_ids)

    @classmethod
    def first(
        cls, user: User, page_id: UUID, conditions: PageConditions, *, started_at: datetime
    ) -> Self:
        """A first page without images."""
        return cls(
            tenant=user.tenant,
            user_id=user.user_id,
            page_id=page_id,
            started_at=started_at,
            conditions=conditions,
            images=(),
            served_ids=(),
        )

    def following(self, page_id: UUID) -> Self:
        """The page after this one, without images."""
        is_full = len(self.served_ids) >= BLOCK
        changes = {
            "page_id": page_id,
            "images": (),
            "shares": {},
            "served_ids": () if is_full else self.served_ids,
            "blocks": (*self.blocks, self.page_id) if is_full else self.blocks,
            "served_before": self.served if is_full else self.served_before,
        }
        return self.model_copy(update=changes)

    def with_results(
        self,
        images: Sequence[ServedImage],
        *,
        shares: Mapping[Source, float],
        served_ids: Collection[str],
    ) -> Self:
        """The page with its shortlist; `served_ids` are the images that no later page may show."""
        changes = {
            "images": tuple(images),
            "shares": dict(shares),
            "served_ids": tuple(dict.fromkeys((*self.served_ids, *served_ids))),
        }
        return self.model_copy(update=changes)


class FeedSessionStore(Protocol):
    """Stores the pages of feeds. Raises `Unavailable` when it does not answer."""

    async def put(self, page: ServedPage) -> None:
        """Store a page, or replace it; returns when the write is durable."""
        ...

    async def get(self, page_ids: Collection[UUID]) -> dict[UUID, ServedPage]:
        """The stored pages among these."""
        ...

    async def discard(self, page_id: UUID) -> None:
        """Remove one page."""
        ...

    async def remove(self, user: User) -> int:
        """Remove all pages of a user; returns their number."""
        ...

    async def count(self, user: User) -> int:
        """Number of stored pages of a user, counted without a filter."""
        ...

    async def clean(self, *, now: datetime) -> int:
        """Remove ended feeds, and the oldest pages beyond the limits; returns how many pages."""
        ...


def page_id_of(request: RequestKey, *, request_hash: str) -> UUID:
    """The id of the page that a request gets; a redelivered request has the same one."""
    return derived_id("feed-page", *request, request_hash)
