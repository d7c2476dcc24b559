"""The catalog service on fakes, without Kafka: publications, tombstones and background steps."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from prometheus_client import CollectorRegistry

from services.catalog.indexing.background import BackgroundIndexing
from services.catalog.indexing.contents import ContentReader
from services.catalog.indexing.counts import Counts
from services.catalog.indexing.indexer import Indexer
from services.catalog.indexing.reindexing import Reindexing
from services.catalog.indexing.waiting_list import Pauses, WaitingList
from services.catalog.indexing.writer import IndexWriter
from services.catalog.metrics import CatalogMetrics
from services.catalog.publications import Publications
from shared.domain.images.image_key import ImageKey
from shared.embedding.images.encoded_images import EncodedImages
from shared.events import CatalogImage
from shared.events.topics import CATALOG
from shared.events.wire.record import Record
from shared.messaging.contract import Delivery
from shared.store.catalog.images import IndexedContent, StoredImage
from shared.store.catalog.spaces import CatalogSpace
from shared.store.removal.image_removal import ImageRemoval
from shared.vlm.background_work import Pace
from tests.fakes.clock import FakeTime
from tests.fakes.embedder import OneHotEmbedder
from tests.fakes.image_encoder import NamingEncoder
from tests.fakes.images import ColorImages
from tests.fakes.model import AT_ONCE, COLORS, ColorModel, serving
from tests.fakes.stores import InMemoryImages, InMemoryImageVectors
from tests.fakes.stores.catalog import InMemoryCatalog
from tests.fakes.stores.catalogs import InMemoryCatalogs
from tests.fakes.stores.removed_images import InMemoryRemovedImages

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
SPACE = CatalogSpace(encoder="subjects", image_dimension=11, embedder="one-hot", word_dimension=32)
OLD_SPACE = SPACE.model_copy(update={"encoder": "old", "image_dimension": 3})


class NoContents:
    """A `ContentStore` that removes nothing."""

    async def remove_unused(self, content_hashes: Any) -> int:
        return 0


class CatalogOnFakes:
    """The stores stay when the service is restarted; the model and the loader too."""

    def __init__(
        self,
        *,
        serving_catalog: InMemoryCatalog | None = None,
        waiting_images: int = 1_000,
        pace: Pace = AT_ONCE,
        images: ColorImages | None = None,
    ) -> None:
        self.model = ColorModel()
        self.newer_model = ColorModel("colors-2")
        self.models = serving(self.model, self.newer_model, pace=pace)
        self.images = images or ColorImages()
        self.image_store = InMemoryImages()
        self.vectors = InMemoryImageVectors()
        self.encoder = NamingEncoder(dict.fromkeys(COLORS, "circle"))
        old = None if serving_catalog is None else (OLD_SPACE, serving_catalog)
        self.catalogs = InMemoryCatalogs(SPACE, serving=old)
        self.removal = ImageRemoval(InMemoryRemovedImages(), self.image_store, NoContents())
        self.time = FakeTime()
        self.offset = 0
        self.waiting_images = waiting_images
        self.new: list[IndexedContent] = []
        self.restart()

    def restart(self) -> None:
        """A new process: everything in memory is lost."""
        self.metrics = CatalogMetrics(CollectorRegistry())
        self.waiting = WaitingList(
            size=self.waiting_images, pauses=Pauses(30, 3_600), monotonic=self.time
        )
        self.counts, writing = Counts(), asyncio.Lock()
        self.reader = ContentReader(
            EncodedImages(self.encoder, self.vectors),
            self.image_store,
            OneHotEmbedder(),
            self.metrics,
        )
        writer = IndexWriter(
            self.catalogs.current,
            self.image_store,
            waiting=self.waiting,
            counts=self.counts,
            metrics=self.metrics,
            clock=lambda: NOW,
            first_indexed=self.new.extend,
        )
        self.indexer = Indexer(
            self.catalogs,
            self.models,
            self.reader,
            writer,
            self.images,
            waiting=self.waiting,
            metrics=self.metrics,
            images_in_work=32,
            batch_size=16,
            monotonic=self.time,
        )
        self.publications = Publications(
            self.catalogs,
            self.models,
            waiting=self.waiting,
            counts=self.counts,
            metrics=self.metrics,
            removal=self.removal,
            writing=writing,
            forget_address=self.indexer.loading.forget,
        )
        self.reindexing = Reindexing(self.catalogs, waiting=self.waiting, writing=writing)
        self.background = BackgroundIndexing(
            self.catalogs,
            self.models,
            self.indexer,
            self.reindexing,
            waiting=self.waiting,
            counts=self.counts,
            metrics=self.metrics,
            clock=lambda: NOW,
            monotonic=self.time,
        )

    async def publish(
        self,
        image_id: str,
        uri: str,
        *,
        key: bytes | None = None,
        offset: int | None = None,
        occurred_at: datetime = NOW,
        **fields: Any,
    ) -> None:
        event = CatalogImage(
            event_id=uuid4(), occurred_at=occurred_at, image_id=image_id, uri=uri, **fields
        )
        await self.publications.publish(event, self._delivery(key or event.key.encode(), offset))

    async def remove(self, image_id: str) -> None:
        await self.publications.remove(self._delivery(image_id.encode(), None))

    def _delivery(self, key: bytes, offset: int | None) -> Delivery:
        self.offset += 1
        record = Record(
            topic=CATALOG.name,
            partition=0,
            offset=self.offset if offset is None else offset,
            key=key,
            value=None,
            headers=(),
            timestamp_ms=int(NOW.timestamp() * 1000),
        )
        return Delivery(record)

    async def index_all(self) -> None:
        """Run the steps until no image can be indexed now."""
        await self.background.scan_if_due()
        while not self.indexer.is_idle:
            await self.indexer.load_next()
            await asyncio.sleep(0)
            await self.indexer.index_next()
            await self.indexer.write_next()

    async def stored(self, image_id: str, *, tenant: str = "default") -> StoredImage | None:
        key = ImageKey(tenant, image_id)
        return (await self.catalogs.current.get([key])).get(key)

    async def status_of(self, image_id: str) -> str | None:
        image = await self.stored(image_id)
        return None if image is None else image.status
