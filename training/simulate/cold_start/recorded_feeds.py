"""Record the measured feeds, so that they can also be ranked without popularity."""

from typing import Self

import numpy as np

from shared.domain.taste import Value
from shared.events import RankedFeed
from training.simulate.catalog import Catalog
from training.simulate.measure.metrics import Order


class RecordedItem(Value):
    """One image of a measured feed."""

    number: int
    """Number of the image in the catalog."""
    total: float | None
    """The user's own score of the image, 0-25; None in a cold start."""
    popularity: float | None = None
    """Its popularity, 0-5; None where it did not count."""


class RecordedFeed(Value):
    """One measured feed, best image first."""

    arm: str
    user: int
    """Number of the new user."""
    actions: int
    """Likes and dislikes of the user before the feed."""
    status: str
    items: tuple[RecordedItem, ...]

    @classmethod
    def of(cls, feed: RankedFeed, *, arm: str, user: int, actions: int) -> Self:
        items = tuple(
            RecordedItem(
                number=Catalog.number(item.image_id),
                total=item.score if item.score_total is None else item.score_total,
                popularity=item.popularity,
            )
            for item in feed.items
        )
        return cls(arm=arm, user=user, actions=actions, status=feed.status, items=items)

    @property
    def order(self) -> Order:
        """The images as they were shown, (items,)."""
        return np.array([item.number for item in self.items], np.int64)

    @property
    def order_without_popularity(self) -> Order:
        """The images by the user's own scores alone, (items,); a cold start stays as it is."""
        own = sorted(self.items, key=lambda item: -(item.total or 0.0))
        return np.array([item.number for item in own], np.int64)
