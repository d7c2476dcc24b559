"""The frozen model that ranks pairs by predicted profiles: the engine that serves."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from itertools import chain, groupby
from pathlib import Path
from typing import Final

from shared.element_weights import ElementWeights
from shared.vlm.protocol import Candidate, Scores
from shared.vlm.transformers_engine import TransformersEngine
from training.tuning.once import see_once
from training.tuning.shared_questions import SharedQuestions

AT_ONCE: Final = 32
"""Candidates in one pass, as in serving."""
WORTH_SHARING: Final = 4
"""Images of one taste from which on a pass of their own is quicker than a place among others."""


class EngineJudge:
    """Scores by the expectation over the digits, so that what is rewarded is what is served.

    Elements count as they will in what is trained, whatever they count in the judge's own totals.
    """

    def __init__(self, folder: Path, weights: ElementWeights) -> None:
        self.engine = TransformersEngine(folder)
        whole = self.engine.model.requires_grad_(False).model
        see_once(whole)  # the answers to one question are judged by the same images
        self._tastes = SharedQuestions(whole.language_model)
        self._weights = weights

    def totals(self, asked: Sequence[Candidate]) -> list[float]:
        """Neighbours that share a taste are taken for one question about several images."""
        scored: list[Scores] = []
        tastes = [list(one) for _, one in groupby(asked, key=lambda candidate: id(candidate.taste))]
        for shared, some in groupby(tastes, key=lambda one: len(one) >= WORTH_SHARING):
            for candidates in some if shared else [list(chain.from_iterable(some))]:
                with self._tastes.begun_alike() if shared else nullcontext():
                    for at in range(0, len(candidates), AT_ONCE):
                        scored += self.engine.score(candidates[at : at + AT_ONCE])
        return [replace(scores, weights=self._weights).total for scores in scored]
