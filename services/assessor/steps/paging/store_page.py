"""The step that stores what a page shows, before its feed is out, and makes the next cursor."""

import logging
from collections.abc import Set
from dataclasses import replace
from typing import Final

from services.assessor.steps.paging.feed_page import FeedPage, PageStores
from services.assessor.steps.retrieval.reasons import TOO_LATE
from services.assessor.steps.retrieval.shortlist import Shortlist
from services.assessor.steps.state import RankingState, Step
from shared.domain.clock import Clock
from shared.domain.errors import Unavailable
from shared.domain.requests.page_cursor import PageCursor
from shared.store.catalog.queries import CatalogSelection
from shared.store.catalog.read_only import ServingCatalogs
from shared.store.sessions.pages import MAX_SERVED, ServedImage, ServedPage

log = logging.getLogger(__name__)
FIRST_LOOK: Final = 16
FURTHER_LOOK: Final = 1_000
"""Images that are read at once to see whether one is left; failed ones are left out for ever."""


class StorePage:
    """Adds `next_cursor` as long as the catalog has a further image for the feed.

    The page is stored before the feed is published, since the app may send the cursor at once. An
    image that is not indexed yet counts as a further image: the next page has it as soon as it is.
    """

    def __init__(
        self,
        stores: PageStores,
        catalogs: ServingCatalogs,
        *,
        skip_erased: Step,
        clock: Clock,
    ) -> None:
        self._sessions = stores.sessions
        self._cursors = stores.cursors
        self._catalogs = catalogs
        self._skip_erased = skip_erased
        self._clock = clock

    async def __call__(self, state: RankingState) -> RankingState | None:
        if state.page is None:
            return state
        page = page_with_results(state, state.page)
        if page != state.page.page or not state.page.is_repeated:
            # A redelivered request may show other images, if the profile has changed meanwhile.
            await self._sessions.put(page)
            # The erasure may have removed the user's pages just before this one was stored.
            if await self._skip_erased(state) is None:
                await self._sessions.discard(page.page_id)
                return None
        if not await self._has_more(state, page, state.page.served_before):
            return state
        cursor = PageCursor(
            page_id=page.page_id, conditions=page.conditions.digest(), expires_at=page.expires_at
        )
        return replace(state, next_cursor=await self._cursors.write(cursor, page.user))

    async def _has_more(
        self, state: RankingState, page: ServedPage, served_before: Set[str]
    ) -> bool:
        if page.served >= MAX_SERVED:
            log.warning("a feed ends after %d images, the most that one can have", page.served)
            return False
        similar_to = page.conditions.similar_to
        if similar_to is not None and _is_unknown(state.shortlist):
            return False
        left_out = {*served_before, *page.served_ids, *state.request.exclude_ids}
        if similar_to is not None:
            left_out.add(similar_to)
        selection = CatalogSelection(
            page.tenant,
            page.conditions.filter,
            available_at=self._clock(),
            exclude_ids=frozenset(left_out),
        )
        try:
            return await self._selects_any(selection)
        except Unavailable as error:
            # A last page that is empty is better than images that no page shows.
            log.warning("whether a feed has a further page is not known: %s", error)
            return True

    async def _selects_any(self, selection: CatalogSelection) -> bool:
        catalog = await self._catalogs.serving()
        after, limit = None, FIRST_LOOK
        while True:
            images = await catalog.page(selection, after=after, limit=limit)
            if any(image.status != "failed" for image in images.images):
                return True
            if images.next is None:
                return False
            after, limit = images.next, FURTHER_LOOK


def page_with_results(state: RankingState, page: FeedPage) -> ServedPage:
    """The page with its shortlist, the images that it shows, and those that it rejects.

    A rejected image, such as one that cannot be loaded, is not found again on the next page. A
    redelivered request keeps the shortlist of its first delivery.
    """
    by_id = {} if state.shortlist is None else state.shortlist.by_id
    shown = [image.image_id for image in state.ranked]
    rejected = [item.image_id for item in state.rejected if item.image_id in by_id]
    if page.is_repeated:
        return page.page.with_results(
            page.page.images, shares=page.page.shares, served_ids=(*shown, *rejected)
        )
    images = [
        ServedImage(image_id=image_id, source=image.source, propensity=image.propensity)
        for image_id, image in by_id.items()
    ]
    shares = state.shortlist.shares if state.shortlist else {}
    return page.page.with_results(images, shares=shares, served_ids=(*shown, *rejected))


def _is_unknown(shortlist: Shortlist | None) -> bool:
    """Whether the image is not in the catalog that the others should resemble."""
    if shortlist is None or shortlist.images or shortlist.reason is None:
        return False
    return shortlist.reason.startswith("similar_to:") and shortlist.reason != TOO_LATE
