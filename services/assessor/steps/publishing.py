"""Publish the feed, then count it and start the background work on its images."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pydantic import TypeAdapter

from services.assessor.background.background_description import BackgroundDescription
from services.assessor.background.shadow_evaluation import ShadowEvaluation
from services.assessor.metrics import AssessorMetrics
from services.assessor.steps.request_filtering import AnsweredRequests
from services.assessor.steps.state import LoadedCandidate, RankingState, ScoredImage
from shared.domain.clock import Clock
from shared.domain.ids import feed_id
from shared.domain.requests.request_key import RequestKey
from shared.domain.taste import ELEMENTS
from shared.events import (
    RankedFeed,
    RankedItem,
    RetrievalPolicy,
    ServingPolicy,
)
from shared.images.data_source import is_data_address
from shared.messaging.contract import Publisher

log = logging.getLogger(__name__)
ITEMS: Final = TypeAdapter(tuple[RankedItem, ...])


class Publish:
    """The last step: after it, the request has its feed."""

    def __init__(
        self,
        publisher: Publisher,
        *,
        clock: Clock,
        policy: ServingPolicy,
        answered: AnsweredRequests,
        metrics: AssessorMetrics,
        background_description: BackgroundDescription,
        shadow_evaluation: ShadowEvaluation,
    ) -> None:
        self._publisher = publisher
        self._clock = clock
        self._policy = policy
        self._answered = answered
        self._metrics = metrics
        self._background_description = background_description
        self._shadow_evaluation = shadow_evaluation

    async def __call__(self, state: RankingState) -> RankingState | None:
        request = state.request.request_key
        if self._answered.has(request, request_hash=state.request_hash):
            # Kafka delivered the request twice, and both deliveries were in work together.
            self._metrics.duplicates.inc()
            return None
        policy = self._policy.model_copy(update={"rules": state.rules})
        feed = ranked_feed(state, at=self._clock(), policy=policy)
        await self._publish(feed, request, request_hash=state.request_hash)
        self._metrics.count(feed)
        # The catalog service describes its images itself.
        self._background_description.offer(
            [candidate.image for candidate in state.loaded_candidates if candidate.is_listed]
        )
        self._shadow_evaluation.offer(
            feed,
            [(image.loaded_candidate, state.taste_of(image)) for image in state.scored],
        )
        return state

    async def _publish(self, feed: RankedFeed, request: RequestKey, *, request_hash: str) -> None:
        earlier_contents = self._answered.contents(request)
        # Added before the wait for Kafka, so that the same request in work twice gets one feed.
        self._answered.add(request, request_hash=request_hash)
        try:
            await self._publisher.publish(feed)
        except BaseException:
            self._answered.discard(request, request_hash=request_hash)
            raise
        if earlier_contents:
            self._metrics.reused_ids.inc()
        if earlier_contents == 1:
            # Once for an id: an app may send the same one with every request.
            log.warning(
                "request %s: its user sent this id with other content before; both get a feed, and"
                " feedback on them is left out of training. Send a new id for each request",
                feed.request_id,
            )


def ranked_feed(state: RankingState, *, at: datetime, policy: ServingPolicy) -> RankedFeed:
    """The event; the request, its content, model version and profile version decide its id."""
    request, model = state.request, state.serving.model
    profile_version = state.profile.profile_version if state.profile else None
    weights = model.element_weights
    return RankedFeed(
        event_id=feed_id(
            request.request_key,
            request_hash=state.request_hash,
            model_version=model.model_version,
            profile_version=profile_version,
        ),
        occurred_at=at,
        user_id=request.user_id,
        tenant=request.tenant,
        request_id=request.request_id,
        status="degraded" if state.retrieval_problem else state.status,
        degraded_reason=state.reason,
        items=feed_items(state.ranked),
        rejected=state.rejected,
        profile_version=profile_version,
        model_version=model.model_version,
        element_weights=None if weights.are_equal else weights,
        subject_weight=state.subject_weight,
        ranking_weights=state.ranking_weights,
        popularity_weight=state.popularity_weight,
        variant=state.serving.variant,
        latency_ms=state.deadline.stages(),
        policy=policy.model_copy(update={"retrieval": retrieval_policy(state)}),
        request_hash=state.request_hash,
        next_cursor=state.next_cursor,
    )


def retrieval_policy(state: RankingState) -> RetrievalPolicy | None:
    """How images were found in the catalog; None where no query ran."""
    shares = state.shortlist.shares if state.shortlist else {}
    return RetrievalPolicy(shares=shares) if shares else None


def feed_items(ranked: Sequence[ScoredImage]) -> tuple[RankedItem, ...]:
    """One item for each image, ranks from 1."""
    # In one call: an object at a time, 300 items with their elements take five times as long.
    return ITEMS.validate_python(
        [
            {
                "image_id": image.image_id,
                "rank": rank,
                "score": None if image.elements is None else image.total,
                "subject": image.subject,
                "score_total": image.total_with_subject,
                "popularity": image.popularity,
                "taste_id": image.taste_id,
                "subject_words": image.subject_words,
                "elements": _assessment(image),
                "propensity": image.propensity,
                "explored": image.explored,
                "source": image.loaded_candidate.source,
                "retrieval_propensity": image.loaded_candidate.retrieval_propensity,
                "uri": _address(image.loaded_candidate),
                "tier": image.tier,
                "demoted": image.demoted,
                "moved_by_words": image.moved_by_words,
                "rules": image.rules,
                "rank_without_rules": image.rank_without_rules,
                "evidence": image.evidence,
            }
            for rank, image in enumerate(ranked, start=1)
        ]
    )


def _address(candidate: LoadedCandidate) -> str | None:
    """The address that a feed names: training and pages find it nowhere else."""
    uri = candidate.candidate.uri
    return None if candidate.is_listed or is_data_address(uri) else uri


def _assessment(image: ScoredImage) -> dict[str, dict[str, object]] | None:
    if image.elements is None:
        return None
    rationales = image.rationales or {}
    return {
        element.value: {"score": image.elements[element], "rationale": rationales.get(element)}
        for element in ELEMENTS
    }
