"""Score published slates with the challenger and measure how far it agrees with the champion."""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from services.assessor.steps.state import LoadedCandidate
from shared.domain.errors import Unavailable
from shared.domain.taste import ELEMENTS, Taste
from shared.events import RankedFeed
from shared.vlm.model_selection import ServingModels
from shared.vlm.protocol import Scores, ScoringInput, VisionLanguageModel

log = logging.getLogger(__name__)
MAX_QUEUED: Final = 16
"""Slates that wait for the challenger; beyond it the oldest are dropped: a sample is enough."""
BATCH: Final = 32
"""Most images of one call of the challenger, which is background work."""


@dataclass(frozen=True)
class ShadowResult:
    """How the challenger would have ranked one slate."""

    request_id: str
    champion: str
    challenger: str
    images: int
    """Number of images that both models scored."""
    pair_agreement: float
    """Share of pairs that both models put in the same order; a tie of one model counts half."""
    top1_agreement: bool
    """Whether both models have the same best image."""


class ShadowMetrics:
    """Metrics of shadow evaluation."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.slates = Counter(
            "preferstream_shadow_slates",
            "Slates given to the challenger as a shadow, by outcome",
            ["outcome"],
            registry=registry,
        )
        for outcome in ("scored", "unavailable", "failed"):
            self.slates.labels(outcome)
        self.pair_agreement = Histogram(
            "preferstream_shadow_pair_agreement_ratio",
            "Share of pairs that champion and challenger put in the same order",
            buckets=(0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.99, 1.0),
            registry=registry,
        )
        self.top1_agreement = Counter(
            "preferstream_shadow_top1_agreement",
            "Slates whose best image is the same for champion and challenger",
            registry=registry,
        )


@dataclass(frozen=True)
class _QueuedSlate:
    feed: RankedFeed
    candidates: Sequence[tuple[LoadedCandidate, Taste]]
    """Each image with the taste by which the champion scored it."""
    challenger: VisionLanguageModel


class ShadowEvaluation:
    """Scores queued slates in a background task; no request waits for it."""

    def __init__(self, models: ServingModels, metrics: ShadowMetrics) -> None:
        self._models = models
        self._metrics = metrics
        self._queued: deque[_QueuedSlate] = deque(maxlen=MAX_QUEUED)
        self._worker: asyncio.Task[None] | None = None

    def offer(self, feed: RankedFeed, candidates: Sequence[tuple[LoadedCandidate, Taste]]) -> None:
        """Queue the slate of a published feed if it is in the challenger's shadow share."""
        challenger = self._models.select_shadow(feed.request_key)
        if challenger is None or feed.status != "ok":
            return
        self._queued.append(_QueuedSlate(feed, candidates, challenger))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())

    async def _work(self) -> None:
        while self._queued:
            slate = self._queued.popleft()
            request_id = slate.feed.request_id
            candidates = [ScoringInput(taste, c.image.pixels) for c, taste in slate.candidates]
            try:
                scores = await self._scores(slate.challenger, candidates)
            except Unavailable as error:
                log.warning("the challenger returned no scores for %s: %s", request_id, error)
                self._metrics.slates.labels("unavailable").inc()
                continue
            except Exception:
                # Not raised: the failure is counted, and no user's feed depends on the challenger.
                log.exception("the challenger failed on %s", request_id)
                self._metrics.slates.labels("failed").inc()
                continue
            names = [candidate.image_id for candidate, _ in slate.candidates]
            totals = ranking_totals(slate.feed, dict(zip(names, scores, strict=True)))
            version = slate.challenger.model_version
            self._report(compare(slate.feed, totals, challenger=version))

    async def _scores(
        self, challenger: VisionLanguageModel, candidates: Sequence[ScoringInput]
    ) -> list[Scores]:
        scores: list[Scores] = []
        while len(scores) < len(candidates):
            async with self._models.background.batch("shadow", at_most=BATCH) as batch:
                part = candidates[len(scores) : len(scores) + batch.size]
                scores += await challenger.score(part)
                batch.done = len(part)
        return scores

    def _report(self, result: ShadowResult) -> None:
        self._metrics.slates.labels("scored").inc()
        self._metrics.pair_agreement.observe(result.pair_agreement)
        self._metrics.top1_agreement.inc(result.top1_agreement)
        log.info("shadow %s", json.dumps(asdict(result), ensure_ascii=False))

    async def stop(self) -> None:
        """Drop the queue and end the task."""
        self._queued.clear()
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)


def ranking_totals(feed: RankedFeed, scores: Mapping[str, Scores]) -> dict[str, float]:
    """The totals by which the challenger would rank the images of a feed, by image id.

    What an image shows does not depend on the model: its subject counts as in the feed.
    """
    return {
        item.image_id: of_image.total
        if feed.ranking_weights is None or item.subject is None
        else feed.ranking_weights.total({e: of_image.expected(e) for e in ELEMENTS}, item.subject)
        for item in feed.items
        if (of_image := scores.get(item.image_id)) is not None
    }


def compare(feed: RankedFeed, totals: Mapping[str, float], *, challenger: str) -> ShadowResult:
    """Compare the challenger's totals, by image id, with those of the feed, without popularity."""
    scores = [
        (item.score if item.score_total is None else item.score_total, totals[item.image_id])
        for item in feed.items
        if item.score is not None and item.image_id in totals
    ]
    agreements = [_agreement(a[0] - b[0], a[1] - b[1]) for a, b in combinations(scores, 2)]
    best = {max(range(len(scores)), key=lambda n: scores[n][side]) for side in (0, 1) if scores}
    return ShadowResult(
        request_id=feed.request_id,
        champion=feed.model_version,
        challenger=challenger,
        images=len(scores),
        pair_agreement=sum(agreements) / len(agreements) if agreements else 1.0,
        top1_agreement=len(best) < 2,
    )


def _agreement(champion: float, challenger: float) -> float:
    """1, 0.5 or 0, from the difference of two scores in each model."""
    if champion == 0 or challenger == 0:
        return 1.0 if champion == challenger else 0.5
    return 1.0 if (champion > 0) == (challenger > 0) else 0.0
