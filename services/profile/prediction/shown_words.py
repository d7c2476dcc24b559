"""Read how often the images that a user was shown have each word."""

import logging
from typing import Final

from services.profile.prediction.base_rates import UNKNOWN_BASE_RATES, BaseRates
from services.profile.prediction.catalog_words import CatalogWords
from shared.domain.errors import Unavailable
from shared.domain.user import User
from shared.store.protocol import ImageStore, ImpressionStore

log = logging.getLogger(__name__)
MAX_VIEWED: Final = 300
"""Latest viewed images that are read: a share of one half is then known within 6 points (95 %)."""
CATALOG_IMAGES: Final = 30.0
"""Images for which the catalog counts next to the viewed ones. Thirty views, two or three slates,
then weigh as much as the catalog (training/LOG.md, 2026-11-30)."""


class ShownWords:
    """The base rates of words for one user: what the user viewed, filled up with the catalog."""

    def __init__(
        self,
        image_store: ImageStore,
        impressions: ImpressionStore | None,
        catalog_words: CatalogWords,
    ) -> None:
        self._image_store = image_store
        self._impressions = impressions
        self._catalog_words = catalog_words

    async def base_rates(
        self, user: User, *, model_version: str, with_impressions: bool
    ) -> BaseRates:
        """The base rates of one user's words, or the catalog's where no view is recorded."""
        catalog = await self._catalog_words.base_rates(
            tenant=user.tenant, model_version=model_version
        )
        if not with_impressions or self._impressions is None:
            return catalog
        try:
            viewed = await self._viewed(self._impressions, user, model_version)
        except Unavailable as error:
            # The catalog is the better part of it: a prediction must not wait for impressions.
            log.warning("the impressions of a user cannot be read: %s", error)
            return catalog
        return viewed.filled_up(catalog, to=CATALOG_IMAGES)

    async def _viewed(
        self, impressions: ImpressionStore, user: User, model_version: str
    ) -> BaseRates:
        stored = await impressions.get(tenant=user.tenant, user_id=user.user_id)
        if stored is None or not stored.viewed:
            return UNKNOWN_BASE_RATES
        seen_at = stored.seen_at
        latest = sorted(stored.viewed & seen_at.keys(), key=lambda name: (seen_at[name], name))
        known = await self._image_store.find(tenant=user.tenant, image_ids=latest[-MAX_VIEWED:])
        words = await self._image_store.described_words(
            content_hashes=[image.content_hash for image in known.values()],
            model_version=model_version,
        )
        return BaseRates.from_descriptions(words.values())
