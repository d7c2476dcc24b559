"""Compare a predicted profile with the true one, element by element, in a sentence encoder.

Whole profiles share their frame, which alone lifts two wrong words to .57 in MiniLM; single words
of one element still share a topic. So each element has a floor, and only what lies above counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.prompt import SideWords

FLOOR_PERCENTILE: Final = 75
"""Three of four pairs of different words are worth nothing; a near-synonym still is something."""
HIGHEST_FLOOR: Final = 0.95
"""Keeps the scale above the floor from vanishing where a vocabulary is all synonyms."""

Vectors = NDArray[np.float32]


class SentenceEncoder(Protocol):
    """Words in, unit vectors out: (texts, dimension)."""

    def encode(self, texts: Sequence[str]) -> Vectors: ...


@dataclass(frozen=True)
class TextSimilarity:
    """0-1: 1 for the same words on every element, near 0 where all are wrong."""

    encoder: SentenceEncoder
    floors: Mapping[Element, float] = field(default_factory=dict)
    """The likeness, per element, that two different words have anyway."""

    def side(self, predicted: SideWords, true: SideWords) -> float:
        """The mean over the elements of one side."""
        return float(np.mean([self.element(e, predicted, true) for e in ELEMENTS]))

    def element(self, element: Element, predicted: SideWords, true: SideWords) -> float:
        """Each word against its nearest on the other side, both ways: extra words cost as well."""
        said, meant = predicted.get(element, ()), true.get(element, ())
        if not said or not meant:
            return float(not said and not meant)
        likeness = self.encoder.encode(list(said)) @ self.encoder.encode(list(meant)).T
        floor = self.floors.get(element, 0.0)
        above = np.clip((likeness - floor) / (1 - floor), 0, 1)  # (said, meant)
        return float((above.max(1).mean() + above.max(0).mean()) / 2)


def floors(
    encoder: SentenceEncoder, vocabulary: Mapping[Element, Sequence[str]]
) -> dict[Element, float]:
    """Measured on a vocabulary, so that another one, or another encoder, needs no new constants."""
    return {element: _floor(encoder, words) for element, words in vocabulary.items()}


def _floor(encoder: SentenceEncoder, words: Sequence[str]) -> float:
    different = list(dict.fromkeys(words))
    if len(different) < 2:
        return 0.0
    likeness = encoder.encode(different) @ encoder.encode(different).T
    pairs = [likeness[i, j] for i, j in combinations(range(len(different)), 2)]
    return float(np.clip(np.percentile(pairs, FLOOR_PERCENTILE), 0, HIGHEST_FLOOR))
