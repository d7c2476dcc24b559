"""Score an image against a taste once, however many pairs of a night ask for it.

A click makes a pair with every image that was passed over, so that one image stands in many pairs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shared.domain.taste import Taste
from shared.vlm.protocol import Candidate, Scores
from training.job.evidence.cases import opened
from training.job.evidence.pair_scoring import Model, in_parts

Wanted = tuple[Taste, Path]
"""An image's file and the taste that it is held against."""


@dataclass
class Remembered:
    """One model, and what it has answered so far: thirty probabilities an image."""

    model: Model
    asked: int = 0
    """Scores that the model was asked for."""
    _known: dict[Wanted, Scores] = field(default_factory=dict)

    def score(self, wanted: Sequence[Wanted]) -> list[Scores]:
        """In the order wanted; files are opened only where the model has to look."""
        new = [one for one in dict.fromkeys(wanted) if one not in self._known]
        found = in_parts(self.model, [Candidate(taste, opened(file)) for taste, file in new])
        self.asked += len(new)
        self._known.update(zip(new, found, strict=True))
        return [self._known[one] for one in wanted]

    def score_pairs(self, pairs: Iterable[tuple[Taste, Path, Path]]) -> list[tuple[Scores, Scores]]:
        """Both images of each pair against its taste."""
        scores = self.score([(taste, file) for taste, *files in pairs for file in files])
        return list(zip(scores[::2], scores[1::2], strict=True))
