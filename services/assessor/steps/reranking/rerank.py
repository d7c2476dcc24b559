"""Rerank a slate: demote seen images, cap authors, apply the shop's rules, diversify, explore."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial

from services.assessor.config import AssessorSettings
from services.assessor.rules.facts import entries_of
from services.assessor.rules.policy_file import FixedRules, Rules
from services.assessor.steps.reranking.diversity import Similarity, similarity_of
from services.assessor.steps.reranking.exploration import fair_pairs
from services.assessor.steps.reranking.order import ordered
from services.assessor.steps.reranking.seen_images import SeenImages
from services.assessor.steps.reranking.shop_rules import (
    RuledRequest,
    apply_rules,
    takes_pins,
    with_earlier_ranks,
)
from services.assessor.steps.reranking.stated_words import StatedWords, likeness_of
from services.assessor.steps.state import RankingState, ScoredImage
from shared.domain.clock import Clock
from shared.domain.errors import Unavailable
from shared.domain.ids import exploration_seed
from shared.domain.taste import Element
from shared.domain.user import User
from shared.events import ServingPolicy
from shared.store.catalog.serving import Catalogs
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
        rules: Rules | None = None,
        catalogs: Catalogs | None = None,
    ) -> None:
        self._settings = settings
        self._seen_images = SeenImages(impressions, days=settings.seen_days, clock=clock)
        self._image_store = image_store
        self._rules = rules or FixedRules()
        self._catalogs = catalogs

    async def __call__(self, state: RankingState) -> RankingState:
        request, settings = state.request, self._settings
        rules_file = self._rules.current()
        rules = rules_file.of_tenant(request.tenant)
        size = request.top_k or len(state.scored)
        seen_ids = await self._seen_images.ids(User(request.tenant, request.user_id))
        similarity = await self._similarity(state) if settings.diversity else None
        order = partial(
            ordered,
            seen_ids=seen_ids,
            author_cap=settings.author_cap,
            diversity=settings.diversity,
            similarity=similarity,
            size=size,
            directions=await self._directions(state),
        )
        if rules.names:
            entries = await entries_of(
                [image.loaded_candidate.candidate for image in state.scored],
                tenant=request.tenant,
                catalogs=self._catalogs,
            )
            ruled = RuledRequest(
                rules,
                entries,
                seen_ids,
                takes_pins=takes_pins(request),
                pinned_in=state.pinned_in,
            )
            feed, fixed = apply_rules(state.scored, ruled, order=order, size=size)
            feed = with_earlier_ranks(feed, order(without_pins_of(state)))
        else:
            feed, fixed = order(without_pins_of(state))[:size], frozenset()
        places = fair_pairs(
            len(feed),
            share=settings.explore_share,
            seed=exploration_seed(request.request_key, request_hash=state.request_hash),
            fixed=fixed,
        )
        ranked = tuple(
            feed[place.origin].with_fields(propensity=place.propensity, explored=place.explored)
            for place in places
        )
        return replace(state, ranked=ranked, rules=rules_file.shown(request.tenant))

    async def _directions(self, state: RankingState) -> Mapping[str, float]:
        """Where the user's own words move each image, by image id.

        An image that is not described yet is moved by its subject alone.
        """
        stated = StatedWords.of(state.profile)
        if not stated.directions:
            return {}
        shown: Mapping[str, Mapping[Element, Collection[str]]] = {}
        if stated.has_look:
            try:
                shown = await self._image_store.described_words(
                    content_hashes=[image.content_hash for image in state.scored],
                    model_version=state.serving.model.model_version,
                )
            except Unavailable as error:
                log.warning("words of the look that the user stated move no image: %s", error)
        likeness = likeness_of(state.subject_probabilities)
        return {
            image.image_id: stated.direction(
                look=shown.get(image.content_hash, {}),
                subjects=[word.word for word in image.subject_words],
                likeness=likeness.get(image.content_hash, {}),
            )
            for image in state.scored
        }

    async def _similarity(self, state: RankingState) -> Similarity | None:
        """Similarity by stored descriptions; None while their store does not answer."""
        try:
            described = await self._image_store.descriptions(
                content_hashes=[image.content_hash for image in state.scored],
                model_version=state.serving.model.model_version,
            )
        except Unavailable as error:
            log.warning("the feed is not diversified: %s", error)
            return None
        return similarity_of({name: stored.vector for name, stored in described.items()})


def without_pins_of(state: RankingState) -> list[ScoredImage]:
    """The scored images without those that only a pin of the shop has brought in."""
    return [image for image in state.scored if image.image_id not in state.pinned_in]


def serving_policy(settings: AssessorSettings) -> ServingPolicy:
    """The rules as the feed names them."""
    return ServingPolicy(
        explore_share=settings.explore_share,
        seen_days=settings.seen_days,
        author_cap=settings.author_cap,
        diversity=settings.diversity,
    )
