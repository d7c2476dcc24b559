"""Find the images of the catalog that fit one user's taste, and show why each one does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from services.ops.context import OpsContext
from shared.domain.element_weights import EQUAL_WEIGHTS
from shared.domain.taste import ELEMENTS, Element
from shared.domain.weights.ranking_weights import RankingWeights
from shared.embedding.audience.scoring import description_of, own_weights, subject_score
from shared.embedding.images.subject import SubjectReferences
from shared.embedding.protocol import Embedder, Vectors
from shared.embedding.taste_vectors import element_scores, taste_vectors
from shared.store.catalog.images import IMAGE_VECTOR, StoredImage
from shared.store.catalog.protocol import CatalogStore
from shared.store.catalog.queries import CatalogQuery, CatalogSelection
from shared.store.protocol import StoredProfile, TasteVectors

PER_QUERY: Final = 100
NEAREST: Final = 3
"""Liked references that are shown for an image."""
MIN_LIKENESS: Final = 0.3
"""Cosine of two image vectors from which a reference is shown as near."""
SUBJECT: Final = "image"


@dataclass(frozen=True)
class NearReference:
    """A liked reference that resembles an image."""

    image_id: str
    likeness: float
    """Cosine of the two image vectors."""


@dataclass(frozen=True)
class TasteHit:
    """One image with its score by a user's taste, and what the score consists of."""

    image: StoredImage
    score: float
    """0-25, as a feed scores it without the model."""
    elements: Mapping[Element, float]
    """Score of each element, 0-5."""
    subject: float | None
    """Score of what the image shows, 0-5; None where it does not count."""
    sources: tuple[str, ...]
    """The queries that returned the image: elements, and `image` for the likeness to references."""
    near: tuple[NearReference, ...]


@dataclass(frozen=True)
class UserExamples:
    """What is known of a user: the taste in words, and the vectors of the references."""

    tastes: tuple[TasteVectors, ...]
    liked: Mapping[str, Vectors]
    """Image vectors of the liked references by image id."""
    references: SubjectReferences | None
    weights: RankingWeights | None


async def examples_of(ops: OpsContext, profile: StoredProfile, embedder: Embedder) -> UserExamples:
    """Read what is known of a user. Raises `Unavailable`."""
    tastes = [joint.taste for joint in profile.tastes] or [profile.taste]
    vectors = tuple([await taste_vectors(taste, embedder) for taste in tastes])
    encoded = ops.stores.encoded_images
    if encoded is None or not profile.references:
        return UserExamples(vectors, {}, None, None)
    stored = await encoded.stored([reference.content_hash for reference in profile.references])
    liked = {
        reference.image_id: stored[reference.content_hash]
        for reference in profile.references
        if reference.side == "liked" and reference.content_hash in stored
    }
    references = encoded.by_side(profile.references, stored)
    return UserExamples(vectors, liked, references, own_weights(profile, EQUAL_WEIGHTS))


async def search_by_taste(
    catalog: CatalogStore, selection: CatalogSelection, examples: UserExamples, *, limit: int
) -> list[TasteHit]:
    """The selected images that fit the taste best, the best first."""
    named = _queries(examples)
    if not named:
        return []
    sources: dict[str, list[str]] = {}
    images: dict[str, StoredImage] = {}
    results = await catalog.query(selection, [query for _, query in named])
    for (source, _), hits in zip(named, results, strict=True):
        for hit in hits:
            images[hit.image.entry.image_id] = hit.image
            of_image = sources.setdefault(hit.image.entry.image_id, [])
            if source not in of_image:
                of_image.append(source)
    vectors = await catalog.vectors([image.entry.key for image in images.values()])
    scored = [
        hit
        for image_id, image in images.items()
        if (hit := scored_image(image, vectors.get(image.entry.key, {}), examples,
                                sources=sources[image_id])) is not None
    ]  # fmt: skip
    return sorted(scored, key=lambda hit: (-hit.score, hit.image.entry.image_id))[:limit]


def scored_image(
    image: StoredImage,
    vectors: Mapping[str, Vectors],
    examples: UserExamples,
    *,
    sources: Sequence[str] = (),
) -> TasteHit | None:
    """The score of one image by the best taste of a user; None where nothing is comparable."""
    description = description_of(vectors)
    shown = vectors.get(IMAGE_VECTOR)
    subject = None
    references = examples.references
    if (
        shown is not None
        and references is not None
        and references.liked.shape[1] == len(shown)
        and examples.weights is not None
    ):
        subject = subject_score(shown, references)
    if description is None:
        return None
    best: tuple[float, Mapping[Element, float]] | None = None
    for taste in examples.tastes:
        elements = element_scores(description, taste)
        total = EQUAL_WEIGHTS.total(elements)
        if subject is not None and examples.weights is not None:
            total = examples.weights.total(elements, subject)
        if best is None or total > best[0]:
            best = (total, elements)
    if best is None:
        return None
    return TasteHit(image, best[0], best[1], subject, tuple(sources), _near(shown, examples))


def _queries(examples: UserExamples) -> list[tuple[str, CatalogQuery]]:
    """A query for each element of each taste, and one for the likeness to the references."""
    queries: list[tuple[str, CatalogQuery]] = []
    for taste in examples.tastes:
        liked, disliked = (
            side.reshape(len(ELEMENTS), -1) for side in (taste.preference, taste.non_preference)
        )
        for row, element in enumerate(ELEMENTS):
            if liked[row].any():
                negative = (disliked[row],) if disliked[row].any() else ()
                query = CatalogQuery(
                    element.value, (liked[row],), negative, strategy="sum_scores", limit=PER_QUERY
                )
                queries.append((element.label, query))
    if examples.liked:
        mean = np.mean(list(examples.liked.values()), axis=0)
        if np.linalg.norm(mean) > 0:
            query = CatalogQuery(IMAGE_VECTOR, (mean,), strategy="average_vector", limit=PER_QUERY)
            queries.append((SUBJECT, query))
    return queries


def _near(shown: Vectors | None, examples: UserExamples) -> tuple[NearReference, ...]:
    if shown is None:
        return ()
    near = [
        NearReference(image_id, float(vector @ shown))
        for image_id, vector in examples.liked.items()
        if len(vector) == len(shown)
    ]
    near.sort(key=lambda reference: -reference.likeness)
    return tuple(reference for reference in near[:NEAREST] if reference.likeness >= MIN_LIKENESS)
