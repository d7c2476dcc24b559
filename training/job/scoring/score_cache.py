"""Score each image with each taste once, however many pairs contain it.

A click makes a pair with every image that was viewed and not clicked, so that one image is in many
pairs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shared.domain.taste import Taste
from shared.vlm.protocol import Scores, ScoringInput
from training.job.scoring.feedback_cases import open_image
from training.job.scoring.pair_scoring import Model, score_in_batches

CacheKey = tuple[Taste, Path]
"""A taste and the file of an image."""


@dataclass
class ScoreCache:
    """One model with the scores that it has computed: thirty probabilities an image."""

    model: Model
    computed: int = 0
    """Scores that the model computed."""
    _scores: dict[CacheKey, Scores] = field(default_factory=dict)

    def score(self, keys: Sequence[CacheKey]) -> list[Scores]:
        """Scores in the order of the keys; opens only the images that are not in the cache."""
        new = [key for key in dict.fromkeys(keys) if key not in self._scores]
        candidates = [ScoringInput(taste, open_image(file)) for taste, file in new]
        self._scores.update(zip(new, score_in_batches(self.model, candidates), strict=True))
        self.computed += len(new)
        return [self._scores[key] for key in keys]

    def score_pairs(self, pairs: Iterable[tuple[Taste, Path, Path]]) -> list[tuple[Scores, Scores]]:
        """Scores of both images of each pair with its taste."""
        scores = self.score([(taste, file) for taste, *files in pairs for file in files])
        return list(zip(scores[::2], scores[1::2], strict=True))
