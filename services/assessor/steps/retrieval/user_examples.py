"""Read the vectors of a user's words and references, in the space of the catalog that serves."""

import logging
from collections.abc import Iterable, Mapping
from typing import Final

from services.assessor.steps.description_scoring import DescriptionScoring
from services.assessor.steps.retrieval.queries import TasteExamples
from shared.domain.errors import Unavailable
from shared.embedding.protocol import Embedder, Vectors
from shared.store.catalog.serving import Catalogs
from shared.store.protocol import Reference, StoredProfile

log = logging.getLogger(__name__)
MAX_EXAMPLES: Final = 50
"""Latest references of each side that are examples of one taste."""


class UserExamples:
    """Gives the examples of a user's tastes. Raises `Unavailable` as the stores do."""

    def __init__(
        self, catalogs: Catalogs, description_scoring: DescriptionScoring, embedder: Embedder
    ) -> None:
        self._catalogs = catalogs
        self._description_scoring = description_scoring
        self._embedder = embedder

    async def of(self, profile: StoredProfile | None) -> list[TasteExamples]:
        """One for each taste of the user; parts that are not known in this space are left out."""
        if profile is None:
            return []
        space = await self._catalogs.serving_space()
        words = (
            await self._description_scoring.tastes(profile)
            if space.embedder == self._embedder.name
            else []
        )
        vectors = await self._reference_vectors(profile.references)
        disliked = _side(profile.references, "disliked", vectors)
        if not profile.tastes:
            liked = _side(profile.references, "liked", vectors)
            taste = TasteExamples(1.0, words[0] if words else None, liked, disliked)
            return [taste]
        return [
            TasteExamples(
                joint.share,
                words[number] if words else None,
                _side(
                    (r for r in profile.references if r.image_id in joint.reference_ids),
                    "liked",
                    vectors,
                ),
                disliked,
            )
            for number, joint in enumerate(profile.tastes)
        ]

    async def _reference_vectors(self, references: Iterable[Reference]) -> Mapping[str, Vectors]:
        """By content hash; while an old encoder serves, those that it has made."""
        hashes = list(dict.fromkeys(reference.content_hash for reference in references))
        if not hashes:
            return {}
        stored = await self._catalogs.serving_vectors()
        try:
            return await stored.get(hashes)
        except Unavailable as error:
            # An encoder of long ago has no stored vectors any more.
            log.warning("the catalog is not searched by references: %s", error)
            return {}


def _side(
    references: Iterable[Reference], side: str, vectors: Mapping[str, Vectors]
) -> tuple[Vectors, ...]:
    """The vectors of the latest references of one side."""
    known = [r for r in references if r.side == side and r.content_hash in vectors]
    latest = sorted(known, key=lambda r: (r.occurred_at, r.image_id))[-MAX_EXAMPLES:]
    return tuple(vectors[reference.content_hash] for reference in latest)
