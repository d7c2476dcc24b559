"""Turn tastes and descriptions into vectors, one block per element, and compare them."""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Final

import numpy as np

from shared.domain.taste import ELEMENTS, Element, Taste, TasteSide
from shared.embedding.protocol import Embedder, Vectors
from shared.store.protocol import TasteVectors

BLOCK_LENGTH: Final = 1 / sqrt(len(ELEMENTS))
"""Length of a known element's block: the cosine of two full vectors is then the mean of the five
similarities, which keeps it explainable."""
FULL_SCORE_AT: Final = 0.3
"""Liked minus disliked similarity that counts as a whole like. Equal words have similarity 1, two
different words of one element in MiniLM 0.3-0.4, two colors 0.7."""
NEITHER: Final = 2.0
"""The score of an element about which nothing is known, as the prompts define it."""

WeightedWords = Sequence[tuple[str, float]]


async def taste_vectors(taste: Taste, embedder: Embedder) -> TasteVectors:
    """Both sides of a taste; each word counts by its weight. Shape of each: (5 x dimension,)."""
    preference = await vector_of(_weighted(taste.preference), embedder)
    return TasteVectors(preference, await vector_of(_weighted(taste.non_preference), embedder))


async def description_vector(words: Mapping[Element, Sequence[str]], embedder: Embedder) -> Vectors:
    """An image in words, each word of an element alike. Shape: (5 x dimension,)."""
    return await vector_of({e: [(w, 1.0) for w in words.get(e, ())] for e in ELEMENTS}, embedder)


async def vector_of(words: Mapping[Element, WeightedWords], embedder: Embedder) -> Vectors:
    """Five blocks, zeros where an element has no words."""
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
    """0-5 for each element from similarities alone: what stands in when no model answers."""
    seen, liked, disliked = (_blocks(v) for v in (image, taste.preference, taste.non_preference))
    scores: dict[Element, float] = {}
    for row, element in enumerate(ELEMENTS):
        known = bool(liked[row].any() or disliked[row].any()) and bool(seen[row].any())
        lean = float(seen[row] @ liked[row] - seen[row] @ disliked[row]) / BLOCK_LENGTH**2
        share = min(max(lean / FULL_SCORE_AT, -1.0), 1.0)
        scores[element] = round(2.5 + 2.5 * share, 4) if known else NEITHER
    return scores


def _blocks(vector: Vectors) -> Vectors:
    return vector.reshape(len(ELEMENTS), -1)


def _weighted(side: TasteSide) -> dict[Element, WeightedWords]:
    return {e: [(w.word, w.weight) for w in words] for e, words in side.items()}
