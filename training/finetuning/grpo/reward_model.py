"""The frozen reward model: the serving engine, which ranks pairs by predicted profiles."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from PIL.Image import Image

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import Taste
from shared.prompting.styles.protocol import PromptStyle
from shared.prompting.styles.registry import GENERAL
from shared.vlm.checkpoint.pixel_limits import PixelLimits
from shared.vlm.engine.transformers_engine import TransformersEngine
from shared.vlm.protocol import Scores, ScoringInput
from training.finetuning.grpo.vision_cache import encode_once

CACHED_SCORES: Final = 200_000
"""Scores of a profile and an image that are kept: thirty numbers each."""
CACHED_FEATURE_BYTES: Final = 256 * 2**20
"""Memory for encoded images; a small model needs 12 KB an image, a 7B model some megabytes."""


class EngineRewardModel:
    """Scores candidates by the distribution over the digits, exactly as serving does.

    The totals use the element weights of the trained model, not those of the reward model. The same
    profile and image are scored once: many sampled profiles are equal, and the model is frozen.
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
        model = self._engine.model.requires_grad_(False).model
        encode_once(model, kept_bytes=CACHED_FEATURE_BYTES)
        self._weights = weights
        self._cache: dict[tuple[Taste, bytes], Scores] = {}
        self.computed = 0
        """Scores that the model computed; the others came from the cache."""

    def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]:
        """Scores in the order of the candidates."""
        digests = {id(c.image): c.image for c in candidates}
        by_id = {name: _digest(image) for name, image in digests.items()}
        keys = [(c.taste, by_id[id(c.image)]) for c in candidates]
        new = {
            key: candidate
            for key, candidate in zip(keys, candidates, strict=True)
            if key not in self._cache
        }
        if len(self._cache) + len(new) > CACHED_SCORES:
            self._cache.clear()
            new = dict(zip(keys, candidates, strict=True))
        scored = self._engine.score(list(new.values()))
        self.computed += len(new)
        for key, scores in zip(new, scored, strict=True):
            self._cache[key] = replace(scores, weights=self._weights)
        return [self._cache[key] for key in keys]

    def totals(self, candidates: Sequence[ScoringInput]) -> list[float]:
        """Expected totals (0-25)."""
        return [scores.total for scores in self.score(candidates)]


def _digest(image: Image) -> bytes:
    """Equal for images with equal pixels."""
    size = f"{image.mode}{image.size}".encode()
    return hashlib.blake2b(size + image.tobytes(), digest_size=16).digest()
