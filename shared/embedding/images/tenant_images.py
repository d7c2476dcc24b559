"""Read the image vectors of a sample of a tenant's images, and keep them for a while."""

import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import Final

import numpy as np

from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.images.subject import no_vectors
from shared.embedding.protocol import Vectors
from shared.store.protocol import ImageStore

SAMPLE: Final = 64
"""Images that stand for all others: the mean of their similarities is then known within a quarter
of a standard deviation (95 %). Their vectors take 0.3 MB."""
KEPT_SECONDS: Final = 600.0
"""A catalog changes slowly; a feed must not read 64 vectors each time."""
KEPT_SECONDS_SMALL: Final = 10.0
"""The same while a tenant has fewer images: the first feeds bring new ones."""
MAX_TENANTS: Final = 64
"""Tenants whose vectors are kept in memory: about 20 MB."""


class TenantImages:
    """A sample of the tenant's encoded images, by tenant. Raises `Unavailable` as the store does.

    An image is encoded when it is ranked for a user with references, so a new tenant has none.
    """

    def __init__(
        self,
        encoded_images: EncodedImages,
        image_store: ImageStore,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._encoded_images = encoded_images
        self._image_store = image_store
        self._monotonic = monotonic
        self._kept: OrderedDict[str, tuple[float, dict[str, Vectors]]] = OrderedDict()

    async def vectors(self, tenant: str, *, without: Collection[str] = ()) -> Vectors:
        """The vectors of at most 64 images, (images, dimension), without these content hashes."""
        sample = await self._sample(tenant)
        left = [vector for content_hash, vector in sample.items() if content_hash not in without]
        return np.stack(left) if left else no_vectors()

    async def _sample(self, tenant: str) -> dict[str, Vectors]:
        read_at, vectors = self._kept.get(tenant, (None, {}))
        now = self._monotonic()
        keep = KEPT_SECONDS if len(vectors) >= SAMPLE // 2 else KEPT_SECONDS_SMALL
        if read_at is not None and now - read_at < keep:
            return vectors
        images = await self._image_store.sample(tenant=tenant, limit=SAMPLE)
        vectors = await self._encoded_images.stored([image.content_hash for image in images])
        self._kept[tenant] = (now, vectors)
        self._kept.move_to_end(tenant)
        while len(self._kept) > MAX_TENANTS:
            self._kept.popitem(last=False)
        return vectors
