"""Embed tastes and descriptions, one block per element, and score images by similarity."""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Final

import numpy as np

from shared.domain.element_weights import MAX_SCORE
from shared.domain.taste import ELEMENTS, Element, Taste, TasteSide
from shared.embedding.protocol import Embedder, Vectors
from shared.store.protocol import TasteVectors

BLOCK_LENGTH: Final = 1 / sqrt(len(ELEMENTS))
"""Length of a known element's block. The cosine of two full vectors is then the mean of the five
element similarities, which can be explained."""
FULL_SCORE_AT: Final = 0.3
"""Difference of liked and disliked similarity from which the score is 5. In MiniLM equal words have
similarity 1, two different words of one element 0.3-0.4, two colors 0.7."""
UNRELATED: Final[Mapping[Element, float]] = {
    Element.ART_STYLE: 0.40,
    Element.COLOR: 0.45,
    Element.MEDIUM: 0.30,
    Element.SATURATION: 0.35,
    Element.DETAIL: 0.30,
}
"""Mean similarity of two different words of an element in MiniLM. A user with likes alone has no
disliked similarity to subtract, and without it every word would count as liked."""
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
    """Score each element, 0-5, by similarity; used while no model answers.

    With words of one side only, an image is liked or disliked as far as it resembles them more than
    unrelated words do; an image that does not is neutral.
    """
    shown, liked, disliked = (_blocks(v) for v in (image, taste.preference, taste.non_preference))
    scores: dict[Element, float] = {}
    for row, element in enumerate(ELEMENTS):
        to_liked, to_disliked = (
            float(shown[row] @ side[row]) / BLOCK_LENGTH**2 if side[row].any() else None
            for side in (liked, disliked)
        )
        if not shown[row].any():
            to_liked = to_disliked = None
        scores[element] = round(_element_score(element, to_liked, to_disliked), 4)
    return scores


def _element_score(element: Element, to_liked: float | None, to_disliked: float | None) -> float:
    """The score for the similarities to both sides, -1 to 1; None where a side has no word."""
    if to_liked is not None and to_disliked is not None:
        return 2.5 + 2.5 * _share(to_liked - to_disliked, least=-1.0)
    if to_liked is not None:
        share = _share(to_liked - UNRELATED[element], least=0.0)
        return NEUTRAL_SCORE + (MAX_SCORE - NEUTRAL_SCORE) * share
    if to_disliked is not None:
        return NEUTRAL_SCORE * (1 - _share(to_disliked - UNRELATED[element], least=0.0))
    return NEUTRAL_SCORE


def _share(difference: float, *, least: float) -> float:
    return min(max(difference / FULL_SCORE_AT, least), 1.0)


def _blocks(vector: Vectors) -> Vectors:
    return vector.reshape(len(ELEMENTS), -1)


def _weighted(side: TasteSide) -> dict[Element, WeightedWords]:
    return {e: [(w.word, w.weight) for w in words] for e, words in side.items()}
