"""Score one image for one user as the tier `embedding` does: by words, and by what it shows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import ELEMENTS, Element
from shared.embedding.audience.user_examples import UserExamples
from shared.embedding.protocol import Vectors
from shared.embedding.taste_vectors import BLOCK_LENGTH, element_scores
from shared.store.catalog.images import IMAGE_VECTOR
from shared.store.protocol import NearTaste


@dataclass(frozen=True)
class UserScore:
    """How well an image fits one user's taste."""

    user_id: str
    score: float
    """0-25, as a feed scores the image without the model."""


@dataclass(frozen=True)
class ImageScore:
    """The score of an image by the best taste of a user, and what it consists of."""

    total: float
    """0-25."""
    elements: Mapping[Element, float]
    """Score of each element, 0-5."""
    subject: float | None
    """Score of what the image shows, 0-5; None where it does not count."""


def description_of(vectors: Mapping[str, Vectors]) -> Vectors | None:
    """The description of a catalog image in element blocks, (5 x dimension,).

    `vectors` are those of the image by name, of unit length. None for an image without words.
    """
    known = [vectors[element.value] for element in ELEMENTS if element.value in vectors]
    if not known:
        return None
    unknown = np.zeros_like(known[0])
    blocks = [vectors.get(element.value, unknown) * BLOCK_LENGTH for element in ELEMENTS]
    return np.concatenate(blocks).astype(np.float32)


def best_by_words(
    description: Vectors, tastes: Iterable[NearTaste], weights: ElementWeights
) -> list[UserScore]:
    """The score of each user by the words of the best taste, the highest first."""
    best: dict[str, float] = {}
    for taste in tastes:
        total = weights.total(element_scores(description, taste.vectors))
        best[taste.user_id] = max(total, best.get(taste.user_id, 0.0))
    ordered = sorted(best.items(), key=lambda entry: (-entry[1], entry[0]))
    return [UserScore(user_id, total) for user_id, total in ordered]


def image_score(
    vectors: Mapping[str, Vectors], examples: UserExamples, weights: ElementWeights
) -> ImageScore | None:
    """The score of an image with these vectors by name; None where nothing can be compared.

    The subject counts as far as the user goes by it, and where the references can be compared.
    """
    description = description_of(vectors)
    if description is None or not examples.tastes:
        return None
    shown, own = vectors.get(IMAGE_VECTOR), examples.weights
    scores = []
    for taste, references in zip(examples.tastes, examples.references, strict=True):
        elements = element_scores(description, taste)
        # A catalog that serves vectors of an older encoder is compared by words alone.
        if own is None or shown is None or references is None or references.dimension != len(shown):
            scores.append(ImageScore(weights.total(elements), elements, None))
        else:
            subject = references.score(shown)
            scores.append(ImageScore(own.total(elements, subject), elements, subject))
    return max(scores, key=lambda score: score.total)
