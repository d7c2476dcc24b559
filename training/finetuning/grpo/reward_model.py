"""The frozen reward model: the serving engine, which ranks pairs by predicted profiles."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from shared.domain.element_weights import ElementWeights
from shared.prompting.styles.protocol import PromptStyle
from shared.prompting.styles.registry import GENERAL
from shared.vlm.checkpoint.pixel_limits import PixelLimits
from shared.vlm.engine.transformers_engine import TransformersEngine
from shared.vlm.protocol import ScoringInput
from training.finetuning.grpo.vision_cache import encode_once


class EngineRewardModel:
    """Scores candidates by the expectation over the digits, exactly as serving does.

    The totals use the element weights of the trained model, not those of the reward model.
    """

    def __init__(
        self,
        folder: Path,
        weights: ElementWeights,
        *,
        style: PromptStyle = GENERAL,
        limits: PixelLimits | None = None,
    ) -> None:
        """`style` is for a folder whose manifest names none; `limits` bound each image."""
        self._engine = TransformersEngine(folder, prompt_style=style, limits=limits)
        # All completions of one prompt are ranked on the same images.
        encode_once(self._engine.model.requires_grad_(False).model)
        self._weights = weights

    def totals(self, candidates: Sequence[ScoringInput]) -> list[float]:
        """Expected totals (0-25)."""
        return [replace(s, weights=self._weights).total for s in self._engine.score(candidates)]
