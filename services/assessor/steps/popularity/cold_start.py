"""Order images for a user without a taste: what the tenant's users like, and varied.

The first likes of the user count before their words are known, where images have vectors.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.assessor.deadline import DeadlineReached
from services.assessor.popularity.counts import Popularity
from services.assessor.steps.reranking.diversity import varied_order
from services.assessor.steps.state import RankingState
from shared.domain.errors import Unavailable
from shared.domain.user import User
from shared.embedding.images.affinity import affinity
from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.protocol import Vectors
from shared.store.protocol import ImageStore

log = logging.getLogger(__name__)
ENCODING_SECONDS: Final = 2.0
"""Longest wait for the vectors of new images: a first feed should come at once. Their encoding
continues, so that the next feed has them."""
Floats = NDArray[np.float64]


class RankByPopularity:
    """The step that orders the images of a cold start; other feeds pass unchanged.

    A feed without it is complete: an outage of a store or a near deadline fails nothing.
    """

    def __init__(
        self,
        popularity: Popularity,
        *,
        encoded_images: EncodedImages | None,
        image_store: ImageStore,
        diversity: float,
    ) -> None:
        self._popularity = popularity
        self._encoded_images = encoded_images
        self._image_store = image_store
        self._diversity = diversity

    async def __call__(self, state: RankingState) -> RankingState:
        if state.status != "cold_start" or not state.scored:
            return state
        user, images = User(state.request.tenant, state.request.user_id), state.scored
        image_ids = [image.image_id for image in images]
        rates = self._popularity.rates(user, image_ids=image_ids)
        vectors = await self._vectors(state)
        likeness = await self._likeness(state, vectors)
        relevance = scaled([rates.get(image_id, 0.0) for image_id in image_ids])
        # As much of the order as the user's own likes can decide: one like a half of it.
        share = 0.0 if likeness is None else own_share(state)
        if likeness is not None:
            relevance = (1 - share) * relevance + share * likeness
        diversity = (1 - share) * self._diversity
        order = varied_order(
            relevance, _matrix([image.content_hash for image in images], vectors), weight=diversity
        )
        if likeness is None and not rates:
            # Nothing is known of any image: the order of the request, made varied.
            return replace(state, scored=tuple(images[place] for place in order))
        points = self._popularity.scores(user, image_ids=image_ids)
        return replace(
            state,
            scored=tuple(
                replace(
                    images[place], tier="popularity", popularity=points.get(images[place].image_id)
                )
                for place in order
            ),
            popularity_weight=round(1 - share, 4) if points else None,
        )

    async def _vectors(self, state: RankingState) -> Mapping[str, Vectors]:
        """Vectors by content hash, of image contents or else of descriptions; maybe of some."""
        try:
            if self._encoded_images is not None:
                return await self._of_contents(state, self._encoded_images)
            described = await self._image_store.descriptions(
                content_hashes=[image.content_hash for image in state.scored],
                model_version=state.serving.model.model_version,
            )
        except Unavailable as error:
            log.warning("a cold start is not varied: %s", error)
            return {}
        return {content_hash: stored.vector for content_hash, stored in described.items()}

    async def _of_contents(
        self, state: RankingState, encoded: EncodedImages
    ) -> Mapping[str, Vectors]:
        pixels = {image.content_hash: image.loaded_candidate.image.pixels for image in state.scored}
        try:
            with state.deadline.stage("popularity"):
                async with asyncio.timeout(ENCODING_SECONDS):
                    return await state.deadline.run(lambda: encoded.vectors(pixels))
        except (DeadlineReached, TimeoutError):
            return await encoded.stored(list(pixels))

    async def _likeness(self, state: RankingState, vectors: Mapping[str, Vectors]) -> Floats | None:
        """How much each image resembles the user's references, 0-1; None without references."""
        if self._encoded_images is None or state.profile is None or not vectors:
            return None
        try:
            references = await self._encoded_images.references(state.profile.references)
        except Unavailable as error:
            log.warning("first likes do not count in a cold start: %s", error)
            return None
        if not len(references.liked) + len(references.disliked):
            return None
        known = [image.content_hash in vectors for image in state.scored]
        resembles = affinity(
            np.stack([vectors[i.content_hash] for i in state.scored if i.content_hash in vectors]),
            references.liked,
            references.disliked,
        )
        likeness = np.full(len(state.scored), float(np.median(resembles)))
        likeness[known] = resembles
        return scaled(likeness)


def own_share(state: RankingState) -> float:
    """Part of the order that the user's own references decide: 1/2 for one, 2/3 for two."""
    number = len(state.profile.references) if state.profile else 0
    return number / (number + 1)


def scaled(values: Sequence[float] | Floats) -> Floats:
    """The values from 0 for the lowest to 1 for the highest; all 0 when they are equal."""
    floats = np.asarray(values, np.float64)
    spread = float(np.ptp(floats))
    if spread < 1e-9:
        return np.zeros(len(floats))
    return np.asarray((floats - floats.min()) / spread, np.float64)


def _matrix(content_hashes: Sequence[str], vectors: Mapping[str, Vectors]) -> Floats:
    """The similarity of each pair, shape (n, n), scaled to 0-1; 0 where a vector is missing."""
    known = [place for place, name in enumerate(content_hashes) if name in vectors]
    similarity = np.zeros((len(content_hashes), len(content_hashes)))
    if len(known) < 2:
        return similarity
    rows = np.stack([vectors[content_hashes[place]] for place in known]).astype(np.float64)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    units = rows / np.where(norms > 0, norms, 1.0)
    cosines = units @ units.T
    # Encoders differ in their range of cosines: the least similar pair counts 0.
    lowest = float(cosines.min())
    similarity[np.ix_(known, known)] = (cosines - lowest) / max(1.0 - lowest, 1e-9)
    return similarity
