"""Open the dashboard and gateway in a process of their own, with the stores that they read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.ops.admin.models import Models
from services.ops.admin.training_jobs import NightRecords
from services.ops.app import OpsApp, build
from services.ops.config import OpsSettings
from services.ops.context import Stores
from shared.embedding.minilm import DIMENSION, NAME
from shared.images.loader import ImageLoader
from shared.images.settings import ImageSettings
from shared.messaging.client.settings import MessagingSettings
from shared.settings import from_environment
from shared.store.images import QdrantImages
from shared.store.profiles import QdrantProfiles
from shared.store.qdrant import open_qdrant
from shared.store.settings import StoreSettings
from shared.store.user_index import with_people


@asynccontextmanager
async def opened(
    messaging: MessagingSettings,
    *,
    models: Models | None = None,
    nights: NightRecords | None = None,
) -> AsyncIterator[OpsApp]:
    """The service, and its stores closed in the end; no model is loaded."""
    store = from_environment(StoreSettings)
    client = open_qdrant(store)
    images = ImageLoader(from_environment(ImageSettings))
    try:
        stored = QdrantProfiles(client, embedder=NAME)
        known_images = QdrantImages(client, embedder=NAME)
        await asyncio.gather(
            stored.prepare(dimension=DIMENSION), known_images.prepare(dimension=DIMENSION)
        )
        profiles, people = await with_people(stored, client, embedded=not store.qdrant_url)
        stores = Stores(profiles, people, known_images, images)
        yield await build(
            from_environment(OpsSettings), messaging, stores, models=models, nights=nights
        )
    finally:
        await images.close()
        await client.close()
