"""Place a slate by the serving rules, with what the stores know of the person and the images."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np

from services.assessor.config import AssessorSettings
from services.assessor.steps.diversity import diversified, in_groups
from services.assessor.steps.exploration import fair_pairs
from services.assessor.steps.feed_items import Assessed
from shared.domain.clock import Clock
from shared.domain.errors import Unavailable
from shared.domain.ids import exploration_seed
from shared.embedding.protocol import Vectors
from shared.events import ImageCandidates, ServingPolicy
from shared.store.protocol import ImageStore, SeenStore

log = logging.getLogger(__name__)


class Placing:
    """From best first to what is served: seen last, authors capped, varied, a little chance."""

    def __init__(
        self, settings: AssessorSettings, *, seen: SeenStore, images: ImageStore, clock: Clock
    ) -> None:
        self._settings = settings
        self._seen = seen
        self._images = images
        self._clock = clock
        self.policy = ServingPolicy(
            explore_share=settings.explore_share,
            seen_days=settings.seen_days,
            author_cap=settings.author_cap,
            diversity=settings.diversity,
        )

    async def place(
        self, ranked: Sequence[Assessed], request: ImageCandidates, *, model_version: str
    ) -> list[Assessed]:
        """The images to serve, in order, each with the probability of its place."""
        first, capped, known = in_groups(
            ranked, seen=await self._seen_by(request), author_cap=self._settings.author_cap
        )
        places = request.top_k or len(ranked)
        if self._settings.diversity:
            first = await self._varied(first, places, model_version)
        served = [*first, *capped, *known][:places]
        chance = fair_pairs(
            len(served),
            share=self._settings.explore_share,
            seed=exploration_seed(tenant=request.tenant, request_id=request.request_id),
        )
        return [
            replace(served[p.origin], propensity=p.propensity, explored=p.explored) for p in chance
        ]

    async def _seen_by(self, request: ImageCandidates) -> frozenset[str]:
        if not self._settings.seen_days:
            return frozenset()
        try:
            seen = await self._seen.get(tenant=request.tenant, user_id=request.user_id)
        except Unavailable as error:
            # A feed that repeats an image is better than none.
            log.warning("seen images stay where they are: %s", error)
            return frozenset()
        since = self._clock() - timedelta(days=self._settings.seen_days)
        return seen.since(since) if seen else frozenset()

    async def _varied(
        self, first: Sequence[Assessed], places: int, model_version: str
    ) -> list[Assessed]:
        hashes = [one.entry.image.content_hash for one in first]
        try:
            known = await self._images.descriptions(
                content_hashes=hashes, model_version=model_version
            )
        except Unavailable as error:
            log.warning("the feed is not varied: %s", error)
            return list(first)
        directions = {key: _unit(described.vector) for key, described in known.items()}
        return diversified(
            first,
            lambda a, b: _likeness(a, b, directions),
            weight=self._settings.diversity,
            places=places,
        )


def _likeness(a: Assessed, b: Assessed, directions: Mapping[str, Vectors]) -> float:
    """The mean likeness of the five elements; 0 when one of the two was never described."""
    one = directions.get(a.entry.image.content_hash)
    other = directions.get(b.entry.image.content_hash)
    return max(float(one @ other), 0.0) if one is not None and other is not None else 0.0


def _unit(vector: Vectors) -> Vectors:
    length = float(np.linalg.norm(vector))
    scaled: Vectors = vector / np.float32(length) if length else vector
    return scaled
