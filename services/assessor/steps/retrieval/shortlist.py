"""Define what a shortlist is found for, and the images that it has."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final
from uuid import UUID

from shared.domain.images.catalog_filter import EVERY_IMAGE, CatalogFilter
from shared.domain.user import User
from shared.domain.weights.ranking_weights import RankingWeights
from shared.events import Candidate
from shared.events.types.feed import Source
from shared.store.catalog.images import StoredImage
from shared.store.protocol import StoredProfile

Shares = Mapping[Source, float]
"""Largest share of a shortlist that each source fills, 0-1; the shares add up to 1."""
NO_SHARES: Final[Shares] = {}


@dataclass(frozen=True)
class ShortlistRequest:
    """Which images of the catalog are wanted, and for which user."""

    user: User
    limit: int
    """Largest number of images, at least 1."""
    seed: UUID
    """Decides the random draws: the same seed gives the same ones."""
    profile: StoredProfile | None = None
    """None for a user without a taste."""
    weights: RankingWeights | None = None
    """What the user goes by; None where it is not known."""
    filter: CatalogFilter = EVERY_IMAGE
    similar_to: str | None = None
    """Id of an image that the others resemble; it is left out itself."""
    exclude_ids: frozenset[str] = frozenset()
    """Images to leave out: excluded or listed by the request, or served on earlier pages."""


def candidate_of(image: StoredImage) -> Candidate:
    """An image of the catalog as a candidate of a request."""
    entry = image.entry
    return Candidate(image_id=entry.image_id, uri=entry.uri, author_id=entry.author_id)


@dataclass(frozen=True)
class RetrievedImage:
    """One image of a shortlist and how it was found."""

    image: StoredImage
    """Entry and index: address, author, tags, metadata, words and content hash."""
    source: Source
    propensity: float = 1.0
    """Probability with which chance drew the image; 1 where none has."""

    @property
    def image_id(self) -> str:
        return self.image.entry.image_id

    @property
    def candidate(self) -> Candidate:
        """The image as a candidate of the request."""
        return candidate_of(self.image)


@dataclass(frozen=True)
class Shortlist:
    """The images of the catalog for one request, each once, the surest source first."""

    images: tuple[RetrievedImage, ...] = ()
    shares: Shares = field(default_factory=dict)
    """The shares by which the sources filled it; empty where no query ran."""
    reason: str | None = None
    """For the app: why the catalog gave no image; None when it gave some."""

    @cached_property
    def by_id(self) -> Mapping[str, RetrievedImage]:
        return {image.image_id: image for image in self.images}

    def candidates(self) -> list[Candidate]:
        """The images as candidates of the request, in their order."""
        return [image.candidate for image in self.images]
