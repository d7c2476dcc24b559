"""The frozen model that ranks pairs by predicted profiles: the engine that serves."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Final

from shared.element_weights import ElementWeights
from shared.vlm.protocol import Candidate
from shared.vlm.transformers_engine import TransformersEngine
from training.tuning.once import see_once
from training.tuning.shared_questions import SharedQuestions

AT_ONCE: Final = 32
"""Candidates of one taste in one pass, as in serving."""


class EngineJudge:
    """Scores by the expectation over the digits, so that what is rewarded is what is served.

    Elements count as they will in what is trained, whatever they count in the judge's own totals.
    """

    def __init__(self, folder: Path, weights: ElementWeights) -> None:
        self._engine = TransformersEngine(folder)
        whole = self._engine.model.requires_grad_(False).model
        see_once(whole)  # the answers to one question are judged by the same images
        self._tastes = SharedQuestions(whole.language_model)
        self._weights = weights

    def totals(self, asked: Sequence[Candidate]) -> list[float]:
        scored = []
        for _, of_taste in groupby(asked, key=lambda candidate: id(candidate.taste)):
            candidates = list(of_taste)
            for at in range(0, len(candidates), AT_ONCE):
                with self._tastes.begun_alike():
                    scored += self._engine.score(candidates[at : at + AT_ONCE])
        return [replace(scores, weights=self._weights).total for scores in scored]
