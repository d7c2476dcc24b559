"""What was read lately stays in memory, bounded and for a while, and removed images do not."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from shared.domain.images.image_key import ImageKey
from shared.domain.taste import Element
from shared.runtime.recent.bounded import RecentlyUsed
from shared.runtime.recent.images import DESCRIPTION_BYTES, RecentImages
from shared.runtime.recent.vectors import RecentVectors
from shared.store.protocol import Described, ImageDescription, KnownImage
from tests.fakes.stores import InMemoryImages

AT = datetime(2026, 1, 31, tzinfo=UTC)


def described(content_hash: str) -> Described:
    description = ImageDescription(
        content_hash=content_hash, model_version="m-1", words={Element.COLOR: ("red",)}
    )
    return Described(description, np.full(5, 1.0, np.float32))


def known(image_id: str, content_hash: str, *, uri: str = "https://a/1.png") -> KnownImage:
    return KnownImage(
        tenant="default", image_id=image_id, uri=uri, content_hash=content_hash, seen_at=AT
    )


class CountedImages(InMemoryImages):
    """Counts the images that are written and read."""

    def __init__(self) -> None:
        super().__init__()
        self.written = 0
        self.read: list[str] = []

    async def remember(self, images: Sequence[KnownImage]) -> None:
        self.written += len(images)
        await super().remember(images)

    async def descriptions(
        self, *, content_hashes: Sequence[str], model_version: str
    ) -> dict[str, Described]:
        self.read += content_hashes
        return await super().descriptions(
            content_hashes=content_hashes, model_version=model_version
        )


class CountedVectors:
    """Vectors of ones, which count how often they are read."""

    def __init__(self) -> None:
        self.read: list[str] = []

    async def put(self, vectors: Any) -> None: ...

    async def get(self, content_hashes: Sequence[str]) -> dict[str, Any]:
        self.read += content_hashes
        return {name: np.ones(4, np.float32) for name in content_hashes if name != "unknown"}


@pytest.fixture
def store() -> CountedImages:
    return CountedImages()


def recent(store: CountedImages, *, entries: int = 100) -> RecentImages:
    return RecentImages(store, max_bytes=entries * DESCRIPTION_BYTES)


async def test_a_description_is_read_once(store: CountedImages) -> None:
    images = recent(store)
    await store.describe([described("a"), described("b")])
    for _ in range(2):
        stored = await images.descriptions(content_hashes=["a", "b", "new"], model_version="m-1")
        assert set(stored) == {"a", "b"}
    assert store.read == ["a", "b", "new", "new"], "an image without a description may get one"
    assert await images.descriptions(content_hashes=["a"], model_version="m-2") == {}


async def test_only_new_or_changed_images_are_written(store: CountedImages) -> None:
    images = recent(store)
    await images.remember([known("1", "a"), known("2", "b")])
    await images.remember([known("1", "a"), known("2", "b")])
    assert store.written == 2
    await images.remember([known("1", "c"), known("2", "b", uri="https://a/2.png")])
    assert store.written == 4
    assert (await images.find(tenant="default", image_ids=["1"]))["1"].content_hash == "c"


async def test_a_removed_image_leaves_no_copy_in_memory(store: CountedImages) -> None:
    images, vectors = recent(store), CountedVectors()
    kept = RecentVectors(vectors, dimension=4, max_bytes=10_000)
    images.on_forget(kept.forget_contents)
    await store.describe([described("a")])
    await images.remember([known("1", "a")])
    await images.descriptions(content_hashes=["a"], model_version="m-1")
    await kept.get(["a", "b"])
    images.forget_image(ImageKey("default", "1"))
    await images.descriptions(content_hashes=["a"], model_version="m-1")
    await kept.get(["a", "b"])
    assert (store.read, vectors.read) == (["a", "a"], ["a", "b", "a"])
    await images.remember([known("1", "a")])
    assert store.written == 2
    await images.forget([ImageKey("default", "1")])
    await kept.get(["a", "b"])
    assert vectors.read == ["a", "b", "a", "a"]


async def test_vectors_are_read_once_and_cannot_be_changed() -> None:
    vectors = CountedVectors()
    kept = RecentVectors(vectors, dimension=4, max_bytes=10_000)
    first = await kept.get(["a", "unknown"])
    assert (await kept.get(["a", "a"])).keys() == first.keys() == {"a"}
    assert vectors.read == ["a", "unknown"]
    with pytest.raises(ValueError, match="read-only"):
        first["a"][0] = 2


async def test_without_memory_each_request_reads_the_store(store: CountedImages) -> None:
    images = recent(store, entries=0)
    await store.describe([described("a")])
    for _ in range(2):
        await images.descriptions(content_hashes=["a"], model_version="m-1")
        await images.remember([known("1", "a")])
    assert (store.read, store.written) == (["a", "a"], 2)


def test_values_are_bounded_and_expire() -> None:
    seconds = 0.0
    values: RecentlyUsed[str, int] = RecentlyUsed(
        max_entries=2, max_seconds=10, now=lambda: seconds
    )
    values.put([("a", 1), ("b", 2)])
    assert values.get(["a"]) == {"a": 1}
    values.put([("c", 3)])
    assert values.get("abc") == {"a": 1, "c": 3}
    seconds = 11
    assert values.get("abc") == {}
    assert len(values) == 0
