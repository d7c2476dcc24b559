"""Open what the services of one process share: model, text embedder, stores and image loader."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from qdrant_client import AsyncQdrantClient

from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.images.pretrained import PretrainedEncoder
from shared.embedding.images.settings import SubjectSettings
from shared.embedding.minilm import MiniLM
from shared.embedding.protocol import Embedder
from shared.images.loader import ImageLoader
from shared.images.settings import ImageSettings
from shared.runtime.open_files import raise_open_files_limit
from shared.store.erasures import QdrantErasures
from shared.store.image_vectors import QdrantImageVectors
from shared.store.images import QdrantImages
from shared.store.impressions import QdrantImpressions
from shared.store.profiles import QdrantProfiles
from shared.store.protocol import ErasureStore, ImageStore, ImpressionStore, ProfileStore
from shared.store.qdrant import open_qdrant
from shared.store.settings import StoreSettings
from shared.store.user_index import with_user_list
from shared.store.user_list import UserStore
from shared.vlm.factory import open_engine
from shared.vlm.model_selection import ServingModels
from shared.vlm.settings import ModelSettings


@dataclass(frozen=True)
class SharedDependencies:
    """The open dependencies."""

    models: ServingModels
    embedder: Embedder
    profiles: ProfileStore
    users: UserStore
    image_store: ImageStore
    impressions: ImpressionStore
    erasures: ErasureStore
    image_loader: ImageLoader
    encoded_images: EncodedImages | None = None
    """None while images are ranked by their look alone."""


@asynccontextmanager
async def open_dependencies(
    *,
    model: ModelSettings,
    store: StoreSettings,
    images: ImageSettings,
    subject: SubjectSettings,
    on_progress: Callable[[str], None] = lambda step: None,
) -> AsyncIterator[SharedDependencies]:
    """Open all dependencies and close them at the end; raises `Unavailable` and `BadCheckpoint`."""
    on_progress("loading the model")
    async with open_engine(model) as engine:
        release = await asyncio.to_thread(engine.load_release)
        models = ServingModels(release, name=engine.name, loader=engine)
        embedder = MiniLM()
        # The first embedding takes seconds; it runs in the background during the start.
        embedder.warm()
        encoder = PretrainedEncoder() if subject.subject_ranking else None
        if encoder is not None:
            encoder.warm()
        on_progress("opening the store")
        client = open_qdrant(store)
        raise_open_files_limit()
        image_loader = ImageLoader(images)
        try:
            stored = QdrantProfiles(client, embedder=embedder.name)
            image_store = QdrantImages(client, embedder=embedder.name)
            await stored.prepare(dimension=embedder.dimension)
            await image_store.prepare(dimension=embedder.dimension)
            impressions = QdrantImpressions(client)
            await impressions.prepare()
            erasures = QdrantErasures(client)
            await erasures.prepare()
            profiles, users = await with_user_list(stored, client, embedded=not store.qdrant_url)
            encoded_images = await _encoded_images(client, encoder) if encoder else None
            yield SharedDependencies(
                models,
                embedder,
                profiles,
                users,
                image_store,
                impressions,
                erasures,
                image_loader,
                encoded_images,
            )
        finally:
            await image_loader.close()
            await client.close()
            embedder.close()
            if encoder is not None:
                encoder.close()


async def _encoded_images(client: AsyncQdrantClient, encoder: PretrainedEncoder) -> EncodedImages:
    store = QdrantImageVectors(client, encoder=encoder.name)
    await store.prepare(dimension=encoder.dimension)
    return EncodedImages(encoder, store)
