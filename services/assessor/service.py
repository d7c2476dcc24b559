"""Rank the candidates of a request: the list of steps from the request to its feed."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from services.assessor.background.background_description import BackgroundDescription
from services.assessor.background.shadow_evaluation import ShadowEvaluation
from services.assessor.capacity import RequestCapacity
from services.assessor.config import AssessorSettings
from services.assessor.deadline import Deadline
from services.assessor.metrics import AssessorMetrics
from services.assessor.popularity.counts import Popularity
from services.assessor.removal import DropRemoved, RejectRemoved
from services.assessor.rules.policy_file import FixedRules, Rules
from services.assessor.steps.description_scoring import DescriptionScoring
from services.assessor.steps.evidence import AddEvidence
from services.assessor.steps.explanation import Explain
from services.assessor.steps.loading import ImageLoader, Load
from services.assessor.steps.paging.feed_page import PageStores
from services.assessor.steps.paging.open_page import OpenPage
from services.assessor.steps.paging.store_page import StorePage
from services.assessor.steps.popularity.cold_start import RankByPopularity
from services.assessor.steps.popularity.few_references import AddPopularity
from services.assessor.steps.publishing import Publish
from services.assessor.steps.reading_profile import ReadProfile
from services.assessor.steps.request_filtering import (
    AnsweredRequests,
    SkipAnswered,
    SkipErased,
)
from services.assessor.steps.reranking.rerank import Rerank, serving_policy
from services.assessor.steps.retrieval.pinned_images import FindPinned
from services.assessor.steps.retrieval.retrieve import Retrieve
from services.assessor.steps.retrieval.search import catalog_search
from services.assessor.steps.scoring import Score
from services.assessor.steps.state import RankingState, Step
from services.assessor.steps.subject.encoding import MIN_LEFT_MS, StartEncoding
from services.assessor.steps.subject.scoring import ScoreSubject
from services.assessor.steps.subject.words import NameSubjects
from shared.domain.clock import Clock
from shared.domain.times.time_bounds import written_time
from shared.domain.user import User
from shared.domain.weights.retrieval_weights import SHIPPED, RetrievalWeights
from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.protocol import Embedder
from shared.events import ImageCandidates
from shared.messaging.contract import Delivery, Publisher
from shared.observability.tracing import OpenSpan, untraced
from shared.store.catalog.serving import Catalogs
from shared.store.erasure_check import ErasureCheck
from shared.store.protocol import ImageStore, ImpressionStore, ProfileStore
from shared.store.removal.removal_check import RemovalCheck
from shared.vlm.cached_scoring import CachedScoring
from shared.vlm.model_selection import ServingModels
from shared.vlm.score_cache import ScoreCache


@dataclass(frozen=True)
class Dependencies:
    """What the steps work with."""

    models: ServingModels
    embedder: Embedder
    profiles: ProfileStore
    image_store: ImageStore
    impressions: ImpressionStore
    erasure_check: ErasureCheck
    image_loader: ImageLoader
    publisher: Publisher
    clock: Clock
    encoded_images: EncodedImages | None = None
    catalogs: Catalogs | None = None
    pages: PageStores | None = None
    """None where a feed has one page."""
    removal_check: RemovalCheck | None = None
    """None where nothing reports removals: without Kafka."""
    popularity: Popularity = field(default_factory=Popularity)
    retrieval_weights: RetrievalWeights = SHIPPED
    """How much each vector counts when the catalog is searched by a taste."""
    rules: Rules = field(default_factory=FixedRules)
    """Rules of the shop."""
    score_cache: ScoreCache = field(default_factory=lambda: ScoreCache(max_entries=10_000))
    """Scores that the model computed before."""


class AssessorService:
    """Takes each request through the steps, until its feed is out or a step ends it."""

    def __init__(
        self,
        dependencies: Dependencies,
        settings: AssessorSettings,
        metrics: AssessorMetrics,
        *,
        answered: AnsweredRequests,
        background_description: BackgroundDescription,
        shadow_evaluation: ShadowEvaluation,
        now: Callable[[], float] = time.monotonic,
        spans: OpenSpan = untraced,
    ) -> None:
        self._models = dependencies.models
        self._score_cache = dependencies.score_cache
        self._clock = dependencies.clock
        self._settings = settings
        self._now = now
        self._spans = spans
        skip_erased = SkipErased(dependencies.erasure_check, metrics.erased)
        self._capacity = RequestCapacity(settings, metrics)
        self._filter: tuple[Step, ...] = (
            SkipAnswered(answered, metrics.duplicates),
            skip_erased,
        )
        description_scoring = DescriptionScoring(
            profiles=dependencies.profiles,
            image_store=dependencies.image_store,
            embedder=dependencies.embedder,
        )
        self._begin: tuple[Step, ...] = (
            *steps_before(dependencies),
            ReadProfile(dependencies.profiles),
        )
        self._retrieve = Retrieve(
            catalog_search(
                dependencies.catalogs,
                description_scoring=description_scoring,
                embedder=dependencies.embedder,
                popularity=dependencies.popularity,
                impressions=dependencies.impressions,
                factors=dependencies.retrieval_weights,
                settings=settings,
                clock=dependencies.clock,
            )
        )
        self._find_pinned = FindPinned(
            dependencies.rules, dependencies.catalogs, clock=dependencies.clock
        )
        self._load = Load(
            image_loader=dependencies.image_loader,
            image_store=dependencies.image_store,
            clock=dependencies.clock,
        )
        self._rank: tuple[Step, ...] = (
            StartEncoding(dependencies.encoded_images, min_left_ms=MIN_LEFT_MS),
            Score(
                description_scoring,
                CachedScoring(dependencies.score_cache, on_scored=metrics.count_scores),
            ),
            RankByPopularity(
                dependencies.popularity,
                encoded_images=dependencies.encoded_images,
                image_store=dependencies.image_store,
                diversity=settings.cold_start_diversity,
            ),
            StartEncoding(dependencies.encoded_images),
            ScoreSubject(dependencies.encoded_images, dependencies.image_store),
            NameSubjects(dependencies.encoded_images),
            AddPopularity(dependencies.popularity, greatest=settings.popularity_share),
            Rerank(
                settings,
                impressions=dependencies.impressions,
                image_store=dependencies.image_store,
                clock=dependencies.clock,
                rules=dependencies.rules,
                catalogs=dependencies.catalogs,
            ),
            Explain(top_k=settings.explain_top_k, problems=metrics.explanation_problems),
            AddEvidence(
                dependencies.image_store,
                dependencies.encoded_images,
                top_k=settings.explain_top_k,
            ),
            *steps_after(dependencies, skip_erased),
            Publish(
                dependencies.publisher,
                clock=dependencies.clock,
                policy=serving_policy(settings),
                answered=answered,
                metrics=metrics,
                background_description=background_description,
                shadow_evaluation=shadow_evaluation,
            ),
        )

    async def rank(self, request: ImageCandidates, delivery: Delivery) -> None:
        """Publish the feed of a request; raises `Unavailable` when a store cannot answer now."""
        with self._models.background.request():
            await self._rank_request(request, delivery)

    async def _rank_request(self, request: ImageCandidates, delivery: Delivery) -> None:
        state = await _through(self._filter, self._start(request, delivery.record.timestamp_ms))
        if state is None:
            return
        async with self._capacity.images(state):
            begun = await _through(self._begin, state)
            assert begun is not None, "only steps before these end a request"
            loaded = await self._load(await self._find_pinned(await self._retrieve(begun)))
            async with self._capacity.model(loaded):
                if await _through(self._rank, loaded) is None:
                    # The user may have been erased meanwhile: no score may stay in memory.
                    self._score_cache.erase(User(request.tenant, request.user_id))

    def _start(self, request: ImageCandidates, written_ms: int) -> RankingState:
        now = self._clock()
        # A timestamp that no clock can have written does not make the request late.
        written = written_time(written_ms, now=now) or now
        queued_ms = max((now - written).total_seconds() * 1000, 0.0)
        # A request without a deadline is not late after a long time in the queue.
        deadline_ms = request.deadline_ms or queued_ms + self._settings.default_deadline_ms
        return RankingState(
            request,
            request.request_hash(),
            written_ms,
            Deadline(
                queued_ms=queued_ms,
                deadline_ms=deadline_ms - self._settings.deadline_margin_ms,
                now=self._now,
                spans=self._spans,
            ),
            self._models.select(tenant=request.tenant, user_id=request.user_id),
        )


def steps_before(dependencies: Dependencies) -> tuple[Step, ...]:
    """What decides, before anything is loaded, which images a request may not show."""
    pages, catalogs, check = dependencies.pages, dependencies.catalogs, dependencies.removal_check
    steps: list[Step] = []
    if check is not None:
        steps.append(RejectRemoved(check))
    if pages is not None and catalogs is not None:
        steps.append(OpenPage(pages, catalogs, clock=dependencies.clock))
    return tuple(steps)


def steps_after(dependencies: Dependencies, skip_erased: Step) -> tuple[Step, ...]:
    """What happens between the ranking and the feed."""
    pages, catalogs, check = dependencies.pages, dependencies.catalogs, dependencies.removal_check
    steps: list[Step] = []
    if pages is not None and catalogs is not None:
        steps.append(StorePage(pages, catalogs, skip_erased=skip_erased, clock=dependencies.clock))
    # Again: a user who was erased during these seconds gets no new record.
    steps.append(skip_erased)
    if check is not None:
        steps.append(DropRemoved(check, dependencies.image_store))
    return tuple(steps)


async def _through(steps: Sequence[Step], state: RankingState) -> RankingState | None:
    """The state after the steps; None when a step ends the request without a feed.

    The encoding of images does not continue after its request.
    """
    try:
        for step in steps:
            after = await step(state)
            if after is None:
                return None
            state = after
        return state
    finally:
        if state.encoding is not None:
            state.encoding.cancel()
