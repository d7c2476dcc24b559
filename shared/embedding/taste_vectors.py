"""Embed tastes and descriptions, one block per element, and score images by similarity."""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Final

import numpy as np

from shared.domain.taste import ELEMENTS, Element, Taste, TasteSide
from shared.embedding.protocol import Embedder, Vectors
from shared.store.protocol import TasteVectors

BLOCK_LENGTH: Final = 1 / sqrt(len(ELEMENTS))
"""Length of a known element's block. The cosine of two full vectors is then the mean of the five
element similarities, which can be explained."""
FULL_SCORE_AT: Final = 0.3
"""Difference of liked and disliked similarity from which the score is 5. In MiniLM equal words have
similarity 1, two different words of one element 0.3-0.4, two colors 0.7."""
NEUTRAL_SCORE: Final = 2.0
"""The score of an unknown element, as the prompts define it."""

WeightedWords = Sequence[tuple[str, float]]


async def taste_vectors(taste: Taste, embedder: Embedder) -> TasteVectors:
    """Embed both sides of a taste, words by their weights. Shape of each side: (5 x dimension,)."""
    preference = await vector_of(_weighted(taste.preference), embedder)
    return TasteVectors(preference, await vector_of(_weighted(taste.non_preference), embedder))


async def description_vector(words: Mapping[Element, Sequence[str]], embedder: Embedder) -> Vectors:
    """Embed an image's description, all words with weight 1. Shape: (5 x dimension,)."""
    return await vector_of({e: [(w, 1.0) for w in words.get(e, ())] for e in ELEMENTS}, embedder)


async def vector_of(words: Mapping[Element, WeightedWords], embedder: Embedder) -> Vectors:
    """Embed words by element: five blocks, zeros where an element has no words."""
    texts = [word for element in ELEMENTS for word, _ in words[element]]
    embedded = iter(await embedder.embed(texts))
    blocks = np.zeros((len(ELEMENTS), embedder.dimension), np.float32)
    for row, element in enumerate(ELEMENTS):
        for _, weight in words[element]:
            blocks[row] += weight * next(embedded)
        length = float(np.linalg.norm(blocks[row]))
        if length > 0:
            blocks[row] *= BLOCK_LENGTH / length
    return blocks.reshape(-1)


def element_scores(image: Vectors, taste: TasteVectors) -> dict[Element, float]:
    """Score each element, 0-5, by similarity; used while no model answers."""
    shown, liked, disliked = (_blocks(v) for v in (image, taste.preference, taste.non_preference))
    scores: dict[Element, float] = {}
    for row, element in enumerate(ELEMENTS):
        known = bool(liked[row].any() or disliked[row].any()) and bool(shown[row].any())
        difference = float(shown[row] @ liked[row] - shown[row] @ disliked[row]) / BLOCK_LENGTH**2
        share = min(max(difference / FULL_SCORE_AT, -1.0), 1.0)
        scores[element] = round(2.5 + 2.5 * share, 4) if known else NEUTRAL_SCORE
    return scores


def _blocks(vector: Vectors) -> Vectors:
    return vector.reshape(len(ELEMENTS), -1)


def _weighted(side: TasteSide) -> dict[Element, WeightedWords]:
    return {e: [(w.word, w.weight) for w in words] for e, words in side.items()}
