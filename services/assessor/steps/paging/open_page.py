"""The step that reads the cursor of a request and what the pages before have shown."""

import logging
from dataclasses import replace

from services.assessor.steps.paging.feed_page import ALREADY_SERVED, FeedPage, PageStores
from services.assessor.steps.retrieval.reasons import unavailable
from services.assessor.steps.retrieval.shortlist import RetrievedImage, Shortlist
from services.assessor.steps.state import RankingState
from shared.domain.clock import Clock
from shared.domain.errors import Unavailable
from shared.domain.images.image_key import ImageKey
from shared.domain.requests.page_cursor import BadCursor, expired_cursor
from shared.domain.user import User
from shared.events import RejectedItem
from shared.store.catalog.queries import CatalogSelection
from shared.store.catalog.read_only import ServingCatalogs
from shared.store.sessions.pages import (
    PageConditions,
    ServedPage,
    page_id_of,
)

log = logging.getLogger(__name__)


class OpenPage:
    """Adds the page to a request with `from_catalog`; other requests pass unchanged.

    A bad cursor gives an empty shortlist with the reason: the app gets a feed at once, and the
    images that the request lists are ranked. A redelivered request gets the images of its page
    again as its shortlist.
    """

    def __init__(
        self,
        stores: PageStores,
        catalogs: ServingCatalogs,
        *,
        clock: Clock,
    ) -> None:
        self._sessions = stores.sessions
        self._cursors = stores.cursors
        self._catalogs = catalogs
        self._clock = clock

    async def __call__(self, state: RankingState) -> RankingState:
        if state.request.from_catalog is None:
            return state
        try:
            with state.deadline.stage("retrieval"):
                page = await self._open(state)
                shortlist = await self._shortlist_again(page) if page.is_repeated else None
        except BadCursor as error:
            return replace(state, shortlist=Shortlist(reason=f"{error.reason}: {error.detail}"))
        except Unavailable as error:
            if not state.request.candidates:
                # The request waits until the store answers.
                raise
            log.warning("a request is ranked without the catalog: %s", error)
            return replace(state, shortlist=Shortlist(reason=unavailable(error.detail)))
        return replace(_without_served(state, page), page=page, shortlist=shortlist)

    async def _open(self, state: RankingState) -> FeedPage:
        request, wanted = state.request, state.request.from_catalog
        assert wanted is not None
        user = User(request.tenant, request.user_id)
        page_id = page_id_of(request.request_key, request_hash=state.request_hash)
        if wanted.cursor is None:
            stored = (await self._sessions.get([page_id])).get(page_id)
            conditions = PageConditions(filter=wanted.filter, similar_to=wanted.similar_to)
            first = ServedPage.first(user, page_id, conditions, started_at=self._clock())
            return FeedPage(stored or first, frozenset(), is_repeated=stored is not None)
        cursor = await self._cursors.read(wanted.cursor, user, now=self._clock())
        stored_pages = await self._sessions.get([page_id, cursor.page_id])
        before = stored_pages.get(cursor.page_id)
        if before is None or before.user != user or before.conditions.digest() != cursor.conditions:
            raise expired_cursor()
        blocks = await self._sessions.get(before.blocks)
        if len(blocks) < len(before.blocks):
            raise expired_cursor()
        served = frozenset(
            image_id for page in (before, *blocks.values()) for image_id in page.served_ids
        )
        stored = stored_pages.get(page_id)
        return FeedPage(stored or before.following(page_id), served, is_repeated=stored is not None)

    async def _shortlist_again(self, page: FeedPage) -> Shortlist:
        """The shortlist of a page that is stored already.

        Images that were removed meanwhile, or that are not available any more, are left out.
        """
        tenant = page.page.tenant
        selection = CatalogSelection(
            tenant, page.conditions.filter, available_at=self._clock(), indexed_only=True
        )
        catalog = await self._catalogs.serving()
        stored = await catalog.get([ImageKey(tenant, i.image_id) for i in page.page.images])
        images = [
            RetrievedImage(stored[key], image.source, image.propensity)
            for image in page.page.images
            if (key := ImageKey(tenant, image.image_id)) in stored
            and selection.selects(stored[key])
        ]
        return Shortlist(tuple(images), page.page.shares)


def _without_served(state: RankingState, page: FeedPage) -> RankingState:
    """The request without the listed images that earlier pages have shown."""
    request = state.request
    served = [c for c in request.candidates if c.image_id in page.served_before]
    if not served:
        return state
    rejected = [
        RejectedItem(
            image_id=candidate.image_id,
            reason=f"{ALREADY_SERVED}: an earlier page of this feed has the image; leave it out, or"
            " request a feed without a cursor",
        )
        for candidate in served
    ]
    changes = {
        "candidates": tuple(c for c in request.candidates if c not in served),
        "rejected": (*request.rejected, *rejected),
    }
    return replace(state, request=request.model_copy(update=changes))
