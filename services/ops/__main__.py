"""Run the operations service alone: `python -m services.ops`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.ops.app import OpsApp, build
from services.ops.config import OpsSettings
from services.ops.context import Stores
from shared.embedding.minilm import DIMENSION, NAME
from shared.images.loader import ImageLoader
from shared.images.settings import ImageSettings
from shared.messaging.settings import MessagingSettings
from shared.run import run_opened
from shared.settings import from_environment
from shared.store.images import QdrantImages
from shared.store.listed import with_people
from shared.store.profiles import QdrantProfiles
from shared.store.qdrant import open_qdrant
from shared.store.settings import StoreSettings


@asynccontextmanager
async def opened(messaging: MessagingSettings) -> AsyncIterator[OpsApp]:
    """The service with the stores it reads; no model is loaded."""
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
        yield await build(from_environment(OpsSettings), messaging, stores)
    finally:
        await images.close()
        await client.close()


if __name__ == "__main__":
    run_opened(opened)
