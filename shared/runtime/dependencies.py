"""Open what several services of one process use together: model, embedder, store, images."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from shared.embedding.minilm import MiniLM
from shared.embedding.protocol import Embedder
from shared.images.loader import ImageLoader
from shared.images.settings import ImageSettings
from shared.store.erasures import QdrantErasures
from shared.store.images import QdrantImages
from shared.store.impressions import QdrantSeen
from shared.store.profiles import QdrantProfiles
from shared.store.protocol import ErasureStore, ImageStore, ProfileStore, SeenStore
from shared.store.qdrant import open_qdrant
from shared.store.settings import StoreSettings
from shared.store.user_index import with_people
from shared.store.user_list import PeopleStore
from shared.vlm.factory import open_engine
from shared.vlm.model_selection import ServingModels
from shared.vlm.settings import ModelSettings


@dataclass(frozen=True)
class SharedParts:
    """The parts, open."""

    models: ServingModels
    embedder: Embedder
    profiles: ProfileStore
    people: PeopleStore
    known_images: ImageStore
    seen: SeenStore
    erasures: ErasureStore
    images: ImageLoader


@asynccontextmanager
async def open_parts(
    *,
    model: ModelSettings,
    store: StoreSettings,
    images: ImageSettings,
    on_progress: Callable[[str], None] = lambda step: None,
) -> AsyncIterator[SharedParts]:
    """Open everything and close it in the end; raises `Unavailable` and `BadCheckpoint`."""
    on_progress("loading the model")
    async with open_engine(model) as engine:
        release = await asyncio.to_thread(engine.load_release)
        models = ServingModels(release, name=engine.name, loader=engine)
        embedder = MiniLM()
        # Its first words take seconds; nothing has to wait for them at the start.
        embedder.warm()
        on_progress("opening the store")
        client = open_qdrant(store)
        images_by_address = ImageLoader(images)
        try:
            stored = QdrantProfiles(client, embedder=embedder.name)
            known_images = QdrantImages(client, embedder=embedder.name)
            await stored.prepare(dimension=embedder.dimension)
            await known_images.prepare(dimension=embedder.dimension)
            seen = QdrantSeen(client)
            await seen.prepare()
            erasures = QdrantErasures(client)
            await erasures.prepare()
            profiles, people = await with_people(stored, client, embedded=not store.qdrant_url)
            yield SharedParts(
                models, embedder, profiles, people, known_images, seen, erasures, images_by_address
            )
        finally:
            await images_by_address.close()
            await client.close()
            embedder.close()
