"""The step that finds the images of a request in the catalog, before they are loaded."""

import logging
from dataclasses import replace
from typing import Final

from services.assessor.deadline import DeadlineReached
from services.assessor.steps.loading import candidates_to_load
from services.assessor.steps.retrieval.reasons import NO_CATALOG, TOO_LATE, unavailable
from services.assessor.steps.retrieval.search import CatalogSearch
from services.assessor.steps.retrieval.shortlist import Shortlist, ShortlistRequest
from services.assessor.steps.state import RankingState
from services.assessor.steps.subject.scoring import stored_weights
from shared.domain.errors import Unavailable
from shared.domain.ids import retrieval_seed
from shared.domain.user import User
from shared.events.types.candidates import MAX_CANDIDATES

log = logging.getLogger(__name__)
LEAST_MS: Final = 500.0
"""A request that starts after its deadline is still searched for: an empty feed helps no user."""


class Retrieve:
    """Adds the shortlist to a request with `from_catalog`; other requests pass unchanged.

    Without the catalog, the listed candidates of such a request are ranked alone.
    """

    def __init__(self, search: CatalogSearch | None) -> None:
        self._search = search

    async def __call__(self, state: RankingState) -> RankingState:
        if state.shortlist is not None:
            # A bad cursor, or a page that an earlier delivery of the request has stored.
            return state
        request = shortlist_request(state)
        if request is None:
            return state
        if self._search is None:
            return replace(state, shortlist=Shortlist(reason=NO_CATALOG))
        search = self._search
        try:
            with state.deadline.stage("retrieval"):
                shortlist = await state.deadline.run(
                    lambda: search.find(request), least_ms=LEAST_MS
                )
        except DeadlineReached:
            shortlist = Shortlist(reason=TOO_LATE)
        except Unavailable as error:
            if not state.request.candidates:
                # The request waits until the store answers.
                raise
            log.warning("a request is ranked without the catalog: %s", error)
            shortlist = Shortlist(reason=unavailable(error.detail))
        return replace(state, shortlist=shortlist)


def shortlist_request(state: RankingState) -> ShortlistRequest | None:
    """What a request wants of the catalog; None if it wants nothing, or has no place for more."""
    request, wanted = state.request, state.request.from_catalog
    if wanted is None:
        return None
    page = state.page
    served = frozenset[str]() if page is None else page.served_before
    listed, not_loadable = candidates_to_load(request)
    limit = min(wanted.limit, MAX_CANDIDATES - len(listed) - len(not_loadable))
    if limit <= 0:
        return None
    return ShortlistRequest(
        User(request.tenant, request.user_id),
        limit=limit,
        seed=retrieval_seed(request.request_key, request_hash=state.request_hash),
        profile=state.profile,
        weights=None if state.profile is None else stored_weights(state.profile, state),
        filter=wanted.filter if page is None else page.conditions.filter,
        similar_to=wanted.similar_to if page is None else page.conditions.similar_to,
        exclude_ids=frozenset((*request.exclude_ids, *(c.image_id for c in listed), *served)),
    )
