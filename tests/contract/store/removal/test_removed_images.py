"""Removed images stay removed in every store, with what was stored about them alone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from qdrant_client import AsyncQdrantClient

from shared.domain.images.image_key import ImageKey
from shared.domain.images.record_position import RecordPosition
from shared.embedding.taste_vectors import taste_vectors
from shared.store.catalog.qdrant_catalog import QdrantCatalog
from shared.store.image_vectors import QdrantImageVectors
from shared.store.protocol import KnownImage
from shared.store.removal.contents import QdrantContents
from shared.store.removal.image_removal import BATCH, ImageRemoval
from shared.store.removal.protocol import RemovedImage, RemovedImageStore
from shared.store.removal.qdrant_removed_images import COLLECTION, QdrantRemovedImages
from shared.store.removal.removal_check import RemovalCheck
from tests.contract.store.catalogs import SPACE, indexed, published
from tests.contract.store.qdrants import QDRANT_KINDS, opened_qdrant
from tests.contract.store.stores import (
    EMBEDDER,
    NOW,
    TASTES,
    Stores,
    described,
    in_qdrant,
    profile,
)
from tests.fakes.stores import InMemoryImages
from tests.fakes.stores.removed_images import InMemoryRemovedImages

A, B = ImageKey("default", "a"), ImageKey("default", "b")


def at(offset: int, *, partition: int = 0, written_ms: int | None = None) -> RecordPosition:
    return RecordPosition(partition, offset, offset if written_ms is None else written_ms)


@pytest.fixture(params=["in memory", *QDRANT_KINDS])
async def removed(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[RemovedImageStore]:
    if request.param == "in memory":
        yield InMemoryRemovedImages()
        return
    async with opened_qdrant(request.param, tmp_path) as client:
        store = QdrantRemovedImages(client)
        await store.prepare()
        yield store


async def test_a_removal_belongs_to_one_image_of_one_tenant_and_can_be_discarded(
    removed: RemovedImageStore,
) -> None:
    await removed.add({A: RemovedImage(at(3), ("h1", "h2")), B: RemovedImage(at(4))})
    keys = [A, ImageKey("elsewhere", "a")]
    assert await removed.get(keys) == {A: RemovedImage(at(3), ("h1", "h2"))}
    ids = [id_ async for id_, image in removed.all() if image.content_hashes]
    await removed.contents_removed([*ids, *ids])
    assert await removed.get([A, B]) == {A: RemovedImage(at(3)), B: RemovedImage(at(4))}
    await removed.discard([A])
    # An image that was published again has nothing to note.
    await removed.contents_removed(ids)
    assert await removed.get([A, B]) == {B: RemovedImage(at(4))}


@dataclass
class Opened:
    client: AsyncQdrantClient
    stores: Stores
    catalog: QdrantCatalog
    vectors: QdrantImageVectors
    removed: QdrantRemovedImages

    def removal(self) -> ImageRemoval:
        return ImageRemoval(
            self.removed,
            self.stores.images,
            QdrantContents(self.client),
            soon_seconds=0.01,
            again_seconds=0.05,
        )

    async def has(self, content_hash: str) -> set[str]:
        """Where something is stored about a content."""
        words = await self.stores.images.described_words(
            content_hashes=[content_hash], model_version="m-1"
        )
        vectors = await self.vectors.get([content_hash])
        return {*(["words"] if words else []), *(["vector"] if vectors else [])}


@pytest.fixture(params=QDRANT_KINDS)
async def opened(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Opened]:
    async with opened_qdrant(request.param, tmp_path) as client:
        vectors = QdrantImageVectors(client, encoder="encoder-1", dimension=4)
        catalog, removed = QdrantCatalog(client, SPACE), QdrantRemovedImages(client)
        await asyncio.gather(vectors.prepare(), catalog.prepare(), removed.prepare())
        yield Opened(client, await in_qdrant(client), catalog, vectors, removed)


def known(image_id: str, content_hash: str, *, tenant: str = "default") -> KnownImage:
    return KnownImage(
        tenant=tenant, image_id=image_id, uri="u", content_hash=content_hash, seen_at=NOW
    )


async def test_a_removal_reaches_address_catalog_words_and_vectors_unless_the_content_is_used(
    opened: Opened,
) -> None:
    images = opened.stores.images
    own, shared, liked = "hash of a", "shared", "hash"  # `hash`: the content of ana's reference
    for name in (own, shared, liked):
        await images.describe([await described(name, color="red")])
        await opened.vectors.put({name: np.ones(4, np.float32)})
    await opened.stores.profiles.put(
        profile(TASTES["full"]), await taste_vectors(TASTES["full"], EMBEDDER)
    )
    await images.remember([known("a", own), known("b", shared), known("c", liked)])
    await images.remember([known("b", shared, tenant="elsewhere")])
    await opened.catalog.publish([published("a"), published("d")])
    await opened.catalog.index([indexed("a")])

    removal = opened.removal()
    for number, image_id in enumerate("abc", start=10):
        key = ImageKey("default", image_id)
        removed = await removal.remove({key: at(number)}, catalogs=[opened.catalog])
        assert removed == (image_id == "a")
    assert set(await images.find(tenant="default", image_ids=["a", "b", "c"])) == set()
    assert set(await opened.catalog.get([A, ImageKey("default", "d")])) == {("default", "d")}
    # The process ends before the contents are removed: the next one removes them.
    running = asyncio.create_task(opened.removal().run())
    try:
        await until_true(lambda: opened.has(own), set())
        assert await opened.has(shared) == await opened.has(liked) == {"words", "vector"}
        # A feed in progress stores the description afterwards.
        await images.describe([await described(own, color="red")])
        await until_true(lambda: opened.has(own), set())
        await until_true(lambda: contents(opened.removed), set())
    finally:
        running.cancel()
    assert "default" not in str(await opened.client.scroll(COLLECTION, with_payload=True))


async def contents(removed: RemovedImageStore) -> set[str]:
    return {name async for _, image in removed.all() for name in image.content_hashes}


async def until_true(read: Callable[[], Awaitable[object]], expected: object) -> None:
    async with asyncio.timeout(10):
        while await read() != expected:  # noqa: ASYNC110 - the store has no event
            await asyncio.sleep(0.01)


class NoContents:
    async def remove_unused(self, content_hashes: object) -> int:
        return 0


async def test_a_publication_from_before_the_removal_does_not_bring_the_image_back() -> None:
    store = InMemoryRemovedImages()
    removal = ImageRemoval(store, InMemoryImages(), NoContents())
    await removal.remove({A: at(7)}, catalogs=[])
    await removal.remove({A: at(5)}, catalogs=[])  # delivered again
    assert not await removal.accepted({A: at(6)})
    assert await removal.accepted({A: at(8)})
    assert await removal.accepted({A: at(6)})
    # The topic was created again: its offsets begin at 0, and time decides.
    await removal.remove({A: at(9)}, catalogs=[])
    assert await removal.accepted({A: at(0, written_ms=10_000)})


class CountedContents:
    def __init__(self) -> None:
        self.calls = 0

    async def remove_unused(self, content_hashes: object) -> int:
        self.calls += 1
        return 0


async def test_the_contents_of_many_removals_are_removed_without_a_search_for_each() -> None:
    contents = CountedContents()
    removal = ImageRemoval(InMemoryRemovedImages(), InMemoryImages(), contents, soon_seconds=0.0)
    keys = [ImageKey("default", f"i{n}") for n in range(20_000)]
    await removal.remove({key: at(n) for n, key in enumerate(keys)}, catalogs=[])
    running = asyncio.create_task(removal.run())
    try:
        async with asyncio.timeout(5):
            while contents.calls < len(keys) / BATCH:  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0)
    finally:
        running.cancel()


async def test_the_check_knows_stored_removals_and_new_records() -> None:
    store = InMemoryRemovedImages()
    await store.add({A: RemovedImage(at(3))})
    check = RemovalCheck(store)
    assert await check.removed([A, B]) == {A}  # nothing is loaded: the store is read
    await check.load()
    check.is_following = True
    reads = store.reads
    forgotten: list[ImageKey] = []
    check.on_removal(forgotten.append)
    check.note_removed(B, at(5))
    assert await check.removed([A, B]) == {A, B}
    check.note_published(A, at(2))  # delivered late
    check.note_published(B, at(6))
    check.note_removed(B, at(5))  # delivered again
    assert await check.removed([A, B]) == {A}
    check.note_published(A, at(4))
    assert await check.removed([A, B]) == set()
    assert (store.reads, forgotten) == (reads, [B])


async def test_with_too_many_removals_for_the_memory_the_check_reads_the_store() -> None:
    store = InMemoryRemovedImages()
    keys = [ImageKey("default", str(number)) for number in range(10)]
    await store.add({key: RemovedImage(at(number)) for number, key in enumerate(keys)})
    check = RemovalCheck(store, size=3)
    await check.load()
    check.is_following = True
    assert await check.removed([*keys, A]) == set(keys)
    check.note_published(keys[0], at(50))
    assert await check.removed(keys) == set(keys[1:])
