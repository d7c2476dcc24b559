"""Embed tastes and descriptions, one block per element, and score images by similarity."""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

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

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
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
    """Score each element of one image, 0-5, as `element_scores_of_images` does."""
    return element_scores_of_images([image], taste)[0]


def element_scores_of_images(
    images: Sequence[Vectors], taste: TasteVectors
) -> list[dict[Element, float]]:
    """Score each element of each image, 0-5, by similarity; used while no model answers.

    With words of one side only, an image is liked or disliked as far as it resembles them more than
    unrelated words do; an image that does not is neutral.
    """
    if not images:
        return []
    shown = np.stack(images).reshape(len(images), len(ELEMENTS), -1)  # (n, 5, dimension)
    to_liked, knows_liked = _similarities(shown, taste.preference)
    to_disliked, knows_disliked = _similarities(shown, taste.non_preference)
    unrelated = np.array([UNRELATED[element] for element in ELEMENTS])
    rise = _shares(to_liked - unrelated, least=0.0)
    fall = _shares(to_disliked - unrelated, least=0.0)
    scores = np.select(
        [knows_liked & knows_disliked, knows_liked, knows_disliked],
        [
            2.5 + 2.5 * _shares(to_liked - to_disliked, least=-1.0),
            NEUTRAL_SCORE + (MAX_SCORE - NEUTRAL_SCORE) * rise,
            NEUTRAL_SCORE * (1 - fall),
        ],
        NEUTRAL_SCORE,
    )  # (n, 5)
    return [
        dict(zip(ELEMENTS, (round(score, 4) for score in row), strict=True))
        for row in scores.tolist()
    ]


def _similarities(shown: Vectors, side: Vectors) -> tuple[Floats, Booleans]:
    """The similarity of each image and element to one side, -1 to 1, and where it is known.

    `shown` has the shape (n, 5, dimension), the results (n, 5). It is unknown where the image or
    the side has no word.
    """
    words = side.reshape(len(ELEMENTS), -1)  # (5, dimension)
    # Not a product of matrices: the threads of a BLAS library wait for cores that a model uses.
    to_side = np.einsum("ned,ed->ne", shown, words)
    known: Booleans = np.logical_and(shown.any(axis=2), words.any(axis=1))
    return to_side.astype(np.float64) / BLOCK_LENGTH**2, known


def _shares(differences: Floats, *, least: float) -> Floats:
    return np.clip(differences / FULL_SCORE_AT, least, 1.0)


def _weighted(side: TasteSide) -> dict[Element, WeightedWords]:
    return {e: [(w.word, w.weight) for w in words] for e, words in side.items()}
