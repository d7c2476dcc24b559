"""Limit the requests in work, fairly between users: images in memory, and requests at the model.

Many requests are in work at once, because most of them wait for image hosts. These limits keep
their images from filling the memory, and the model's work in the order of arrival.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from services.assessor.config import AssessorSettings
from services.assessor.deadline import DeadlineReached
from services.assessor.metrics import AssessorMetrics
from services.assessor.steps.scoring import is_cold_start
from services.assessor.steps.state import RankingState
from shared.domain.limits.fair_limiter import FairLimiter
from shared.domain.user import User
from shared.events import ImageCandidates
from shared.events.types.candidates import MAX_CANDIDATES

GUARANTEED_IMAGES: Final = 16
"""Images that every user may have in work, even when all places are in use: a small request starts
at once, whatever the requests of others wait for."""


class RequestCapacity:
    """The limits of all requests of one service. One user gets at most half of each."""

    def __init__(self, settings: AssessorSettings, metrics: AssessorMetrics) -> None:
        self._images = FairLimiter(
            settings.images_in_work,
            per_requester=max(1, settings.images_in_work // 2),
            guaranteed=GUARANTEED_IMAGES,
        )
        self._model = FairLimiter(
            settings.scoring_concurrency, per_requester=max(1, settings.scoring_concurrency // 2)
        )
        metrics.waiting.labels("images").set_function(lambda: self._images.waiting)
        metrics.waiting.labels("score").set_function(lambda: self._model.waiting)

    @asynccontextmanager
    async def images(self, state: RankingState) -> AsyncIterator[None]:
        """Places for the images of the request, from before they are loaded until its feed."""
        with state.deadline.stage("images"):
            lease = await self._images.acquire(
                _user(state), cost=max(1, most_images(state.request))
            )
        try:
            yield
        finally:
            lease.release()

    @asynccontextmanager
    async def model(self, state: RankingState) -> AsyncIterator[None]:
        """A place at the model, for all steps that use it; without one after the deadline."""
        if is_cold_start(state) or not state.loaded_candidates:
            # The model is not used.
            yield
            return
        lease = None
        try:
            with state.deadline.stage("score"):
                lease = await state.deadline.run(lambda: self._model.acquire(_user(state)))
        except DeadlineReached:
            # The images are ranked by their stored descriptions, which needs no place.
            pass
        try:
            yield
        finally:
            if lease is not None:
                lease.release()


def most_images(request: ImageCandidates) -> int:
    """The largest number of images that a request can have, before the catalog is searched."""
    wanted = request.from_catalog.limit if request.from_catalog else 0
    return min(len(request.candidates) + wanted, MAX_CANDIDATES)


def _user(state: RankingState) -> User:
    return User(state.request.tenant, state.request.user_id)
