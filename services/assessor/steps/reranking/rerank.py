"""Rerank a slate: demote seen images, cap authors, diversify (MMR) and explore (FairPairs)."""

import logging
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import replace
from datetime import timedelta

from services.assessor.config import AssessorSettings
from services.assessor.steps.reranking.diversity import maximal_marginal_relevance, similarity_of
from services.assessor.steps.reranking.exploration import fair_pairs
from services.assessor.steps.state import RankingState, ScoredImage
from shared.domain.clock import Clock
from shared.domain.errors import Unavailable
from shared.domain.ids import exploration_seed
from shared.events import ImageCandidates, ServingPolicy
from shared.events.types.feed import Demotion
from shared.store.protocol import ImageStore, ImpressionStore

log = logging.getLogger(__name__)


class Rerank:
    """The step that chooses the images of the feed and their order."""

    def __init__(
        self,
        settings: AssessorSettings,
        *,
        impressions: ImpressionStore,
        image_store: ImageStore,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._impressions = impressions
        self._image_store = image_store
        self._clock = clock

    async def __call__(self, state: RankingState) -> RankingState:
        request, settings = state.request, self._settings
        first, capped, seen = split_by_rules(
            by_total(state.scored),
            seen_ids=await self._seen_ids(request),
            author_cap=settings.author_cap,
        )
        size = request.top_k or len(state.scored)
        if settings.diversity:
            first = await self._diversify(first, size, state.serving.model.model_version)
        feed = [*first, *capped, *seen][:size]
        places = fair_pairs(
            len(feed),
            share=settings.explore_share,
            seed=exploration_seed(request.request_key, request_hash=state.request_hash),
        )
        ranked = tuple(
            replace(feed[place.origin], propensity=place.propensity, explored=place.explored)
            for place in places
        )
        return replace(state, ranked=ranked)

    async def _seen_ids(self, request: ImageCandidates) -> frozenset[str]:
        if not self._settings.seen_days:
            return frozenset()
        try:
            impressions = await self._impressions.get(
                tenant=request.tenant, user_id=request.user_id
            )
        except Unavailable as error:
            # A feed that repeats an image is better than none.
            log.warning("seen images are not demoted: %s", error)
            return frozenset()
        since = self._clock() - timedelta(days=self._settings.seen_days)
        return impressions.since(since) if impressions else frozenset()

    async def _diversify(
        self, ranked: Sequence[ScoredImage], size: int, model_version: str
    ) -> list[ScoredImage]:
        try:
            described = await self._image_store.descriptions(
                content_hashes=[image.content_hash for image in ranked],
                model_version=model_version,
            )
        except Unavailable as error:
            log.warning("the feed is not diversified: %s", error)
            return list(ranked)
        vectors = {content_hash: stored.vector for content_hash, stored in described.items()}
        return maximal_marginal_relevance(
            ranked, similarity_of(vectors), weight=self._settings.diversity, size=size
        )


def by_total(scored: Sequence[ScoredImage]) -> list[ScoredImage]:
    """Best first; images with equal totals, or without one, stay in the order of the request."""
    return sorted(scored, key=lambda image: -image.ranking_total)


def split_by_rules(
    ranked: Sequence[ScoredImage], *, seen_ids: Set[str], author_cap: int
) -> tuple[list[ScoredImage], list[ScoredImage], list[ScoredImage]]:
    """Images to show first, images beyond their author's cap, and images seen already.

    Each group keeps the order of `ranked`. `author_cap` 0 turns the cap off; images without an
    author are never capped.
    """
    first: list[ScoredImage] = []
    capped: list[ScoredImage] = []
    seen: list[ScoredImage] = []
    by_author: Counter[str] = Counter()
    for image in ranked:
        author = image.loaded_candidate.candidate.author_id
        if image.image_id in seen_ids:
            seen.append(_demoted(image, "seen"))
        elif author_cap and author is not None and by_author[author] >= author_cap:
            capped.append(_demoted(image, "author_cap"))
        else:
            first.append(image)
            if author is not None:
                by_author[author] += 1
    return first, capped, seen


def serving_policy(settings: AssessorSettings) -> ServingPolicy:
    """The rules as the feed names them."""
    return ServingPolicy(
        explore_share=settings.explore_share,
        seen_days=settings.seen_days,
        author_cap=settings.author_cap,
        diversity=settings.diversity,
    )


def _demoted(image: ScoredImage, rule: Demotion) -> ScoredImage:
    return replace(image, demoted=(*image.demoted, rule))
