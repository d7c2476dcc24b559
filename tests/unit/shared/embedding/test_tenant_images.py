"""A sample of a tenant's image vectors is read once and kept for a while."""

from datetime import UTC, datetime

import numpy as np

from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.images.tenant_images import KEPT_SECONDS, SAMPLE, TenantImages
from shared.store.protocol import KnownImage
from tests.fakes.image_encoder import SubjectEncoder
from tests.fakes.stores import InMemoryImages, InMemoryImageVectors

AT = datetime(2026, 3, 1, tzinfo=UTC)


class Setup:
    """A store with encoded images of several tenants, and a clock that a test sets."""

    def __init__(self) -> None:
        self.encoder = SubjectEncoder({"red": "bird"})
        self.vectors = InMemoryImageVectors()
        self.images = InMemoryImages()
        self.now = 0.0
        encoded = EncodedImages(self.encoder, self.vectors)
        self.tenant_images = TenantImages(encoded, self.images, monotonic=lambda: self.now)

    async def add(self, tenant: str, count: int, *, first: int = 0) -> None:
        for number in range(first, first + count):
            name = f"{tenant}-{number}"
            await self.images.remember(
                [KnownImage(tenant=tenant, image_id=name, uri="drawing:x", content_hash=name,
                            seen_at=AT)]
            )  # fmt: skip
            await self.vectors.put({name: np.eye(self.encoder.dimension, dtype=np.float32)[0]})


async def test_only_images_of_the_tenant_without_the_references_are_returned() -> None:
    setup = Setup()
    await setup.add("a", 5)
    await setup.add("b", 3)
    assert len(await setup.tenant_images.vectors("a")) == 5
    assert len(await setup.tenant_images.vectors("a", without={"a-0", "b-1"})) == 4
    assert len(await setup.tenant_images.vectors("nobody")) == 0


async def test_a_large_catalog_gives_a_sample_that_is_kept_for_minutes() -> None:
    setup = Setup()
    await setup.add("a", SAMPLE + 10)
    assert len(await setup.tenant_images.vectors("a")) == SAMPLE
    setup.vectors.by_hash.clear()
    setup.now = KEPT_SECONDS - 1
    assert len(await setup.tenant_images.vectors("a")) == SAMPLE
    setup.now = KEPT_SECONDS + 1
    assert len(await setup.tenant_images.vectors("a")) == 0


async def test_the_first_images_of_a_new_tenant_are_read_again_soon() -> None:
    setup = Setup()
    await setup.add("a", 2)
    assert len(await setup.tenant_images.vectors("a")) == 2
    await setup.add("a", 3, first=2)
    setup.now = 30.0
    assert len(await setup.tenant_images.vectors("a")) == 5
