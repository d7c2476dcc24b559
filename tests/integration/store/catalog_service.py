"""The catalog service on a real Kafka and Qdrant's engine; it can be started again."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast
from uuid import uuid4

from confluent_kafka import Producer
from PIL import Image

from services.catalog.app import CatalogApp, build
from services.catalog.config import CatalogSettings
from shared.client.catalog import catalog_image, removal
from shared.domain.images.image_key import ImageKey
from shared.embedding.audience.settings import AudienceSettings
from shared.embedding.images.encoded_images import EncodedImages
from shared.events.wire.codec import encode
from shared.events.wire.record import Outgoing
from shared.images.loader import ImageLoader
from shared.images.settings import ImageSettings
from shared.messaging.client.settings import MessagingSettings
from shared.runtime.dependencies import SharedDependencies
from shared.store.catalog.images import StoredImage
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


class Catalog:
    """A Kafka cluster, a model, and files; the service and its store can be started again."""

    def __init__(self, kafka: str, folder: Path, *, tenant: str | None = None) -> None:
        self.messaging = MessagingSettings(
            kafka_bootstrap_servers=kafka, topic_partitions=3, commit_seconds=0.1,
            retry_base_seconds=0.02, retry_max_seconds=0.1, session_timeout_seconds=15.0,
            drain_seconds=2.0,
        )  # fmt: skip
        self.tenant = tenant or f"shop-{uuid4().hex[:8]}"
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
