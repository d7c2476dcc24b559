"""Answer a request for a ranking: load, assess, rank, explain, publish."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.assessor.background.background_description import Describing
from services.assessor.background.shadow_evaluation import Shadowing
from services.assessor.config import AssessorSettings
from services.assessor.deadline import Stopwatch
from services.assessor.erasure import Erasing
from services.assessor.metrics import AssessorMetrics
from services.assessor.steps.deduplication import Answered
from services.assessor.steps.feed_items import Assessed, best_first, items, not_assessed, to_explain
from services.assessor.steps.loading import Slate, slate, wanted
from services.assessor.steps.reranking import Placing
from services.assessor.steps.scoring import Assessing
from shared.domain.clock import Clock
from shared.domain.ids import feed_id
from shared.embedding.protocol import Embedder
from shared.events import ImageCandidates, RankedFeed
from shared.events.types.feed import Status
from shared.images.loader import Loaded
from shared.messaging.contract import Publisher
from shared.observability.tracing import Stages, untraced
from shared.store.protocol import ImageStore, KnownImage, ProfileStore, SeenStore, StoredProfile
from shared.vlm.model_selection import Chosen, ServingModels
from shared.vlm.protocol import VisionLanguageModel

LEAST_SECONDS_FOR_IMAGES = 1.0
"""Even a request taken up too late gets its images, to be ranked by what was seen in them before:
an empty feed would help nobody."""


class Images(Protocol):
    """Loads images by address."""

    async def load_many(
        self, uris: Sequence[str], *, within_seconds: float | None = None
    ) -> list[Loaded]: ...


@dataclass(frozen=True)
class Parts:
    """What the service works with."""

    models: ServingModels
    embedder: Embedder
    profiles: ProfileStore
    known_images: ImageStore
    seen: SeenStore
    images: Images
    publisher: Publisher
    clock: Clock


@dataclass(frozen=True)
class Outcome:
    """A slate in order, and how it came about."""

    status: Status
    ranked: Sequence[Assessed]
    degraded_reason: str | None = None


class AssessorService:
    """Ranks the candidates of one request after another."""

    def __init__(
        self,
        parts: Parts,
        settings: AssessorSettings,
        metrics: AssessorMetrics,
        *,
        answered: Answered,
        erasing: Erasing,
        describing: Describing,
        shadowing: Shadowing,
        now: Callable[[], float] = time.monotonic,
        spans: Stages = untraced,
    ) -> None:
        self._parts = parts
        self._settings = settings
        self._metrics = metrics
        self._answered = answered
        self._erasing = erasing
        self._describing = describing
        self._shadowing = shadowing
        self._now = now
        self._spans = spans
        self._assessing = Assessing(
            profiles=parts.profiles,
            images=parts.known_images,
            embedder=parts.embedder,
            metrics=metrics,
        )
        self._placing = Placing(
            settings, seen=parts.seen, images=parts.known_images, clock=parts.clock
        )

    async def answer(self, request: ImageCandidates, *, written_ms: int) -> None:
        """Publish the feed of a request; `written_ms` is its record's Kafka timestamp."""
        key = (request.tenant, request.request_id)
        if key in self._answered:
            self._metrics.repeated.inc()
            return
        if await self._erasing.is_past(request, written_ms=written_ms):
            self._metrics.erased.inc()
            return
        watch = self._watch(request, written_ms)
        # Kept to the end: whatever is promoted meanwhile, one model scores and signs this feed.
        chosen = self._parts.models.choose(tenant=request.tenant, user_id=request.user_id)
        profile = await self._parts.profiles.get(tenant=request.tenant, user_id=request.user_id)
        with watch.stage("images"):
            found = await self._load(request, watch)
        outcome = await self._rank(request, profile, found, watch, chosen)
        # Before the feed: feedback on it may name an image by its id alone.
        await self._remember(request, found)
        feed = self._feed(request, profile, found, outcome, watch, chosen)
        # Once more: a person who was erased in these seconds gets no new record of theirs.
        if await self._erasing.is_past(request, written_ms=written_ms):
            self._metrics.erased.inc()
            return
        await self._parts.publisher.publish(feed)
        self._answered.add(key, user_id=request.user_id)
        self._metrics.count(feed)
        self._describing.offer([entry.image for entry in found.entries])
        challenger = self._parts.models.shadow(tenant=feed.tenant, request_id=feed.request_id)
        if challenger is not None and profile is not None and feed.status == "ok":
            self._shadowing.offer(
                feed, entries=found.entries, taste=profile.taste, challenger=challenger
            )

    def _watch(self, request: ImageCandidates, written_ms: int) -> Stopwatch:
        queued = max(self._parts.clock().timestamp() * 1000 - written_ms, 0.0)
        # Without a deadline of its own, a request that waited out our absence is not late.
        deadline = request.deadline_ms or queued + self._settings.default_deadline_ms
        return Stopwatch(
            queued_ms=queued,
            deadline_ms=deadline - self._settings.deadline_margin_ms,
            now=self._now,
            spans=self._spans,
        )

    async def _load(self, request: ImageCandidates, watch: Stopwatch) -> Slate:
        candidates, repeated = wanted(request)
        loaded = await self._parts.images.load_many(
            [c.uri for c in candidates],
            within_seconds=max(watch.left_ms / 1000, LEAST_SECONDS_FOR_IMAGES),
        )
        return slate(candidates, loaded, repeated)

    async def _rank(
        self,
        request: ImageCandidates,
        profile: StoredProfile | None,
        found: Slate,
        watch: Stopwatch,
        answering: Chosen,
    ) -> Outcome:
        if profile is None or profile.taste.is_unknown:
            unknown = [not_assessed(entry) for entry in found.entries]
            return Outcome("cold_start", await self._placed(request, unknown, answering.model))
        assessment = await self._assessing.assess(
            found.entries, profile, watch, model=answering.model
        )
        ranked = await self._placed(request, assessment.assessed, answering.model)
        reason = assessment.degraded_reason
        chosen = to_explain(
            ranked, explain=request.explain, explained_top=self._settings.explained_top
        )
        if chosen and reason is None:
            told, reason = await self._assessing.explain(
                chosen, profile, watch, model=answering.model
            )
            ranked = [told.get(one.entry.image_id, one) for one in ranked]
        return Outcome("degraded" if reason else "ok", ranked, reason)

    async def _placed(
        self, request: ImageCandidates, assessed: Sequence[Assessed], model: VisionLanguageModel
    ) -> Sequence[Assessed]:
        return await self._placing.place(
            best_first(assessed), request, model_version=model.model_version
        )

    async def _remember(self, request: ImageCandidates, found: Slate) -> None:
        now = self._parts.clock()
        # A data: image is known by its content alone; keeping it whole is the app's affair.
        known = [
            KnownImage(
                tenant=request.tenant,
                image_id=entry.image_id,
                uri=entry.image.uri,
                content_hash=entry.image.content_hash,
                seen_at=now,
            )
            for entry in found.entries
            if not entry.image.uri.startswith("data:")
        ]
        await self._parts.known_images.remember(known)

    def _feed(
        self,
        request: ImageCandidates,
        profile: StoredProfile | None,
        found: Slate,
        outcome: Outcome,
        watch: Stopwatch,
        answering: Chosen,
    ) -> RankedFeed:
        version = profile.profile_version if profile else None
        model_version, weights = answering.model.model_version, answering.model.element_weights
        return RankedFeed(
            event_id=feed_id(
                tenant=request.tenant,
                request_id=request.request_id,
                model_version=model_version,
                profile_version=version,
            ),
            occurred_at=self._parts.clock(),
            user_id=request.user_id,
            tenant=request.tenant,
            request_id=request.request_id,
            status=outcome.status,
            degraded_reason=outcome.degraded_reason,
            items=items(outcome.ranked),
            rejected=found.rejected,
            profile_version=version,
            model_version=model_version,
            element_weights=None if weights.are_equal else weights,
            variant=answering.variant,
            latency_ms=watch.stages(),
            policy=self._placing.policy,
        )
