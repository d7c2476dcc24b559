"""Score one image for one user as the tier `embedding` does: by words, and by what it shows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import ELEMENTS
from shared.domain.weights.ranking_weights import RankingWeights
from shared.embedding.images.subject import SubjectReferences
from shared.embedding.protocol import Vectors
from shared.embedding.taste_vectors import BLOCK_LENGTH, element_scores
from shared.store.protocol import NearTaste, StoredProfile, TasteVectors


@dataclass(frozen=True)
class UserScore:
    """How well an image fits one user's taste."""

    user_id: str
    score: float
    """0-25, as a feed scores the image without the model."""


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


def total_score(
    description: Vectors,
    tastes: Sequence[TasteVectors],
    subjects: Sequence[float | None],
    *,
    weights: ElementWeights,
    own: RankingWeights | None,
) -> float:
    """The total, 0-25, by the user's best taste.

    `subjects` has the score of what the image shows by each taste, None where it is unknown. It
    counts as far as the user goes by it (`own`).
    """
    totals = []
    for taste, subject in zip(tastes, subjects, strict=True):
        elements = element_scores(description, taste)
        if subject is None or own is None:
            totals.append(weights.total(elements))
        else:
            totals.append(own.total(elements, subject))
    return max(totals)


def own_weights(profile: StoredProfile, weights: ElementWeights) -> RankingWeights | None:
    """What the user goes by; a profile of an earlier version has only the weight of the subject."""
    if profile.ranking_weights is not None or profile.subject_weight is None:
        return profile.ranking_weights
    return RankingWeights.of(weights, subject=profile.subject_weight.weight)


def subject_score(image: Vectors, references: SubjectReferences) -> float | None:
    """Score of what the image shows, 0-5; None where the references do not suffice."""
    if not references.can_score:
        return None
    return float(references.scores(image[None, :])[0])
