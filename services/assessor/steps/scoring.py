"""Score every image with the model; without the model, score stored descriptions instead."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from services.assessor.deadline import DeadlineReached
from services.assessor.steps.description_scoring import DescriptionScoring
from services.assessor.steps.joint_tastes import best_by_taste
from services.assessor.steps.state import UNKNOWN_TASTE, LoadedCandidate, RankingState, ScoredImage
from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.errors import Unavailable
from shared.domain.taste import ELEMENTS, Element
from shared.domain.user import User
from shared.vlm.cached_scoring import CachedScoring
from shared.vlm.protocol import Scores

log = logging.getLogger(__name__)
DECIMALS: Final = 4
"""Decimals of a score in a feed: finer than any difference that matters."""


def is_cold_start(state: RankingState) -> bool:
    """Whether nothing is known about the user: no word of a taste, and no weight of the subject.

    References whose looks have no sure word in common, such as cut-outs of birds, still show what
    the user likes to see.
    """
    has_subject = state.profile is not None and state.profile.has_weights
    return state.taste == UNKNOWN_TASTE and not has_subject


class Score:
    """The step that scores the loaded images: by the model, or without it by descriptions.

    An image that the model has scored by the same taste before is not scored again.
    """

    def __init__(
        self, description_scoring: DescriptionScoring, model_scoring: CachedScoring
    ) -> None:
        self._description_scoring = description_scoring
        self._model_scoring = model_scoring

    async def __call__(self, state: RankingState) -> RankingState:
        if is_cold_start(state):
            unscored = tuple(ScoredImage(c, "fallback") for c in state.loaded_candidates)
            return replace(state, status="cold_start", scored=unscored)
        if not state.loaded_candidates:
            return state
        # Tastes may have the same words and differ in what they show: these are scored once.
        tastes = [joint.taste for joint in state.joint_tastes] or [state.taste]
        images = {c.image.content_hash: c.image.pixels for c in state.loaded_candidates}
        user = User(state.request.tenant, state.request.user_id)
        try:
            with state.deadline.stage("score"):
                scores = await state.deadline.run(
                    lambda: self._model_scoring.scores(
                        state.serving.model, user, tastes=tastes, images=images
                    )
                )
        except DeadlineReached:
            return await self._without_model(state, "the deadline was near")
        except Unavailable as error:
            log.warning("the model returned no scores: %s", error)
            return await self._without_model(state, f"the model is unavailable: {error.detail}")
        scored = tuple(
            best_by_taste(
                [
                    scored_by_model(candidate, of_taste[candidate.image.content_hash])
                    for of_taste in scores
                ],
                state.joint_tastes,
            )
            for candidate in state.loaded_candidates
        )
        return replace(state, scored=scored)

    async def _without_model(self, state: RankingState, cause: str) -> RankingState:
        weights = state.serving.model.element_weights
        scores = await self._description_scoring.score(state)
        scored = tuple(
            best_by_taste(
                [
                    scored_by_description(candidate, by_taste, weights)
                    for by_taste in element_scores
                ],
                state.joint_tastes,
            )
            if element_scores
            else ScoredImage(candidate, "fallback")
            for candidate, element_scores in zip(state.loaded_candidates, scores, strict=True)
        )
        return with_reason(replace(state, scored=scored, status="degraded", outage=cause))


def with_reason(
    state: RankingState, *, without_description: str = "by their resemblance to the references"
) -> RankingState:
    """The state of a feed without the model, with a reason that counts the ways of ranking.

    `without_description` is how images without a description are ranked.
    """
    described = sum(image.elements is not None for image in state.scored)
    by_vector = sum(image.is_scored for image in state.scored) - described
    reason = f"{state.outage}; {described} images were ranked by their stored descriptions"
    if by_vector:
        reason += f", {by_vector} {without_description}"
    if rest := len(state.scored) - described - by_vector:
        reason += f", {rest} follow in the order of the request"
    return replace(state, degraded_reason=reason)


def scored_by_model(candidate: LoadedCandidate, scores: Scores) -> ScoredImage:
    """Tier `vlm`: the expectation of each element's digit."""
    elements = _rounded({element: scores.expected(element) for element in ELEMENTS})
    total = _total(elements, scores.weights)
    return ScoredImage(candidate, "vlm", total, elements, distributions=scores)


def scored_by_description(
    candidate: LoadedCandidate,
    elements: Mapping[Element, float],
    weights: ElementWeights = EQUAL_WEIGHTS,
) -> ScoredImage:
    """Tier `embedding`: the similarity of the image's words to the taste."""
    elements = _rounded(elements)
    return ScoredImage(candidate, "embedding", _total(elements, weights), elements)


def _total(elements: Mapping[Element, float], weights: ElementWeights) -> float:
    return round(weights.total(elements), DECIMALS)


def _rounded(elements: Mapping[Element, float]) -> dict[Element, float]:
    """Rounded before ranking, so that the scores that a feed shows never rise with the rank."""
    return {element: round(elements[element], DECIMALS) for element in ELEMENTS}
