"""The catalog service on a real Kafka and Qdrant's engine: publish, index, remove, restart."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast
from uuid import uuid4

import numpy as np
import pytest
from confluent_kafka import Producer
from PIL import Image

from services.catalog.app import CatalogApp, build
from services.catalog.config import CatalogSettings
from shared.client.catalog import catalog_image, removal
from shared.dead_letters.dead_letter import DeadLetterFilter
from shared.dead_letters.operations import find_dead_letters
from shared.domain.images.image_key import ImageKey
from shared.domain.taste import Element
from shared.embedding.audience.settings import AudienceSettings
from shared.embedding.images.encoded_images import EncodedImages
from shared.events.topics import ALL_TOPICS
from shared.events.wire.codec import encode
from shared.events.wire.record import Outgoing
from shared.images.loader import ImageLoader
from shared.images.settings import ImageSettings
from shared.messaging.admin.provision import provision
from shared.messaging.client.settings import MessagingSettings
from shared.runtime.dependencies import SharedDependencies
from shared.store.catalog.images import StoredImage
from shared.store.catalog.queries import CatalogQuery, CatalogSelection
from shared.store.catalog.serving import QdrantCatalogs
from shared.store.catalog.spaces import CatalogSpace
from shared.store.image_vectors import QdrantImageVectors
from shared.store.images import QdrantImages
from shared.store.qdrant import open_qdrant
from shared.store.removal.contents import QdrantContents
from shared.store.removal.image_removal import ImageRemoval
from shared.store.removal.qdrant_removed_images import QdrantRemovedImages
from shared.store.settings import StoreSettings
from shared.store.user_list import UserStore
from tests.fakes.embedder import OneHotEmbedder
from tests.fakes.image_encoder import NamingEncoder
from tests.fakes.model import COLORS, ColorModel, serving
from tests.fakes.stores import InMemoryErasures, InMemoryImpressions, InMemoryProfiles
from tests.integration.messaging.running_service import until

pytestmark = pytest.mark.kafka

IDS = 200
"""A thousand are tested without Kafka, where each takes less than 10 ms."""


class Catalog:
    """A Kafka cluster, a model, and files; the service and its store can be started again."""

    def __init__(self, kafka: str, folder: Path) -> None:
        self.messaging = MessagingSettings(
            kafka_bootstrap_servers=kafka, topic_partitions=3, commit_seconds=0.1,
            retry_base_seconds=0.02, retry_max_seconds=0.1, session_timeout_seconds=15.0,
            drain_seconds=2.0,
        )  # fmt: skip
        self.tenant = f"shop-{uuid4().hex[:8]}"
        self.model = ColorModel()
        self.encoder = NamingEncoder(dict.fromkeys(COLORS, "circle"))
        self.folder = folder
        self.catalogs: QdrantCatalogs | None = None
        self._producer = Producer({"bootstrap.servers": kafka, "acks": "all", "linger.ms": 5})
        for color in COLORS:
            Image.new("RGB", (8, 8), color).save(folder / f"{color}.png")

    @asynccontextmanager
    async def service(self) -> AsyncIterator[CatalogApp]:
        """The running service on the store of the folder."""
        client = open_qdrant(StoreSettings(qdrant_path=self.folder / "qdrant"))
        embedder = OneHotEmbedder()
        space = CatalogSpace(
            encoder=self.encoder.name, image_dimension=self.encoder.dimension,
            embedder=embedder.name, word_dimension=embedder.dimension,
        )  # fmt: skip
        self.catalogs = QdrantCatalogs(client, space)
        image_store = QdrantImages(client, embedder=embedder.name)
        vectors = QdrantImageVectors(
            client, encoder=self.encoder.name, dimension=self.encoder.dimension
        )
        removed = QdrantRemovedImages(client)
        await image_store.prepare(dimension=embedder.dimension)
        for store in (self.catalogs, vectors, removed):
            await store.prepare()
        loader = ImageLoader(ImageSettings(allowed_file_roots=(self.folder,)))
        dependencies = SharedDependencies(
            models=serving(self.model),
            embedder=embedder,
            profiles=InMemoryProfiles(),
            users=cast(UserStore, None),
            image_store=image_store,
            impressions=InMemoryImpressions(),
            erasures=InMemoryErasures(),
            image_loader=loader,
            encoded_images=EncodedImages(self.encoder, vectors),
            catalogs=self.catalogs,
            image_removal=ImageRemoval(removed, image_store, QdrantContents(client)),
        )
        app = await build(
            CatalogSettings(), self.messaging, dependencies, audience=AudienceSettings()
        )
        await app.start()
        try:
            yield app
        finally:
            await app.stop()
            await loader.close()
            await client.close()

    def file(self, color: str) -> str:
        return (self.folder / f"{color}.png").as_uri()

    async def publish(self, images: Mapping[str, str]) -> None:
        await self.send(
            *(
                encode(catalog_image(image_id, uri, tenant=self.tenant))
                for image_id, uri in images.items()
            )
        )

    async def remove(self, image_id: str) -> None:
        await self.send(removal(image_id, tenant=self.tenant))

    async def send(self, *records: Outgoing) -> None:
        for record in records:
            self._producer.produce(
                record.topic, key=record.key, value=record.value, headers=list(record.headers)
            )
            self._producer.poll(0)
        assert await asyncio.to_thread(self._producer.flush, 60) == 0

    async def stored(self, *image_ids: str) -> dict[str, StoredImage]:
        assert self.catalogs is not None
        keys = [ImageKey(self.tenant, image_id) for image_id in image_ids]
        images = await self.catalogs.current.get(keys)
        return {key.image_id: image for key, image in images.items()}

    async def until_status(self, status: str, *image_ids: str) -> None:
        async def all_have() -> bool:
            images = await self.stored(*image_ids)
            return [image.status for image in images.values()] == [status] * len(image_ids)

        await until(all_have)


@pytest.fixture
async def catalog(kafka: str, tmp_path: Path) -> Catalog:
    catalog = Catalog(kafka, tmp_path)
    await asyncio.to_thread(provision, catalog.messaging, ALL_TOPICS)
    return catalog


async def test_images_are_indexed_changed_and_removed(catalog: Catalog) -> None:
    async with catalog.service() as app:
        gone = (catalog.folder / "gone.png").as_uri()
        await catalog.publish({"a": catalog.file("red"), "gone": gone, "b": catalog.file("blue")})
        await catalog.until_status("indexed", "a", "b")
        await catalog.until_status("failed", "gone")
        failure = (await catalog.stored("gone"))["gone"].failure
        assert failure is not None
        assert failure.reason == "no_such_file"

        # Another address, a redelivered event, and an event under the key of another image.
        event = encode(catalog_image("b", catalog.file("blue"), tenant=catalog.tenant))
        wrong = encode(catalog_image("c", catalog.file("blue"), tenant=catalog.tenant))
        await catalog.send(event, event, Outgoing(wrong.topic, event.key, wrong.value))
        await catalog.publish({"a": catalog.file("green")})

        async def is_green() -> bool:
            index = (await catalog.stored("a"))["a"].index
            return index is not None and index.words == {Element.COLOR: ("green",)}

        await until(is_green)
        assert sorted(catalog.model.described) == ["blue", "green", "red"]
        page = await find_dead_letters(
            catalog.messaging, DeadLetterFilter(text=catalog.tenant), limit=10
        )
        assert [letter.reason for letter in page.letters] == ["wrong_key"]

        await catalog.remove("a")

        async def is_removed() -> bool:
            return await catalog.stored("a") == {}

        await until(is_removed)
        assert app.kafka.failure() is None


async def test_a_restart_resumes_and_one_content_under_many_ids_is_described_once(
    catalog: Catalog,
) -> None:
    for n in range(IDS // 10):
        Image.new("RGB", (8, 8), "red").save(catalog.folder / f"copy-{n}.png")
    images = {
        f"i{n}": (catalog.folder / f"copy-{n % (IDS // 10)}.png").as_uri() for n in range(IDS)
    }
    async with catalog.service() as app:
        catalog.model.unavailable["describe"] = "it restarts"
        await catalog.publish(images)

        async def all_wait() -> bool:
            assert app.indexing is not None
            return app.indexing.status().of(catalog.tenant).waiting == IDS

        await until(all_wait)
    catalog.model.unavailable.clear()
    async with catalog.service() as app:

        async def all_are_indexed() -> bool:
            assert app.indexing is not None
            return app.indexing.status().of(catalog.tenant).indexed == IDS

        await until(all_are_indexed)
        await catalog.until_status("indexed", *images)

        async def status_is_stored() -> bool:
            assert catalog.catalogs is not None
            statuses = await catalog.catalogs.statuses()
            return [status.of(catalog.tenant).indexed for status in statuses] == [IDS]

        await until(status_is_stored)
    assert catalog.model.described == ["red"]
    assert catalog.encoder.encoded == ["red"]


async def test_another_encoder_takes_the_place_of_the_old_one_when_it_is_complete(
    catalog: Catalog,
) -> None:
    colors = {color: catalog.file(color) for color in COLORS}
    async with catalog.service():
        await catalog.publish(colors)
        await catalog.until_status("indexed", *colors)
        assert catalog.catalogs is not None
        old = catalog.catalogs.current_space
    catalog.encoder = NamingEncoder({**dict.fromkeys(COLORS, "circle"), "red": "square"})
    catalog.encoder.name = "subjects-2"
    async with catalog.service():
        assert catalog.catalogs is not None
        assert await catalog.catalogs.serving_space() == old
        await catalog.remove("red")

        async def has_switched() -> bool:
            assert catalog.catalogs is not None
            return await catalog.catalogs.serving_space() == catalog.catalogs.current_space

        await until(has_switched)

        async def is_removed() -> bool:
            return await catalog.stored("red") == {}

        await until(is_removed)
        assert len(await catalog.stored(*colors)) == len(COLORS) - 1
        (hits,) = await catalog.catalogs.current.query(
            CatalogSelection(catalog.tenant),
            [CatalogQuery("image", (np.eye(catalog.encoder.dimension, dtype=np.float32)[0],))],
        )
        assert len(hits) == len(COLORS) - 1
    assert len(catalog.model.described) == len(COLORS)
