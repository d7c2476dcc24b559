"""Compare a predicted profile with the true one, element by element, with a sentence encoder.

Whole profiles share most of their text: even two wrong words have a similarity of .57 in MiniLM.
Single words of one element still share a topic. So each element has a floor, and only similarity
above the floor counts.
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
"""The floor is the 75th percentile over pairs of different words: three of four pairs earn nothing,
a near-synonym earns something."""
HIGHEST_FLOOR: Final = 0.95
"""Keeps a scale above the floor if a vocabulary holds only synonyms."""

Vectors = NDArray[np.float32]


class SentenceEncoder(Protocol):
    """Words in, unit vectors out: (texts, dimension)."""

    def encode(self, texts: Sequence[str]) -> Vectors: ...


@dataclass(frozen=True)
class TextSimilarity:
    """0-1: 1 for the same words on every element, near 0 where all are wrong."""

    encoder: SentenceEncoder
    floors: Mapping[Element, float] = field(default_factory=dict)
    """Floor of each element: the usual similarity of two different words."""

    def side(self, predicted: SideWords, true: SideWords) -> float:
        """The mean over the elements of one side."""
        return float(np.mean([self.element(e, predicted, true) for e in ELEMENTS]))

    def element(self, element: Element, predicted: SideWords, true: SideWords) -> float:
        """Mean similarity of each word to its nearest one, in both directions: extra words cost."""
        predicted_words, true_words = predicted.get(element, ()), true.get(element, ())
        if not predicted_words or not true_words:
            return float(not predicted_words and not true_words)
        similarities = (
            self.encoder.encode(list(predicted_words)) @ self.encoder.encode(list(true_words)).T
        )
        floor = self.floors.get(element, 0.0)
        above = np.clip((similarities - floor) / (1 - floor), 0, 1)  # (predicted, true)
        return float((above.max(1).mean() + above.max(0).mean()) / 2)


def floors(
    encoder: SentenceEncoder, vocabulary: Mapping[Element, Sequence[str]]
) -> dict[Element, float]:
    """Measure the floors on a vocabulary, so that another encoder needs no new constants."""
    return {element: _floor(encoder, words) for element, words in vocabulary.items()}


def _floor(encoder: SentenceEncoder, words: Sequence[str]) -> float:
    different = list(dict.fromkeys(words))
    if len(different) < 2:
        return 0.0
    similarities = encoder.encode(different) @ encoder.encode(different).T
    pairs = [similarities[i, j] for i, j in combinations(range(len(different)), 2)]
    return float(np.clip(np.percentile(pairs, FLOOR_PERCENTILE), 0, HIGHEST_FLOOR))
