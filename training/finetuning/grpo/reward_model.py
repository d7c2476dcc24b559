"""The frozen model that ranks pairs by predicted profiles: the engine that serves."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from shared.domain.element_weights import ElementWeights
from shared.vlm.engine.transformers_engine import TransformersEngine
from shared.vlm.protocol import Candidate
from training.finetuning.grpo.vision_cache import see_once


class EngineJudge:
    """Scores by the expectation over the digits, so that what is rewarded is what is served.

    Elements count as they will in what is trained, whatever they count in the judge's own totals.
    """

    def __init__(self, folder: Path, weights: ElementWeights) -> None:
        self._engine = TransformersEngine(folder)
        # The answers to one question are judged by the same images.
        see_once(self._engine.model.requires_grad_(False).model)
        self._weights = weights

    def totals(self, asked: Sequence[Candidate]) -> list[float]:
        return [replace(s, weights=self._weights).total for s in self._engine.score(asked)]
