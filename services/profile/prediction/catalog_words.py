"""Read how often the images of a tenant show each word, and keep the result for a while."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from services.profile.prediction.base_rates import UNKNOWN_BASE_RATES, BaseRates
from shared.domain.errors import Unavailable
from shared.store.protocol import ImageStore

log = logging.getLogger(__name__)
SAMPLE: Final = 300
"""Images that are read: a share of one half is then known within 6 points (95 %)."""
KEPT_SECONDS: Final = 600.0
"""A catalog changes slowly; a prediction must not read hundreds of images each time."""
MAX_TENANTS: Final = 1_000
"""Tenants whose base rates are kept in memory: about 50 MB, the words of each image included."""


class CatalogWords:
    """The base rates of words by tenant and model version."""

    def __init__(
        self, image_store: ImageStore, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._image_store = image_store
        self._monotonic = monotonic
        self._kept: OrderedDict[tuple[str, str], tuple[float, BaseRates]] = OrderedDict()

    async def base_rates(self, *, tenant: str, model_version: str) -> BaseRates:
        """The words of the tenant's described images; unknown while the store does not answer."""
        key = (tenant, model_version)
        read_at, rates = self._kept.get(key, (None, UNKNOWN_BASE_RATES))
        now = self._monotonic()
        if read_at is not None and now - read_at < KEPT_SECONDS:
            return rates
        try:
            rates = await self._read(tenant, model_version)
        except Unavailable as error:
            # The rates of before, or equal ones: a prediction without them is better than none.
            log.warning("the words of the catalog cannot be read: %s", error)
            return rates
        self._kept[key] = (now, rates)
        self._kept.move_to_end(key)
        while len(self._kept) > MAX_TENANTS:
            self._kept.popitem(last=False)
        return rates

    async def _read(self, tenant: str, model_version: str) -> BaseRates:
        images = await self._image_store.sample(tenant=tenant, limit=SAMPLE)
        described = await self._image_store.described_words(
            content_hashes=[image.content_hash for image in images], model_version=model_version
        )
        return BaseRates.from_descriptions(described.values())
