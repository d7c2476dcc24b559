"""Read the words of images that a user did not choose: viewed ones, or a part of the catalog."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.profile.feedback.references import likes_complete_since
from shared.domain.taste import Element
from shared.domain.user import User
from shared.store.protocol import ImageStore, ImpressionStore, Reference

MAX_VIEWED: Final = 100
"""Latest viewed images that are read: the images of about twenty slates."""
MIN_VIEWED: Final = 8
"""Viewed images from which they are used instead of the catalog: about two slates."""
CATALOG: Final = 64
"""Images of the tenant that are read where too few views are known."""


@dataclass(frozen=True)
class UnchosenImages:
    """The words of images without feedback, by element."""

    words: Mapping[str, Mapping[Element, tuple[str, ...]]]
    """By content hash."""
    were_viewed: bool
    """Whether the user saw them; else they are a sample of what the tenant has."""
    viewed: frozenset[str] = frozenset()
    """Content hashes of the latest viewed images, also of those with feedback."""


class UnchosenImageReader:
    """Reads images that a user viewed and did not choose. Raises `Unavailable`."""

    def __init__(
        self,
        image_store: ImageStore,
        impressions: ImpressionStore | None,
        *,
        references_per_side: int,
    ) -> None:
        self._image_store = image_store
        self._impressions = impressions
        self._references_per_side = references_per_side

    async def read(
        self, user: User, references: Sequence[Reference], *, model_version: str
    ) -> UnchosenImages:
        """Described images that are not among the user's references.

        Where references were dropped because their side is full, only views count whose likes are
        all known: an image that the user liked is not taken for one that was passed over.
        """
        since = likes_complete_since(references, per_side=self._references_per_side)
        viewed = await self._viewed(user, since) if since is not None else []
        without = {reference.content_hash for reference in references}
        words = await self._words(viewed, without, model_version)
        if len(words) >= MIN_VIEWED:
            return UnchosenImages(words, were_viewed=True, viewed=frozenset(viewed))
        images = await self._image_store.sample(tenant=user.tenant, limit=CATALOG)
        sample = await self._words([i.content_hash for i in images], without, model_version)
        return UnchosenImages(sample, were_viewed=False)

    async def _viewed(self, user: User, since: datetime) -> list[str]:
        """The content hashes of the latest images viewed at or after `since`."""
        if self._impressions is None:
            return []
        stored = await self._impressions.get(tenant=user.tenant, user_id=user.user_id)
        if stored is None or not stored.viewed:
            return []
        seen_at = stored.seen_at
        viewed = stored.viewed & stored.since(since)
        latest = sorted(viewed, key=lambda name: (seen_at[name], name))
        known = await self._image_store.find(tenant=user.tenant, image_ids=latest[-MAX_VIEWED:])
        return [image.content_hash for image in known.values()]

    async def _words(
        self, content_hashes: Collection[str], without: Collection[str], model_version: str
    ) -> dict[str, Mapping[Element, tuple[str, ...]]]:
        wanted = [name for name in dict.fromkeys(content_hashes) if name not in without]
        if not wanted:
            return {}
        return await self._image_store.described_words(
            content_hashes=wanted, model_version=model_version
        )
