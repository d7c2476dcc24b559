"""Read the selected images of a catalog: by vectors, by popularity, by age and by chance."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
    estimated_count,
)
from shared.domain.ids import catalog_point_id
from shared.domain.images.catalog_filter import EVERY_IMAGE
from shared.domain.images.image_key import ImageKey
from shared.domain.user import User
from shared.store.catalog.images import StoredImage
from shared.store.catalog.protocol import CatalogStore
from shared.store.catalog.queries import CatalogSelection
from shared.store.catalog.query_kinds import AmongQuery, IdQuery, NewestQuery

LEAST_POPULAR_STEP: Final = 20
"""Popular images that are looked up at once at least, until enough of them are in the selection."""
MAX_POPULAR: Final = 500
NEW_PER_PLACE: Final = 2
"""Newest images that are read for each place: some of them have been viewed often already."""
FIRST_PAGE: Final = 32
"""Images whose ids show how many images there are, within a third."""
FEW_LEFT: Final = 16
"""If fewer images of the first page are not excluded, most of the catalog is."""
PAGE: Final = 64
"""Images that are read at once of a random cell, which mostly holds fewer."""


@dataclass(frozen=True)
class SureImages:
    """The ids of images that no chance has chosen, the best first."""

    rankings: list[Ranking]
    """One for each search."""
    popular: tuple[str, ...]
    new: tuple[str, ...]


class CatalogReader:
    """The images of one selection. Raises `Unavailable` as the store does.

    It reads ids. The excluded ids in a filter cost as much as the rest of a page, so pages and the
    newest images are read without them, and the excluded ones are left out afterwards.
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
        self._with_excluded = replace(selection, exclude_ids=frozenset())
        self._popularity = popularity
        self._user = user

    async def sure(
        self, searches: Sequence[Search], *, popular: int, new: int, since: datetime
    ) -> SureImages:
        """The rankings of the searches, about `popular` and at most `NEW_PER_PLACE` times `new`
        images; the first call of the store mostly suffices for all."""
        chunks = self._popular_chunks(popular)
        wanted: list[tuple[CatalogSelection, IdQuery]] = [
            (
                replace(self._selection, subject_words=search.subject_words)
                if search.subject_words
                else self._selection,
                search.query,
            )
            for search in searches
        ]
        if chunks:
            wanted.append((self._with_excluded, AmongQuery(chunks[0])))
        if new:
            wanted.append((self._with_excluded, self._newest(new, since)))
        results = await self._catalog.ids(wanted) if wanted else []
        rankings = [
            Ranking(search.source, search.share, tuple(ids))
            for search, ids in zip(searches, results, strict=False)
        ]
        newest = results[-1] if new else []
        stored = set(results[len(searches)]) if chunks else set()
        return SureImages(
            rankings,
            await self._popular(chunks, stored, popular),
            await self._new(newest, new, since=since),
        )

    def _popular_chunks(self, number: int) -> list[tuple[str, ...]]:
        """The ids that other users of the tenant like most, in the parts that are looked up."""
        if number <= 0:
            return []
        ids = self._popularity.most_popular(self._user, limit=MAX_POPULAR)
        ids = [image_id for image_id in ids if image_id not in self._selection.exclude_ids]
        # A filter may leave few of them, so all are looked up at once.
        is_all = self._selection.filter == EVERY_IMAGE
        step = max(number, LEAST_POPULAR_STEP) if is_all else MAX_POPULAR
        return [tuple(ids[start : start + step]) for start in range(0, len(ids), step)]

    async def _popular(
        self, chunks: Sequence[tuple[str, ...]], stored: Collection[str], number: int
    ) -> tuple[str, ...]:
        popular = [name for name in chunks[0] if name in stored] if chunks else []
        for chunk in chunks[1:]:
            if len(popular) >= number:
                break
            (ids,) = await self._catalog.ids([(self._with_excluded, AmongQuery(chunk))])
            selected = set(ids)
            popular += [name for name in chunk if name in selected]
        return tuple(popular)

    async def _new(self, newest: Sequence[str], number: int, *, since: datetime) -> tuple[str, ...]:
        """The newest images that are hardly viewed.

        They are chosen from the newest images of the selection, `number` of them at least and
        `NEW_PER_PLACE` times as many at most.
        """
        excluded = self._selection.exclude_ids
        left = [name for name in newest if name not in excluded]
        is_full = bool(newest) and len(newest) >= NEW_PER_PLACE * number
        if is_full and len(left) < number:
            query = self._newest(number, since)
            (left,) = await self._catalog.ids([(self._selection, query)])
        viewers = self._viewers(left)
        return tuple(name for name in left if viewers.get(name, 0) < FEW_VIEWERS)

    async def drawn(self, number: int, *, seed: UUID, without: Collection[str]) -> dict[str, float]:
        """At most `number` other images, drawn by chance, with the probability of each."""
        if number <= 0:
            return {}
        excluded, selection = self._selection.exclude_ids, self._with_excluded
        first = await self._catalog.page_ids(selection, limit=FIRST_PAGE)
        left = [name for name in first.image_ids if name not in excluded]
        if first.next is not None and len(left) < FEW_LEFT:
            selection = self._selection
            first = await self._catalog.page_ids(selection, limit=FIRST_PAGE)
            left = list(first.image_ids)
        cell, pool = WHOLE, left
        if first.next is not None:
            count = estimated_count(len(left), last=self._point(first.image_ids[-1]))
            cell = drawn_cell(seed, count=count, number=number, without=len(without))
            pool = []
            after: str | None = str(cell.start)
            while after is not None and cell.holds(UUID(after)):
                page = await self._catalog.page_ids(selection, after=after, limit=PAGE)
                pool += [
                    name
                    for name in page.image_ids
                    if name not in excluded and cell.holds(self._point(name))
                ]
                after = page.next
        probabilities = drawn(
            pool, number=number, seed=seed, viewers=self._viewers(pool), without=without
        )
        return {name: cell.probability * value for name, value in probabilities.items()}

    async def images(self, image_ids: Iterable[str]) -> dict[str, StoredImage]:
        """The images by id; without those that were removed meanwhile, and those whose content
        cannot be loaded any more."""
        keys = [ImageKey(self._user.tenant, image_id) for image_id in image_ids]
        stored = await self._catalog.get(keys)
        return {key.image_id: i for key, i in stored.items() if i.status != "failed"}

    @staticmethod
    def _newest(number: int, since: datetime) -> NewestQuery:
        return NewestQuery(since, limit=NEW_PER_PLACE * number)

    def _viewers(self, image_ids: Collection[str]) -> Mapping[str, int]:
        return self._popularity.viewers(self._user.tenant, image_ids=image_ids)

    def _point(self, image_id: str) -> UUID:
        return catalog_point_id(ImageKey(self._user.tenant, image_id))
