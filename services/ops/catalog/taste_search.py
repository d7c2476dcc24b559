"""Find the images of the catalog that fit one user's taste, and show why each one does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from services.ops.context import OpsContext
from shared.domain.taste import ELEMENTS
from shared.embedding.audience.matching import AudienceMatcher
from shared.embedding.audience.scoring import ImageScore
from shared.embedding.audience.user_examples import UserExamples
from shared.embedding.protocol import Vectors
from shared.store.catalog.images import IMAGE_VECTOR, StoredImage
from shared.store.catalog.protocol import CatalogStore
from shared.store.catalog.queries import CatalogQuery, CatalogSelection
from shared.store.protocol import StoredProfile

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
    score: ImageScore
    sources: tuple[str, ...]
    """The queries that returned the image: elements, and `image` for the likeness to references."""
    near: tuple[NearReference, ...]


class TasteSearch:
    """The search for one user. Raises `Unavailable`."""

    def __init__(
        self, matcher: AudienceMatcher, examples: UserExamples, liked: Mapping[str, Vectors]
    ) -> None:
        self._matcher = matcher
        self._examples = examples
        self._liked = liked
        """Image vectors of the liked references by image id."""

    async def best(
        self, catalog: CatalogStore, selection: CatalogSelection, *, limit: int
    ) -> list[TasteHit]:
        """The selected images that fit the taste best, the best first."""
        named = _queries(self._examples, self._liked)
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
        hits_by_taste = [
            self.scored(image, vectors.get(image.entry.key, {}), sources=sources[image_id])
            for image_id, image in images.items()
        ]
        scored = [hit for hit in hits_by_taste if hit is not None]
        return sorted(scored, key=lambda hit: (-hit.score.total, hit.image.entry.image_id))[:limit]

    def scored(
        self, image: StoredImage, vectors: Mapping[str, Vectors], *, sources: Sequence[str] = ()
    ) -> TasteHit | None:
        """The score of one image; None where nothing is comparable."""
        score = self._matcher.score(vectors, self._examples)
        if score is None:
            return None
        near = _near(vectors.get(IMAGE_VECTOR), self._liked)
        return TasteHit(image, score, tuple(sources), near)


async def taste_search(ops: OpsContext, *, tenant: str, user_id: str) -> TasteSearch | None:
    """The search for a user; None without a profile. Raises `Unavailable`."""
    profile = await ops.stores.profiles.get(tenant=tenant, user_id=user_id)
    matcher = ops.stores.audience
    if profile is None or matcher is None:
        return None
    return TasteSearch(matcher, await matcher.examples(profile), await _liked(ops, profile))


async def _liked(ops: OpsContext, profile: StoredProfile) -> dict[str, Vectors]:
    encoded = ops.stores.encoded_images
    if encoded is None:
        return {}
    references = [reference for reference in profile.references if reference.side == "liked"]
    stored = await encoded.stored([reference.content_hash for reference in references])
    return {r.image_id: stored[r.content_hash] for r in references if r.content_hash in stored}


def _queries(
    examples: UserExamples, likes: Mapping[str, Vectors]
) -> list[tuple[str, CatalogQuery]]:
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
    if likes:
        mean = np.mean(list(likes.values()), axis=0)
        if np.linalg.norm(mean) > 0:
            query = CatalogQuery(IMAGE_VECTOR, (mean,), strategy="average_vector", limit=PER_QUERY)
            queries.append((SUBJECT, query))
    return queries


def _near(shown: Vectors | None, likes: Mapping[str, Vectors]) -> tuple[NearReference, ...]:
    if shown is None:
        return ()
    near = [
        NearReference(image_id, float(vector @ shown))
        for image_id, vector in likes.items()
        if len(vector) == len(shown)
    ]
    near.sort(key=lambda reference: -reference.likeness)
    return tuple(reference for reference in near[:NEAREST] if reference.likeness >= MIN_LIKENESS)
