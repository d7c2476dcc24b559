"""Assess a slate by what is at hand: the model, else stored descriptions, else nothing."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from services.assessor.deadline import NoTimeLeft, Stopwatch
from services.assessor.metrics import AssessorMetrics
from services.assessor.steps.feed_items import Assessed, by_description, by_model, not_assessed
from services.assessor.steps.loading import Entry
from shared.domain.errors import Unavailable
from shared.embedding.protocol import Embedder
from shared.embedding.taste_vectors import element_scores, taste_vectors
from shared.store.protocol import ImageStore, ProfileStore, StoredProfile, TasteVectors
from shared.vlm.protocol import Candidate, ScoredCandidate, VisionLanguageModel

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Assessment:
    """A slate assessed, and what was done instead when the model could not."""

    assessed: tuple[Assessed, ...]
    degraded_reason: str | None = None


class Assessing:
    """The ladder of assessment, from the model down."""

    def __init__(
        self,
        *,
        profiles: ProfileStore,
        images: ImageStore,
        embedder: Embedder,
        metrics: AssessorMetrics,
    ) -> None:
        self._profiles = profiles
        self._images = images
        self._embedder = embedder
        self._metrics = metrics

    async def assess(
        self,
        entries: Sequence[Entry],
        profile: StoredProfile,
        watch: Stopwatch,
        *,
        model: VisionLanguageModel,
    ) -> Assessment:
        """Scores of the model; without it, of what it once saw in the same images."""
        if not entries:
            return Assessment(())
        asked = [Candidate(profile.taste, entry.image.pixels) for entry in entries]
        try:
            with watch.stage("score"):
                scores = await watch.in_time(lambda: model.score(asked))
        except NoTimeLeft:
            return await self._without_model(entries, profile, model, "the deadline was near")
        except Unavailable as error:
            log.warning("no scores from the model: %s", error)
            return await self._without_model(
                entries, profile, model, f"the model is away: {error.detail}"
            )
        return Assessment(tuple(by_model(e, s) for e, s in zip(entries, scores, strict=True)))

    async def explain(
        self,
        chosen: Sequence[Assessed],
        profile: StoredProfile,
        watch: Stopwatch,
        *,
        model: VisionLanguageModel,
    ) -> tuple[dict[str, Assessed], str | None]:
        """The chosen with their reasons, by image id; and why they have none, if so."""
        asked = [
            ScoredCandidate(Candidate(profile.taste, one.entry.image.pixels), one.scores)
            for one in chosen
            if one.scores is not None
        ]
        try:
            with watch.stage("explain"):
                told = await watch.in_time(lambda: model.explain(asked))
        except NoTimeLeft:
            return {}, "the deadline was near: scores are the model's, reasons are left out"
        except Unavailable as error:
            return {}, f"the model went away ({error.detail}): reasons are left out"
        self._metrics.explanation_problems.inc(sum(len(reasons.problems) for reasons in told))
        return {
            one.entry.image_id: one.with_reasons(reasons.by_element)
            for one, reasons in zip(chosen, told, strict=True)
        }, None

    async def _without_model(
        self,
        entries: Sequence[Entry],
        profile: StoredProfile,
        model: VisionLanguageModel,
        why: str,
    ) -> Assessment:
        taste = await self._vectors(profile)
        known = await self._images.descriptions(
            content_hashes=[entry.image.content_hash for entry in entries],
            model_version=model.model_version,
        )
        assessed = []
        for entry in entries:
            described = known.get(entry.image.content_hash)
            if described is None or taste is None:
                assessed.append(not_assessed(entry))
            else:
                elements = element_scores(described.vector, taste)
                assessed.append(by_description(entry, elements, model.element_weights))
        count = sum(one.tier == "embedding" for one in assessed)
        rest = len(assessed) - count
        instead = f"{count} images were ranked by what was seen in them before"
        if rest:
            instead += f", {rest} follow in the order sent"
        return Assessment(tuple(assessed), f"{why}; {instead}")

    async def _vectors(self, profile: StoredProfile) -> TasteVectors | None:
        if profile.corrections is None:
            return await self._profiles.vectors(tenant=profile.tenant, user_id=profile.user_id)
        # Those stored are of the prediction; a person's own words are few, and soon embedded.
        return await taste_vectors(profile.taste, self._embedder)
