"""Read the words of images that a user did not choose: viewed ones, or a part of the catalog."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from shared.domain.taste import Element
from shared.domain.user import User
from shared.store.protocol import ImageStore, ImpressionStore

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


class UnchosenImageReader:
    """Reads images that a user viewed and did not choose. Raises `Unavailable`."""

    def __init__(self, image_store: ImageStore, impressions: ImpressionStore | None) -> None:
        self._image_store = image_store
        self._impressions = impressions

    async def read(
        self, user: User, *, without: Collection[str], model_version: str
    ) -> UnchosenImages:
        """Described images, without those of these content hashes."""
        viewed = await self._words(await self._viewed(user), without, model_version)
        if len(viewed) >= MIN_VIEWED:
            return UnchosenImages(viewed, were_viewed=True)
        images = await self._image_store.sample(tenant=user.tenant, limit=CATALOG)
        sample = await self._words([i.content_hash for i in images], without, model_version)
        return UnchosenImages(sample, were_viewed=False)

    async def _viewed(self, user: User) -> list[str]:
        """The content hashes of the latest viewed images."""
        if self._impressions is None:
            return []
        stored = await self._impressions.get(tenant=user.tenant, user_id=user.user_id)
        if stored is None or not stored.viewed:
            return []
        seen_at = stored.seen_at
        latest = sorted(stored.viewed & seen_at.keys(), key=lambda name: (seen_at[name], name))
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
