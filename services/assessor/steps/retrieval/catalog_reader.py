"""Read the selected images of a catalog: by vectors, by popularity, by age and by chance."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from services.assessor.popularity.counts import Popularity
from services.assessor.steps.retrieval.merging import Ranking
from services.assessor.steps.retrieval.queries import Search
from services.assessor.steps.retrieval.random_draw import (
    FEW_VIEWERS,
    WHOLE,
    drawn,
    drawn_cell,
)
from shared.domain.ids import catalog_point_id
from shared.domain.images.image_key import ImageKey
from shared.domain.user import User
from shared.store.catalog.images import StoredImage
from shared.store.catalog.protocol import CatalogStore
from shared.store.catalog.queries import CatalogSelection

LEAST_POPULAR_STEP: Final = 20
"""Popular images that are read at once at least, until enough of them are in the selection."""
MAX_POPULAR: Final = 500
NEW_PER_PLACE: Final = 2
"""Newest images that are read for each place: some of them have been viewed often already."""
FIRST_PAGE: Final = 32
"""Images whose ids show how many images there are, within a third."""
PAGE: Final = 64
"""Images that are read at once of a random cell, which mostly holds fewer."""


class CatalogReader:
    """The images of one selection. Raises `Unavailable` as the store does.

    Images whose content cannot be loaded any more are left out.
    """

    def __init__(
        self,
        catalog: CatalogStore,
        selection: CatalogSelection,
        *,
        popularity: Popularity,
        user: User,
    ) -> None:
        self._catalog = catalog
        self._selection = selection
        self._popularity = popularity
        self._user = user
        self.images: dict[str, StoredImage] = {}
        """All images that were read, by id."""

    async def rankings(self, searches: Sequence[Search]) -> list[Ranking]:
        """The ranking of each search; all queries are one call of the store."""
        if not searches:
            return []
        results = await self._catalog.query(self._selection, [s.query for s in searches])
        return [
            Ranking(search.source, search.share, self._keep(hit.image for hit in hits))
            for search, hits in zip(searches, results, strict=True)
        ]

    async def popular(self, number: int) -> tuple[str, ...]:
        """About `number` images, those first that the tenant's other users like most."""
        ids = self._popularity.most_popular(self._user, limit=MAX_POPULAR)
        ids = [image_id for image_id in ids if image_id not in self._selection.exclude_ids]
        popular: list[str] = []
        step = max(number, LEAST_POPULAR_STEP)
        for start in range(0, len(ids), step):
            if len(popular) >= number:
                break
            keys = [self._key(image_id) for image_id in ids[start : start + step]]
            stored = await self._catalog.get(keys)
            images = [stored[key] for key in keys if key in stored]
            popular += self._keep(image for image in images if self._selection.selects(image))
        return tuple(popular)

    async def new(self, number: int, *, since: datetime) -> tuple[str, ...]:
        """Images that were published since and are hardly viewed, the newest first.

        They are chosen from `NEW_PER_PLACE` times `number` images, the newest of the selection.
        """
        if not number:
            return ()
        newest = await self._catalog.newest(self._selection, limit=NEW_PER_PLACE * number)
        ids = self._keep(image for image in newest if image.published_at >= since)
        viewers = self._viewers(ids)
        return tuple(i for i in ids if viewers.get(i, 0) < FEW_VIEWERS)

    async def drawn(self, number: int, *, seed: UUID, without: Collection[str]) -> dict[str, float]:
        """At most `number` other images, drawn by chance, with the probability of each."""
        if number <= 0:
            return {}
        first = await self._catalog.page(self._selection, limit=FIRST_PAGE)
        cell, images = WHOLE, list(first.images)
        if first.next is not None:
            ids = [_point(image) for image in images]
            cell = drawn_cell(seed, ids, number=number, without=len(without))
            images = []
            after: str | None = str(cell.start)
            while after is not None and cell.holds(UUID(after)):
                page = await self._catalog.page(self._selection, after=after, limit=PAGE)
                images += [image for image in page.images if cell.holds(_point(image))]
                after = page.next
        pool = self._keep(images)
        probabilities = drawn(
            pool, number=number, seed=seed, viewers=self._viewers(pool), without=without
        )
        return {name: cell.probability * value for name, value in probabilities.items()}

    def _keep(self, images: Iterable[StoredImage]) -> tuple[str, ...]:
        """The ids of the images that can be loaded, in the same order."""
        usable = {i.entry.image_id: i for i in images if i.status != "failed"}
        self.images.update(usable)
        return tuple(usable)

    def _viewers(self, image_ids: Collection[str]) -> Mapping[str, int]:
        return self._popularity.viewers(self._user.tenant, image_ids=image_ids)

    def _key(self, image_id: str) -> ImageKey:
        return ImageKey(self._user.tenant, image_id)


def _point(image: StoredImage) -> UUID:
    return catalog_point_id(image.entry.key)
