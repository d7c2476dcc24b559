"""Choose the words that the probabilities of ImageNet classes are sure of."""

from collections.abc import Collection
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.domain.subjects.forms import subject_form
from shared.domain.subjects.words import ShownWord
from shared.embedding.images.naming.hypernyms import HYPERNYMS, classes_of, with_broader
from shared.embedding.protocol import Vectors

CLASSES: Final = 1000


def sure_words(probabilities: Vectors) -> list[tuple[ShownWord, ...]]:
    """The words of each image, the narrowest first; `probabilities` has the shape (images, 1000).

    The probability of a word is the sum over its classes. The narrowest sure word is given with
    its broader words; of two equally narrow ones, the more probable.
    """
    by_word = probabilities @ _class_matrix()  # (images, words)
    return [_words_of_image(row) for row in by_word]


def _words_of_image(row: NDArray[np.float32]) -> tuple[ShownWord, ...]:
    known = dict(zip(HYPERNYMS, row.tolist(), strict=True))
    sure = [word for word, entry in HYPERNYMS.items() if known[word] >= entry.least]
    if not sure:
        return ()
    narrowest = max(sure, key=lambda word: (len(with_broader(word)), known[word]))
    return tuple(
        ShownWord(word=word, probability=min(round(known[word], 4), 1.0))
        for word in with_broader(narrowest)
    )


def word_probabilities(probabilities: Vectors, words: Collection[str]) -> list[dict[str, float]]:
    """The probabilities of these words for each image; words without a class are left out.

    `probabilities` has the shape (images, 1000).
    """
    columns = {
        word: place for word in words if (place := _columns().get(subject_form(word))) is not None
    }
    by_word = probabilities @ _class_matrix()[:, list(columns.values())]
    return [dict(zip(columns, row.tolist(), strict=True)) for row in by_word]


@cache
def _columns() -> dict[str, int]:
    return {subject_form(word): place for place, word in enumerate(HYPERNYMS)}


@cache
def _class_matrix() -> Vectors:
    """1 where a class belongs to a word, shape (1000, words)."""
    matrix = np.zeros((CLASSES, len(HYPERNYMS)), np.float32)
    for column, word in enumerate(HYPERNYMS):
        matrix[list(classes_of(word)), column] = 1.0
    return matrix
