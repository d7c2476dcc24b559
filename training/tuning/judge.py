"""The frozen model that ranks pairs by predicted profiles: the engine that serves."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from shared.element_weights import ElementWeights
from shared.vlm.protocol import Candidate
from shared.vlm.transformers_engine import TransformersEngine

AT_ONCE: Final = 32
"""Candidates in one pass, as in serving."""


class EngineJudge:
    """Scores by the expectation over the digits, so that what is rewarded is what is served.

    Elements count as they will in what is trained, whatever they count in the judge's own totals.
    """

    def __init__(self, folder: Path, weights: ElementWeights) -> None:
        self._engine = TransformersEngine(folder)
        self._weights = weights

    def totals(self, asked: Sequence[Candidate]) -> list[float]:
        parts = (asked[at : at + AT_ONCE] for at in range(0, len(asked), AT_ONCE))
        scored = [scores for part in parts for scores in self._engine.score(part)]
        return [replace(scores, weights=self._weights).total for scores in scored]
